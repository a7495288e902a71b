/** Reads and changes the user's settings. */
import { jsonSchemaOf } from "../../base/json_schema.ts";
import type { FileSchema, SourceFile } from "../../base/yaml/shape.ts";
import { userConfigPath } from "../../config/paths.ts";
import {
  allSettings,
  joinKey,
  parseSettingValue,
  settingAt,
  splitKey,
} from "../../config/setting_key.ts";
import { type EffectiveSetting, effectiveSettings } from "../../config/settings.ts";
import { maxSettingsBytes, withoutSetting, withSetting } from "../../config/settings_file.ts";
import { settingsShape } from "../../config/settings_shape.ts";
import type { Host } from "../host.ts";
import type { ModelSettingWarning } from "./model_settings.ts";
import { settingSources } from "./setting_sources.ts";

export type { ModelSettingWarning } from "./model_settings.ts";
export type { EffectiveSetting, SettingOrigin } from "../../config/settings.ts";

/** Replaces the value of a setting that is a secret, wherever settings are shown. */
const maskedValue = "********";

/** Returns whether the value of a setting is a secret. */
function isSecretSetting(path: readonly string[]): boolean {
  return path[0] === "model_keys";
}

/** The same for a key as text. */
export function isSecretKey(key: string): boolean {
  return isSecretSetting(splitKey(key));
}

/** Returns every setting that has a value, and its source; secrets are masked. */
export async function viewConfig(host: Host): Promise<EffectiveSetting[]> {
  const settings = await effectiveSettings(await settingSources(host));
  return settings.map((one) => isSecretSetting(one.path) ? { ...one, value: maskedValue } : one);
}

/** Returns the keys of all settings. */
export function settingKeys(): string[] {
  return allSettings().map(({ path }) => joinKey(path));
}

/** Returns the values of a setting that allows only a few. Throws UsageError if the key doesn't exist. */
export async function settingValues(key: string): Promise<readonly string[]> {
  let { schema } = await settingAt(key);
  while ("wrapped" in schema) schema = schema.wrapped as FileSchema;
  if (schema.type === "boolean") return ["true", "false"];
  if (schema.type !== "picklist" || !("options" in schema)) return [];
  return (schema.options as readonly unknown[]).map(String);
}

/**
 * Returns the setting of a key, or the settings of a group; an empty list if nothing is set.
 *
 * @throws UsageError if the key doesn't exist, with the nearest ones.
 */
export async function getConfig(host: Host, key: string): Promise<EffectiveSetting[]> {
  const { path } = await settingAt(key);
  return (await viewConfig(host))
    .filter((setting) => path.every((name, depth) => setting.path[depth] === name));
}

/** A change to the user's file. */
export interface ConfigChange {
  path: string;
  changed: boolean;
  /** About the new value. */
  warnings: readonly ModelSettingWarning[];
}

/**
 * Sets a value in the user's file, which is created if it is missing. Comments in it are retained. The file is the
 * user's alone: mode 0600.
 */
export async function setConfig(host: Host, key: string, value: string): Promise<ConfigChange> {
  const { path, schema, group } = await settingAt(key);
  const { checkModelSetting } = await import("./model_settings.ts");
  const warnings = group
    ? []
    : await checkModelSetting(path, parseSettingValue(key, schema, value));
  return { ...await changeConfig(host, (file) => withSetting(file, key, value)), warnings };
}

/** Removes a setting, or a group of them, from the user's file. */
export async function unsetConfig(host: Host, key: string): Promise<ConfigChange> {
  return await changeConfig(host, (file) => withoutSetting(file, key));
}

async function changeConfig(
  host: Host,
  change: (file: SourceFile) => Promise<string>,
): Promise<ConfigChange> {
  const path = userConfigPath(host.places);
  const { changed } = await host.files.changeText(
    path,
    maxSettingsBytes,
    (text = "") => change({ path, text }),
  );
  return { path, changed, warnings: [] };
}

/** The JSON Schema of `config.yaml` and `.kodama.yaml`. */
export async function configSchema(): Promise<Record<string, unknown>> {
  return await jsonSchemaOf(settingsShape, "kodama settings");
}
