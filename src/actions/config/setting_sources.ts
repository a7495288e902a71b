/** The files and variables that settings come from, on this host. */
import { foldersUpwards, repositoryConfigPath, userConfigPath } from "../../config/paths.ts";
import { defaultSettings, settingVariables } from "../../config/default_settings.ts";
import type { SettingSources } from "../../config/settings.ts";
import type { Settings } from "../../config/settings_shape.ts";
import type { SourceFile } from "../../base/yaml/shape.ts";
import { absolutePath } from "../../base/absolute_path.ts";
import { KodamaError } from "../../base/errors.ts";
import type { LogFormat, LogLevel } from "../../base/log.ts";
import {
  type ContextPolicy,
  effectivePolicy,
  type Policies,
  strictestPolicy,
} from "../../gate/policy.ts";
import type { Host } from "../host.ts";

/** More than any settings that a person can still read. */
const maxBytes = 256 * 1024;

/** Reads the user's file and the nearest repository's. */
export async function settingSources(host: Host): Promise<SettingSources> {
  const [repository, user] = await Promise.all([
    repositoryFile(host),
    host.places.userDir === undefined ? undefined : fileAt(host, userConfigPath(host.places)),
  ]);
  if (user !== undefined && await host.files.controlledByOthers(user.path) === "mode") {
    host.note(`${user.path} counts, and all users may write to it, or to its folder: chmod o-w`);
  }
  return { env: (name) => host.env(name), repository, user, note: (note) => host.note(note) };
}

async function repositoryFile(host: Host): Promise<SourceFile | undefined> {
  const { inside, above, root } = await repositoryFolders(host);
  for (const folder of inside) {
    const path = repositoryConfigPath(folder);
    if (!await isUsable(host, path)) continue;
    const file = await readable(fileAt(host, path, root));
    if (file !== "unreadable") return file;
    host.note(`${path} is ignored: this user may not read it`);
  }
  for (const path of above.map(repositoryConfigPath)) {
    if (await host.files.inspect(path) === undefined) continue;
    host.note(`${path} is ignored: it is above the repository ${root || "/"}`);
    break;
  }
  return undefined;
}

/**
 * Returns the working directory and the folders above it, the innermost first: those in its repository, and those above
 * that. Folders that this user may not search are left out: their files are another user's. Outside of a repository all of them may have settings, and there is no `root`. No link of a repository's file may
 * lead out of its root: an error would quote another file of the user's.
 */
export async function repositoryFolders(
  { files, places }: Pick<Host, "files" | "places">,
): Promise<{ inside: string[]; above: string[]; root: string | undefined }> {
  const found = await Promise.all(
    foldersUpwards(places).map(async (folder) =>
      [folder, await readable(files.inspect(`${folder}/.git`))] as const
    ),
  );
  const searched = found.filter(([, mark]) => mark !== "unreadable");
  const folders = searched.map(([folder]) => folder);
  const marks = searched.map(([, mark]) => mark);
  const at = marks.findIndex((mark) => mark !== undefined);
  const count = at < 0 ? folders.length : at + 1;
  return { inside: folders.slice(0, count), above: folders.slice(count), root: folders[at] };
}

/** Returns the result of an access to a file, if this user may have it. */
export async function readable<T>(access: Promise<T>): Promise<T | "unreadable"> {
  try {
    return await access;
  } catch (error) {
    const cause = error instanceof KodamaError ? error.cause : undefined;
    if (cause instanceof Error && cause.name === "PermissionDenied") return "unreadable";
    throw error;
  }
}

/**
 * Returns whether a file of a repository exists, and only this user, or root, decides about it; notes why it doesn't
 * count.
 */
export async function isUsable(host: Host, path: string): Promise<boolean> {
  if (await host.files.inspect(path) === undefined) return false;
  const why = await host.files.controlledByOthers(path);
  if (why === undefined) return true;
  host.note(
    why === "owner"
      ? `${path} is ignored: it, or its folder, belongs to another user`
      : `${path} is ignored: all users may write to it, or to its folder`,
  );
  return false;
}

