/** Settings as text. */
import type {
  ConfigChange,
  EffectiveSetting,
  ModelSettingWarning,
  SettingOrigin,
} from "../../../actions/config/config.ts";
import { didYouMeanText } from "../../../base/nearest_names.ts";
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

/** Returns the lines for standard error. */
export function changeText({ path, changed, warnings }: ConfigChange): string {
  const lines = [
    ...warnings.map((one) => `warning: ${warningText(one)}`),
    `${path} ${changed ? "is changed" : "unchanged"}`,
  ];
  return lines.map((line) => `${printable(line)}\n`).join("");
}

function warningText(warning: ModelSettingWarning): string {
  switch (warning.kind) {
    case "noProvider": {
      const { model, near } = warning;
      return `"${model}" names no provider, so it will be requested from Ollama as ollama/${model}` +
        didYouMeanText(near).replace(/\?$/, "");
    }
    case "keyForm":
      return `this hasn't the usual form of a key for ${warning.provider} (${warning.expected})`;
  }
}
