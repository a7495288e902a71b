/** Reads the secrets of a session from the user's sources: dotenv files and GITHUB_TOKEN. */
import { hint, option } from "../../base/hint.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import type { Settings } from "../../config/settings_shape.ts";
import type { SettingSources } from "../../config/settings.ts";
import { readSettings } from "../../config/settings_file.ts";
import type { SourceFile } from "../../base/yaml/shape.ts";
import { type DotenvFile, mergeDotenv } from "../../session/environment.ts";
import type { SessionSecrets } from "../../session/manifests/env_secret.ts";
import { absolutePath } from "../../base/absolute_path.ts";
import type { Host } from "../host.ts";

/** The secrets, and notes for the user. */
export interface ReadSecrets extends SessionSecrets {
  /** The files that exist, as they were named. */
  files: readonly string[];
  /** The absolute paths of the files. */
  places: readonly string[];
  left: readonly { name: string; reason: "excluded" | "protected" }[];
}

/** A file, and its absolute path. */
interface PlacedFile extends DotenvFile {
  place: string;
}

/** A larger file doesn't fit into a Secret. */
const maxBytes = 2 * 1024 * 1024;

/** Only characters that git can put into a header. */
const tokenPattern = /^[\x21-\x7e]{1,1000}$/;

/**
 * Reads the secrets.
 *
 * @throws UsageError if a file of `--env-file` doesn't exist; KodamaError `config` if a line can't be a variable.
 */
export async function readSyncSecrets(
  host: Host,
  given: { envFiles: readonly string[]; envExclude: readonly string[] },
  { settings, sources }: { settings: Settings; sources: SettingSources },
): Promise<ReadSecrets> {
  const files = [
    ...await settingsFiles(host, sources),
    ...await Promise.all(given.envFiles.map((path) => namedFile(host, path))),
  ];
  const excluded = [
    ...settings.defaults?.env?.excludeVars ?? [],
    ...settings.env?.excludeVars ?? [],
    ...given.envExclude,
  ];
  const { values, omitted: left } = mergeDotenv(files, excluded);
  const gitToken = tokenOf(values.get("GITHUB_TOKEN") ?? environmentToken(host, excluded));
  return {
    variables: values,
    files: files.map(({ path }) => path),
    places: files.map(({ place }) => place),
    left,
    ...(gitToken === undefined ? {} : { gitToken }),
  };
}

/** Returns the absolute paths of the existing dotenv files that the settings name. */
export async function settingsSecretFiles(
  host: Host,
  sources: SettingSources,
): Promise<string[]> {
  return (await settingsFiles(host, sources)).map(({ place }) => place);
}

function environmentToken(host: Host, excluded: readonly string[]): string | undefined {
  return excluded.includes("GITHUB_TOKEN") ? undefined : host.env("GITHUB_TOKEN") || undefined;
}

function tokenOf(text: string | undefined): string | undefined {
  if (text === undefined || tokenPattern.test(text)) return text;
  throw new KodamaError("config", "GITHUB_TOKEN holds characters that no token has", {
    hint: "a line break or a blank may have come along when it was copied",
  });
}

async function namedFile(host: Host, path: string): Promise<PlacedFile> {
  const place = absolutePath(path, host.places.workingDir);
  const text = await host.files.readText(place, maxBytes);
  if (text === undefined) throw new UsageError(`${path}: there is no such dotenv file`);
  return { path, text, place };
}

/** Returns the files named by the nearest settings that name any. Missing files are omitted. */
async function settingsFiles(host: Host, sources: SettingSources): Promise<PlacedFile[]> {
  for (const source of [sources.template, sources.repository, sources.user]) {
    if (source === undefined) continue;
    const names = (await readSettings(source)).env?.dotenvFiles;
    if (names === undefined) continue;
    const files = await Promise.all(names.map((name) => besideSettings(host, source, name)));
    return files.filter((file) => file !== undefined);
  }
  return [];
}

/** A file of someone's repository must not send another local file to a cluster. */
async function besideSettings(
  host: Host,
  source: SourceFile,
  name: string,
): Promise<PlacedFile | undefined> {
  if (name.startsWith("/") || name.startsWith("~") || name.split(/[\\/]/).includes("..")) {
    throw new KodamaError("config", `${source.path}: env.dotenvFiles: ${name} isn't beside it`, {
      hint: hint`a file elsewhere has to be named: ${option("envFile", name)}`,
    });
  }
  const folder = folderOfSettings(source.path);
  const place = `${folder}/${name}`;
  const { userDir } = host.places;
  const isUsers = userDir !== undefined && source.path.startsWith(`${userDir}/`);
  const within = isUsers ? undefined : folder || "/";
  const text = await host.files.readText(place, maxBytes, { within });
  return text === undefined ? undefined : { path: name, text, place };
}

/** A template's files are relative to the repository that it is in. */
function folderOfSettings(path: string): string {
  const folder = path.slice(0, path.lastIndexOf("/"));
  return folder.replace(/\/\.kodama\/templates$/, "");
}
