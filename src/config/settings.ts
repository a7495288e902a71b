/** The effective settings: flags before environment, template, repository, user and defaults. */
import { action, hint, type StructuredHint } from "../base/hint.ts";
import * as v from "valibot";
import type { FileSchema, SourceFile } from "../base/yaml/shape.ts";
import { defaultSettings, settingVariables } from "./default_settings.ts";
import { allSettings, joinKey, parseSettingValue, type SettingPath } from "./setting_key.ts";
import { readSettings, settingIn } from "./settings_file.ts";
import { repositoryRules } from "./repository_rules.ts";
import { type Settings, settingsShape } from "./settings_shape.ts";

/** The source of a setting's value. Flags come before all of these, if a command has them. */
export type SettingOrigin =
  | { kind: "environment"; variable: string }
  | { kind: "template"; path: string }
  | { kind: "repository"; path: string }
  | { kind: "user"; path: string }
  | { kind: "default" };

/** An effective setting. */
export interface EffectiveSetting {
  path: SettingPath;
  /** The path as a single text. */
  key: string;
  value: unknown;
  origin: SettingOrigin;
}

/** A template: settings for a session. */
export interface TemplateFile extends SourceFile {
  /** A repository has it: the rules for a repository's settings apply. */
  inRepository: boolean;
}

/** The sources of the settings. */
export interface SettingSources {
  env: (name: string) => string | undefined;
  /** Named by the person, for a session: takes precedence over the repository's. */
  template?: TemplateFile;
  repository: SourceFile | undefined;
  user: SourceFile | undefined;
  /** Takes a note for each value of a repository that doesn't count. */
  note?: ((note: StructuredHint) => void) | undefined;
}

/**
 * Returns every setting that has a value, in the order of the shape.
 *
 * @throws FileError for an invalid file; UsageError for an invalid variable.
 */
export async function effectiveSettings(sources: SettingSources): Promise<EffectiveSetting[]> {
  const { template, repository, user, note } = sources;
  const layers: Layer[] = [
    await layerOf("template", template, template?.inRepository === true),
    await layerOf("repository", repository, true),
    await layerOf("user", user, false),
    { settings: defaultSettings, origin: { kind: "default" }, inRepository: false },
  ];
  return allSettings().flatMap(({ path, schema }) => {
    const key = joinKey(path);
    const found = fromVariable(key, schema, sources.env) ?? fromLayers({ path, key }, layers, note);
    return found === undefined ? [] : [{ path, key, ...found }];
  });
}

/** The same as an object, for code that uses the settings. */
export async function mergedSettings(sources: SettingSources): Promise<Settings> {
  return asObject(await effectiveSettings(sources));
}

/** Returns effective settings as an object. */
export function asObject(settings: readonly EffectiveSetting[]): Settings {
  const merged: Record<string, unknown> = {};
  for (const { path, value } of settings) {
    let group = merged;
    for (const name of path.slice(0, -1)) {
      group = (group[name] ??= {}) as Record<string, unknown>;
    }
    group[path.at(-1) as string] = value;
  }
  return v.parse(settingsShape, merged);
}

interface Layer {
  settings: Settings;
  origin: SettingOrigin;
  /** Others may have written the value. */
  inRepository: boolean;
}

async function layerOf(
  kind: "template" | "repository" | "user",
  file: SourceFile | undefined,
  inRepository: boolean,
): Promise<Layer> {
  if (file === undefined) return { settings: {}, origin: { kind: "default" }, inRepository };
  return { settings: await readSettings(file), origin: { kind, path: file.path }, inRepository };
}

type Found = Pick<EffectiveSetting, "value" | "origin">;

function fromVariable(
  key: string,
  schema: FileSchema,
  env: SettingSources["env"],
): Found | undefined {
  const variable = Object.entries(settingVariables).find(([, one]) => one === key)?.[0];
  const text = variable === undefined ? "" : env(variable) ?? "";
  if (variable === undefined || text === "") return undefined;
  const value = parseSettingValue(variable, schema, text);
  return { value, origin: { kind: "environment", variable } };
}

/**
 * Returns the value of a setting: of the first layer that has a value, except that values of a repository count only as
 * far as its rule says. From the last layer to the first, so that a safeguard is joined with all values behind it.
 */
function fromLayers(
  { path, key }: Pick<EffectiveSetting, "path" | "key">,
  layers: readonly Layer[],
  note: SettingSources["note"],
): Found | undefined {
  const rule = Object.hasOwn(repositoryRules, key) ? repositoryRules[key] : undefined;
  let found: Found | undefined;
  // A template of the user's own takes precedence over a repository's file, whose safeguards join it.
  const own = layers.filter((layer) => !layer.inRepository);
  const others = layers.filter((layer) => layer.inRepository);
  const order = rule !== undefined && rule.join === undefined ? layers : [...others, ...own];
  for (const { settings, origin, inRepository } of order.toReversed()) {
    const value = settingIn(settings, path);
    if (value === undefined) continue;
    if (!inRepository) {
      found = {
        value: key === "agents"
          ? { ...found?.value as Settings["agents"], ...value as Settings["agents"] }
          : value,
        origin,
      };
      continue;
    }
    const ignored = (why: StructuredHint | string, part = "") =>
      note?.(hint`${"path" in origin ? origin.path : ""}: ${key} is ignored${part}: ${why}`);
    if (rule === undefined) {
      ignored(hint`only your own file can set it: ${action("config.path")}`);
      continue;
    }
    if (rule.join === undefined) {
      found = { value, origin };
      continue;
    }
    const joined = rule.join(value, found?.value);
    const isUnchanged = joined.value === undefined ||
      JSON.stringify(joined.value) === JSON.stringify(found?.value);
    if (joined.ignored !== undefined) ignored(joined.ignored, isUnchanged ? "" : " in part");
    if (isUnchanged) continue;
    found = { value: joined.value, origin };
  }
  return found;
}