/**
 * Returns the effective settings. Most users have none, and then no YAML parser is loaded.
 *
 * @throws FileError if a settings file is invalid; UsageError if a variable is.
 */
export async function settingsOf(host: Host): Promise<Settings> {
  const sources = await settingSources(host);
  const silent = sources.repository === undefined && sources.user === undefined &&
    Object.keys(settingVariables).every((name) => (host.env(name) ?? "") === "");
  if (silent) return defaultSettings;
  const { mergedSettings } = await import("../../config/settings.ts");
  return await mergedSettings(sources);
}

/** Returns the policy of a context, by its name and by its server's address: the kubeconfig's unless given. */
export type PolicyLookup = (context: string, server?: string) => ContextPolicy | undefined;

/** Returns the policies of the settings. */
export async function policiesOf(host: Host): Promise<Policies> {
  const { gate } = await settingsOf(host);
  return { contexts: gate?.contexts ?? {}, servers: gate?.servers ?? {} };
}

/** Returns the policies of all contexts. */
export async function contextPolicies(host: Host): Promise<PolicyLookup> {
  const policies = await policiesOf(host);
  if (strictestPolicy(policies) === undefined) return () => undefined;
  const contexts = await host.contexts();
  return (name, server) => {
    const known = server ?? contexts.find((one) => one.name === name)?.server;
    return effectivePolicy(policies, { name, server: known }, contexts);
  };
}

/**
 * Returns the policies of contexts, as far as they make one read-only. No YAML parser is loaded if no file can: `\`
 * starts an escape, which could spell it too.
 */
export async function readOnlyPolicies(host: Host): Promise<PolicyLookup> {
  const sources = await settingSources(host);
  const texts = [sources.repository, sources.user].map((file) => file?.text ?? "");
  if (!texts.some((text) => /read-only|\\/.test(text))) return () => undefined;
  return await contextPolicies(host);
}

/**
 * Returns where to log, and what; undefined if it isn't switched on, and then no YAML parser is loaded.
 *
 * @throws FileError if a settings file is invalid; UsageError if a variable is.
 */
export async function logSettings(
  host: Host,
): Promise<{ level: LogLevel; file: string | undefined; format: LogFormat } | undefined> {
  const isSet = ["KODAMA_LOG", "KODAMA_LOG_FILE"].some((name) => (host.env(name) ?? "") !== "");
  if (!isSet) {
    const { user } = await settingSources(host);
    if (user === undefined || !/^["']?log["']?\s*:/m.test(user.text)) return undefined;
  }
  const { log } = await settingsOf(host);
  if (!log) return undefined;
  const file = log.file === "-"
    ? undefined
    : absolutePath(log.file ?? "log/kodama.log", host.places.configDir);
  return { level: log.level ?? "info", file, format: log.format ?? "text" };
}

async function fileAt(
  host: Host,
  path: string,
  root?: string,
): Promise<SourceFile | undefined> {
  const within = root === "" ? "/" : root;
  const text = await host.files.readText(path, maxBytes, { within });
  return text === undefined ? undefined : { path, text };
}

/* The settings of the terminal UI. */

/** What a user has set for the terminal UI. */
interface UiSettings {
  /** Keys by the names of their actions. */
  keys: Readonly<Record<string, readonly string[]>>;
  /** Styles by the parts of the screen, as `base/text_style.ts` reads them. */
  theme: Readonly<Record<string, string>>;
  /** Columns by kinds, such as `NAME:.metadata.name`. */
  columns: Readonly<Record<string, string>>;
}

/** Returns them. Throws KodamaError `config` if a file can't be read. */
export async function uiSettings(host: Host): Promise<UiSettings> {
  const sources = await settingSources(host);
  if (sources.user === undefined && sources.repository === undefined) {
    return { keys: {}, theme: {}, columns: {} };
  }
  const { mergedSettings } = await import("../../config/settings.ts");
  const { ui } = await mergedSettings(sources);
  const keys = Object.entries(ui?.keys ?? {}).map(([action, keys]) => [action, [keys].flat()]);
  return { keys: Object.fromEntries(keys), theme: ui?.theme ?? {}, columns: ui?.columns ?? {} };
}
