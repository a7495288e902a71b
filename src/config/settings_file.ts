/** A file of settings: read, and changed without touching its other content. */
import { action, type Hint, hint } from "../base/hint.ts";
import { replacementOf } from "../base/removed.ts";
import { isCollection, isMap, isScalar, parseDocument } from "yaml";
import { UsageError } from "../base/errors.ts";
import { FileError, readYamlShape, type SourceFile } from "../base/yaml/shape.ts";
import { parseSettingValue, settingAt, type SettingPath } from "./setting_key.ts";
import { type Settings, settingsShape } from "./settings_shape.ts";

/** The maximum size of a file. */
export const maxSettingsBytes = 256 * 1024;

/**
 * Returns the settings of a file.
 *
 * @throws FileError with every problem, each at its line and column.
 */
export async function readSettings(file: SourceFile): Promise<Settings> {
  try {
    return (await readYamlShape(file, settingsShape)).value;
  } catch (error) {
    throw error instanceof FileError ? withReplacement(error) : error;
  }
}

/** Adds the replacement of a setting that this version no longer has. */
function withReplacement(error: FileError): FileError {
  let replacement: Hint | undefined;
  const problems = error.problems.map((problem) => {
    const [, name = ""] = /^unknown field "(\w+)"/.exec(problem.message) ?? [];
    const found = problem.column === 1 ? replacementOf("settings", name) : undefined;
    replacement ??= found;
    return found === undefined ? problem : { ...problem, message: `"${name}" was removed` };
  });
  return replacement === undefined ? error : new FileError(error.file, problems, replacement);
}

/** Returns a setting's value, or undefined if the settings don't have it. */
export function settingIn(settings: Settings, path: SettingPath): unknown {
  return path.reduce<unknown>((value, name) => {
    const inside = typeof value === "object" && value !== null && Object.hasOwn(value, name);
    return inside ? (value as Record<string, unknown>)[name] : undefined;
  }, settings);
}

/**
 * Returns the file's text with a setting changed; comments and everything else are unchanged.
 *
 * @param text as given on the command line; a list or a group is written as YAML.
 * @throws UsageError for a key that doesn't exist or a value that it can't have; FileError if the file is
 *   already invalid.
 */
export async function withSetting(file: SourceFile, key: string, text: string): Promise<string> {
  await readSettings(file);
  const { path, schema, group } = await settingAt(key);
  if (group) {
    throw new UsageError(`"${key}" is a group of settings`, {
      hint: hint`set one of them, as in: ${
        action("config.set", { key: `${key}.NAME`, value: "VALUE" })
      }`,
    });
  }
  const value = parseSettingValue(key, schema, text);
  const document = parseDocument(file.text);
  makeGroups(document, path);
  const old = document.getIn(path, true);
  // The node is retained, and with it the comment at its end.
  if (isScalar(old) && typeof value !== "object") old.value = value;
  else document.setIn(path, value);
  return document.toString({ lineWidth: 0 });
}

/**
 * Returns the file's text without a setting or a group of them, and without groups that become empty. A comment
 * right above a removed entry is removed too.
 */
export async function withoutSetting(file: SourceFile, key: string): Promise<string> {
  await readSettings(file);
  const { path } = await settingAt(key);
  const document = parseDocument(file.text);
  if (!document.hasIn(path)) return file.text;
  document.deleteIn(path);
  for (let depth = path.length - 1; depth > 0; depth--) {
    const around = document.getIn(path.slice(0, depth));
    if (isMap(around) && around.items.length === 0) document.deleteIn(path.slice(0, depth));
  }
  const empty = isCollection(document.contents) && document.contents.items.length === 0;
  if (empty) document.contents = null;
  const text = document.toString({ lineWidth: 0, nullStr: "" }).trim();
  return text === "" ? "" : `${text}\n`;
}

/** `group:` with nothing under it is null in YAML, and can't contain a setting. */
function makeGroups(document: ReturnType<typeof parseDocument>, path: SettingPath): void {
  for (let depth = 0; depth < path.length; depth++) {
    const around = path.slice(0, depth);
    const found = depth === 0 ? document.contents : document.getIn(around, true);
    if (isMap(found)) continue;
    if (depth === 0) document.contents = document.createNode({}) as typeof document.contents;
    else document.setIn(around, document.createNode({}));
  }
}
