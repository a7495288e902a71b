/** Commands that only read, and are refused all the same: what they print are credentials. */
import { absolutePath } from "../base/absolute_path.ts";
import { KodamaError } from "../base/errors.ts";
import { isSecretName } from "../exec/redact.ts";
import { namesCredentials, partPrinters } from "../gate/credentials.ts";
import {
  givesPatterns,
  isGrep,
  isRecursive,
  pathsIn,
  patternIndex,
  printsVariables,
  readsSources,
} from "../actions/exec/secret_reads.ts";
import type { SecretSources } from "../actions/exec/secret_sources.ts";
import { hasToken } from "./secrets.ts";

/**
 * Returns why a command is refused although it only reads. A line of shell always needs an approval, and `secrets.ts`
 * removes tokens by their form.
 */
export function refusedCommand(command: readonly string[]): KodamaError | undefined {
  const isRefused = namesCredentials(command) || printsSecretVariable(command) ||
    searchesCredentials(command);
  return isRefused ? credentialsRefused() : undefined;
}

/** The error of a command that would print credentials. */
export function credentialsRefused(): KodamaError {
  return new KodamaError("forbidden", "this command would print credentials, which no model gets");
}

/** How a command ended in one or several pods with the same output. */
export interface PodAnswer {
  output: string;
  /** Undefined if the command had no end of its own, other than by a time limit. */
  exitCode: number | "timeout" | undefined;
}

/** The pods of a command, as far as a decision about it needs them. */
export interface CommandPods {
  sources: readonly SecretSources[];
  /** Runs a command that only reads; yields the distinct answers. */
  ask(command: readonly string[]): AsyncIterable<PodAnswer>;
}

/**
 * Refuses a command that would print credentials: by its own words, by what the pods' specs say is secret, wherever links
 * lead, and by the heads of its files.
 *
 * @param options.fromStart the command prints a file from its start, where a token is recognised.
 * @throws KodamaError `forbidden`.
 */
export async function refuseCredentials(
  command: readonly string[],
  { sources, ask }: CommandPods,
  { fromStart }: { fromStart: boolean },
): Promise<void> {
  const refused = refusedCommand(command);
  if (refused !== undefined) throw refused;
  if (printsVariables(command, sources)) throw credentialsRefused();
  const paths = pathsIn(command);
  const absolute = paths.filter((path) => path.startsWith("/")).map((path) =>
    absolutePath(path, "/")
  );
  if (readsSources(command, absolute, sources)) throw credentialsRefused();
  const mayHaveSecrets = sources.some((one) =>
    one.paths.length > 0 || one.variables.length > 0 || one.otherVariables !== undefined
  );
  const files = paths.map(asFile);
  if (mayHaveSecrets && files.length > 0) {
    for await (const { output, exitCode } of ask(["realpath", ...files])) {
      const resolved = output.split("\n").filter((line) => line.startsWith("/"));
      const follows = [command[0] ?? "", ...resolved];
      if (readsSources(command, resolved, sources) || namesCredentials(follows)) {
        throw credentialsRefused();
      }
      // `realpath` fails with 1 for a word that names no file; another code means that it is missing.
      const isResolved = exitCode === undefined || exitCode === 0 || exitCode === 1;
      if (!isResolved) throw unresolvedError();
    }
    // `diff` of folders reads the files in them, also behind links.
    if (isProgram(command, "diff") && sources.some((one) => one.paths.length > 0)) {
      for await (const { output } of ask(["ls", "-dLp", "--", ...files])) {
        if (/\/$/m.test(output)) throw credentialsRefused();
      }
    }
  }
  const search = fromStart ? undefined : tokenSearch(command);
  if (search === undefined) return;
  for await (const { output } of ask(search.command)) {
    if (search.finds(output)) throw credentialsRefused();
  }
}

function unresolvedError(): KodamaError {
  return new KodamaError(
    "forbidden",
    "the image has no realpath, and links to the pod's Secrets can't be excluded without it",
  );
}

/** The bytes of each file that are searched for a token. */
const headBytes = 16 * 1024;

/** As text for `grep -E`: the beginnings of keys and tokens, as {@link hasToken} knows them. */
const tokenBeginnings = "BEGIN [A-Z ]*PRIVATE KEY|eyJ[A-Za-z0-9_-]{10,}[.][A-Za-z0-9_-]{10,}[.]";

/** A command that finds tokens in the files of another one. */
export interface TokenSearch {
  command: readonly string[];
  /** Returns whether the output shows that one of the files has a token. */
  finds(output: string): boolean;
}

/**
 * Returns the search that comes before a command whose program prints parts of files; undefined if it prints none. Its
 * args may have other words than paths: those are no files.
 */
export function tokenSearch([program = "", ...args]: readonly string[]): TokenSearch | undefined {
  if (!partPrinters.has(program)) return undefined;
  const paths = args.filter((_, at) => at !== patternIndex(program, args))
    .flatMap((arg) => arg.startsWith("-") ? arg.split("=").slice(1) : [arg])
    .filter((path) => path !== "" && path !== "-")
    .map(asFile);
  if (paths.length === 0) return undefined;
  // `diff` reads the files in a folder, also behind links.
  if (isRecursive(args) || program === "diff") {
    return {
      command: ["grep", "-RlsE", "-e", tokenBeginnings, ...paths],
      finds: (output) => output.trim() !== "",
    };
  }
  return { command: ["head", "-c", String(headBytes), ...paths], finds: hasToken };
}

/** `head -c FILE` would take a relative path for a flag. */
function asFile(path: string): string {
  return path.startsWith("-") ? `./${path}` : path;
}

/** A program may be given by its path. */
function isProgram([program = ""]: readonly string[], name: string): boolean {
  return program.slice(program.lastIndexOf("/") + 1) === name;
}

/** `printenv NAME` prints the value alone, which nothing identifies as a secret. */
function printsSecretVariable([program, ...args]: readonly string[]): boolean {
  return program === "printenv" && args.some(isSecretName);
}

/** Folders below which credentials are; `/proc` leads to all others. */
const foldersOfCredentials =
  /^\/(?:$|etc$|home(?:\/[^/]+)?$|proc(?:\/|$)|root$|run$|var(?:\/run)?$)/;

/** A search of a whole folder that has credentials in it, or of one that only the pod knows. */
function searchesCredentials([program = "", ...args]: readonly string[]): boolean {
  if (!isGrep(program) && program !== "diff") return false;
  if (!isRecursive(args)) return false;
  const paths = args.filter((arg) => !/^-./.test(arg));
  const relative = paths.filter((path) => !path.startsWith("/"));
  const patterns = isGrep(program) && !givesPatterns(args) ? 1 : 0;
  return relative.length > patterns || paths.length === relative.length ||
    paths.some((path) => path.startsWith("/") && foldersOfCredentials.test(resolved(path)));
}

/** Returns an absolute path without `.`, `..` and empty parts. */
function resolved(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
