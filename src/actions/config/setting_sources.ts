/** The files and variables that settings come from, on this host. */
import { repositoryConfigPaths, userConfigPath } from "../../config/paths.ts";
import { defaultSettings, settingVariables } from "../../config/default_settings.ts";
import type { SettingSources } from "../../config/settings.ts";
import type { Settings } from "../../config/settings_shape.ts";
import { absolutePath } from "../../base/absolute_path.ts";
import type { LogFormat, LogLevel } from "../../base/log.ts";
import type { ContextPolicies } from "../../gate/policy.ts";
import type { Host } from "../host.ts";

/** More than any settings that a person can still read. */
const maxBytes = 256 * 1024;

/** Reads the user's file and the nearest repository's. */
export async function settingSources(host: Host): Promise<SettingSources> {
  const [repository, user] = await Promise.all([
    firstFile(host, repositoryConfigPaths(host.places)),
    firstFile(host, host.places.userDir === undefined ? [] : [userConfigPath(host.places)]),
  ]);
  return { env: (name) => host.env(name), repository, user };
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

/**
 * Returns the policies of contexts. No YAML parser is loaded if no file can make one read-only: `\` starts an escape,
 * which could spell it too.
 */
export async function readOnlyPolicies(host: Host): Promise<ContextPolicies> {
  const sources = await settingSources(host);
  const texts = [sources.repository, sources.user].map((file) => file?.text ?? "");
  if (!texts.some((text) => /read-only|\\/.test(text))) return {};
  const { mergedSettings } = await import("../../config/settings.ts");
  return (await mergedSettings(sources)).gate?.contexts ?? {};
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

async function firstFile(host: Host, paths: readonly string[]) {
  for (const path of paths) {
    const text = await host.files.readText(path, maxBytes);
    if (text !== undefined) return { path, text };
  }
  return undefined;
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
