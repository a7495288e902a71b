/** Settings as text. */
import type {
  ConfigChange,
  EffectiveSetting,
  SettingOrigin,
} from "../../../actions/config/config.ts";
import { printable } from "../../../terminal/printable.ts";

/** Formats a value for a person or a script: a text as it is, anything else as JSON. */
export function settingValueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Returns the source of a setting: a file, a variable, or the default. */
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

/** Returns a setting as data. */
export function settingData({ key, value, origin }: EffectiveSetting) {
  return { key, value, origin: origin.kind, from: originText(origin) };
}

/** Returns one line for standard error. */
export function changeText({ path, changed }: ConfigChange): string {
  return `${printable(path)} ${changed ? "is changed" : "unchanged"}\n`;
}
