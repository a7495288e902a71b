/** Keys of settings as text: `defaults.resources.cpu`. A dot that belongs to a name is written `\.`. */
import * as v from "valibot";
import { action, hint } from "../base/hint.ts";
import { UsageError } from "../base/errors.ts";
import { replacementOf } from "../base/removed.ts";
import { didYouMean } from "../base/nearest_names.ts";
import { entriesOf, type FileSchema } from "../base/yaml/shape.ts";
import { settingsShape } from "./settings_shape.ts";
import { parse } from "yaml";

/** The names of a key, outermost first. */
export type SettingPath = readonly string[];

/** Returns the names of a key. */
export function splitKey(key: string): SettingPath {
  const names = [""];
  for (const [part] of key.matchAll(/\\.|[^\\.]+|\.|\\$/gsu)) {
    if (part === ".") names.push("");
    else names[names.length - 1] += part.replace(/^\\(.)/su, "$1");
  }
  return names;
}

/** Returns the key of these names: the inverse of {@link splitKey}. */
export function joinKey(path: SettingPath): string {
  return path.map((name) => name.replace(/[\\.]/gu, "\\$&")).join(".");
}

/** Every setting, with its schema; groups aren't settings. */
export function allSettings(): { path: SettingPath; schema: FileSchema }[] {
  return settingsUnder(settingsShape, []);
}

function settingsUnder(schema: FileSchema, path: SettingPath): ReturnType<typeof allSettings> {
  const entries = entriesOf(schema);
  if (entries === undefined) return [{ path, schema }];
  return Object.entries(entries).flatMap(([name, inner]) => settingsUnder(inner, [...path, name]));
}

/**
 * Returns the setting or group that a key names.
 *
 * @throws UsageError with the nearest names, if there is none.
 */
export async function settingAt(
  key: string,
): Promise<{ path: SettingPath; schema: FileSchema; group: boolean }> {
  const path = splitKey(key);
  let schema: FileSchema = settingsShape;
  for (const [depth, name] of path.entries()) {
    const entries = entriesOf(schema);
    const inner = entries !== undefined && Object.hasOwn(entries, name) ? entries[name] : undefined;
    if (inner === undefined) {
      const replacement = replacementOf("settings", path[0] ?? "");
      if (replacement !== undefined) {
        throw new UsageError(`"${key}" was removed`, { hint: replacement });
      }
      const around = path.slice(0, depth);
      const siblings = Object.keys(entries ?? {}).map((sibling) => joinKey([...around, sibling]));
      const keys = [...siblings, ...allSettings().map((setting) => joinKey(setting.path))];
      throw new UsageError(`there is no setting "${key}"${await didYouMean(key, keys)}`, {
        hint: hint`\`${action("config.schema")}\` has them all`,
      });
    }
    schema = inner;
  }
  return { path, schema, group: entriesOf(schema) !== undefined };
}

/* The value of a setting on a single line: a command's operand, a variable. */

/**
 * Parses the value: text if the setting is text; else YAML: `64`, `true`, `[a, b]`.
 *
 * @param name the setting as shown in the message.
 * @throws UsageError for a value that the setting can't have.
 */
export function parseSettingValue(name: string, schema: FileSchema, text: string): unknown {
  // As written: a quantity stays the number or the text that it is.
  if (v.safeParse(schema, text).success) return text;
  const value = yamlOf(text);
  const result = v.safeParse(schema, value);
  if (result.success) return value;
  const [issue] = result.issues;
  throw new UsageError(`${name}: expected ${issue.message}, found ${JSON.stringify(text)}`);
}

function yamlOf(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    return text;
  }
}
