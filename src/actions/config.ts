/** The user's settings: looked at and changed. */
import { jsonSchemaOf } from "../base/json_schema.ts";
import type { FileSchema, SourceFile } from "../base/yaml_shape.ts";
import { userConfigPath } from "../config/places.ts";
import { allSettings, joinKey, settingAt } from "../config/setting_key.ts";
import { type EffectiveSetting, effectiveSettings } from "../config/settings.ts";
import { maxSettingsBytes, withoutSetting, withSetting } from "../config/settings_file.ts";
import { settingsShape } from "../config/settings_shape.ts";
import type { Host } from "./host.ts";
import { settingSources } from "./setting_sources.ts";

export type { EffectiveSetting, SettingOrigin } from "../config/settings.ts";

/** Every setting that has a value, with where it comes from. */
export async function viewConfig(host: Host): Promise<EffectiveSetting[]> {
  return await effectiveSettings(await settingSources(host));
}

/** Returns the key of every setting that there is. */
export function settingKeys(): string[] {
  return allSettings().map(({ path }) => joinKey(path));
}

/** Returns the values of a setting that has only a few. Throws UsageError for a key that doesn't exist. */
export async function settingValues(key: string): Promise<readonly string[]> {
  let { schema } = await settingAt(key);
  while ("wrapped" in schema) schema = schema.wrapped as FileSchema;
  if (schema.type === "boolean") return ["true", "false"];
  if (schema.type !== "picklist" || !("options" in schema)) return [];
  return (schema.options as readonly unknown[]).map(String);
}

/**
 * The setting of a key, or the settings of a group; none where nothing is set.
 *
 * @throws UsageError for a key that doesn't exist, with the nearest ones.
 */
export async function getConfig(host: Host, key: string): Promise<EffectiveSetting[]> {
  const { path } = await settingAt(key);
  return (await viewConfig(host))
    .filter((setting) => path.every((name, depth) => setting.path[depth] === name));
}

/** A change of the user's file. */
export interface ConfigChange {
  path: string;
  changed: boolean;
}

/** Sets a value in the user's file, which is made where there is none. Comments in it stay. */
export async function setConfig(host: Host, key: string, value: string): Promise<ConfigChange> {
  return await changeConfig(host, (file) => withSetting(file, key, value));
}

/** Takes a setting, or a group of them, out of the user's file. */
export async function unsetConfig(host: Host, key: string): Promise<ConfigChange> {
  return await changeConfig(host, (file) => withoutSetting(file, key));
}

async function changeConfig(
  host: Host,
  change: (file: SourceFile) => Promise<string>,
): Promise<ConfigChange> {
  const path = userConfigPath(host.places);
  const before = await host.files.readText(path, maxSettingsBytes) ?? "";
  const after = await change({ path, text: before });
  if (after === before) return { path, changed: false };
  await host.files.replaceText(path, after);
  return { path, changed: true };
}

/** The JSON Schema of `config.yaml` and `.kodama.yaml`. */
export async function configSchema(): Promise<Record<string, unknown>> {
  return await jsonSchemaOf(settingsShape, "kodama settings");
}
