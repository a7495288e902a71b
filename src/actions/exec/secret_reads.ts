/** Which commands print what the specs of pods say is secret, by their args. Pure. */
import { nameReaders, namesCredentials, printsNames } from "../../gate/credentials.ts";
import { absolutePath } from "../../base/absolute_path.ts";
import type { SecretSources } from "./secret_sources.ts";

/**
 * Returns whether a command prints credentials, as far as its args tell: links in the pods aren't known.
 *
 * @param shell the command is a line of shell.
 */
export function printsSecrets(
  command: readonly string[],
  { shell, sources }: { shell: boolean; sources: readonly SecretSources[] },
): boolean {
  const words = shell ? ["sh", "-c", ...command] : command;
  if (namesCredentials(words) || printsVariables(words, sources)) return true;
  const paths = pathsIn(words).filter((path) => path.startsWith("/"));
  return readsSources(words, paths.map((path) => absolutePath(path, "/")), sources);
}

/**
 * Returns whether a command would print variables with values of Secrets, as the pods' specs name them. Printing all of
 * them is refused: where a value of several lines ends isn't known.
 */
export function printsVariables(
  [program, ...args]: readonly string[],
  sources: readonly SecretSources[],
): boolean {
  if (program !== "env" && program !== "printenv") return false;
  const names = args.filter((arg) => !arg.startsWith("-"));
  const isAll = names.length === 0;
  return sources.some(({ variables, otherVariables }) =>
    isAll
      ? variables.length > 0 || otherVariables !== undefined
      : names.some((name) =>
        variables.includes(name) ||
        otherVariables !== undefined && !otherVariables.includes(name) && !usual.has(name)
      )
  );
}

/** Variables that images and kubelets set. */
const usual: ReadonlySet<string> = new Set(
  "HOME HOSTNAME LANG PATH PWD SHELL TERM TZ USER".split(" "),
);

/** Programs that read all files of a folder that they are given, some of them only those of its top. */
const treeReaders: ReadonlySet<string> = new Set("cp cpio diff rsync scp tar zip".split(" "));

/**
 * Returns what may be paths of files in a command, also in its flags and in lines of shell. Only the pod knows where its
 * links lead, and what a relative path is relative to.
 */
export function pathsIn(command: readonly string[]): string[] {
  const [program = "", ...args] = command;
  if (printsNames(command)) return [];
  const pattern = patternIndex(program, args);
  const words = args.filter((_, at) => at !== pattern).flatMap((arg) =>
    arg.split(/[\s"'`;|&<>()$=,:]+/)
  );
  const paths = words.flatMap((word) => {
    const at = word.indexOf("/");
    // A flag may have its value attached: `-f/etc/app/key`.
    return word.startsWith("-") ? at < 0 ? [] : [word.slice(at)] : [word];
  });
  return [...new Set(paths.filter((path) => path !== "" && !path.includes("\0")))].slice(0, 100);
}

/** Returns whether a command reads secrets of the pods by one of these paths, which have no links. */
export function readsSources(
  command: readonly string[],
  paths: readonly string[],
  sources: readonly SecretSources[],
): boolean {
  const [program = "", ...args] = command;
  const secret = [...new Set(sources.flatMap((one) => one.paths))];
  // A link within a folder leads anywhere.
  if (secret.length > 0 && followsLinks(program, args)) return true;
  const readsTrees = treeReaders.has(program) || isRecursive(args) ||
    nameReaders.has(program) && !printsNames(command);
  return paths.some((path) =>
    secret.some((one) =>
      isBelow(path, one) || matchesBelow(path, one) || readsTrees && isBelow(one, path)
    )
  );
}

/** Characters by which a shell chooses files. */
const glob = /[*?[{]/;

/** Returns whether a pattern of a shell may name a folder or something in it; a part of a path counts up to its glob. */
function matchesBelow(pattern: string, folder: string): boolean {
  if (!glob.test(pattern)) return false;
  const parts = pattern.split("/");
  return folder.split("/").every((name, at) => {
    const part = parts[at];
    if (part === undefined) return false;
    const literal = part.search(glob);
    return literal < 0 ? part === name : name.startsWith(part.slice(0, literal));
  });
}

function followsLinks(program: string, args: readonly string[]): boolean {
  if (isGrep(program)) {
    return args.some((arg) => /^-[A-Za-z0-9]*R|^--der/.test(arg));
  }
  return program === "diff" && isRecursive(args) && !args.includes("--no-dereference");
}

/** Returns whether a program is `grep`, in one of its names. */
export function isGrep(program: string): boolean {
  return /^[ef]?grep$/.test(program);
}

/** Returns the index of the pattern of `grep`; -1 if its flags have it, and for other programs. */
export function patternIndex(program: string, args: readonly string[]): number {
  return isGrep(program) && !givesPatterns(args)
    ? args.findIndex((arg) => !arg.startsWith("-"))
    : -1;
}

/** Returns whether the patterns of `grep` are in its flags, which may be abbreviated. */
export function givesPatterns(args: readonly string[]): boolean {
  return args.some((arg) => /^(?:-[A-Za-z0-9]*[ef]|--(?:reg|fil))/.test(arg));
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? folder : `${folder}/`);
}

/** Returns whether `grep` or `diff` reads whole folders. */
export function isRecursive(args: readonly string[]): boolean {
  return args.some((arg) => /^(?:-[A-Za-z0-9]*[dRr]|--(?:rec|der|di))/.test(arg));
}
