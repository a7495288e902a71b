/** Settings as text. */
import type { EffectiveSetting, SettingOrigin } from "../actions/config.ts";

/** A value as a person or a script reads it: a text as it is, anything else as JSON. */
export function settingValueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Where a setting comes from: a file, a variable, or nobody having said otherwise. */
export function originText(origin: SettingOrigin): string {
  switch (origin.kind) {
    case "environment":
      return `$${origin.variable}`;
    case "template":
    case "repository":
    case "user":
      return origin.path;
    case "default":
      return "default";
  }
}

/** A setting as data. */
export function settingData({ key, value, origin }: EffectiveSetting) {
  return { key, value, origin: origin.kind, from: originText(origin) };
}
