/**
 * Which files of a tree are ignored: `.gitignore`, `.kodamaignore` and the patterns of the settings, each read as git
 * reads a `.gitignore`, nested files and negations included.
 */
import { KodamaError } from "../../base/errors.ts";
import { compileGlob, type Glob, globMatches, lowered } from "./ignore_glob.ts";

/** The text of one source of rules, and its rank: a higher rank takes precedence. */
export interface IgnoreSource {
  rank: "gitignore" | "kodamaignore" | "settings";
  /** The name for errors: the path of the file, or the name of the setting. */
  name: string;
  text: string;
}

/** How rules are parsed. */
export interface IgnoreOptions {
  /** ASCII letters match in either case: for hosts whose names are case-insensitive. */
  ignoreCase?: boolean;
}

/** The longest pattern in bytes: no system has longer paths. */
const maxPatternBytes = 4096;
/** The longest source in characters. */
const maxSourceLength = 1 << 20;

const encoder = new TextEncoder();
const slash = 0x2f;

interface Rule {
  negative: boolean;
  foldersOnly: boolean;
  /** Compared only with the last name, in every folder below. */
  anywhere: boolean;
  /** The bytes before the first wildcard. */
  literal: Uint8Array;
  /** The remainder; undefined if there is none. */
  glob: Glob | undefined;
}

interface RuleList {
  /** Length in bytes of the folder's path with its slash. */
  base: number;
  rules: readonly Rule[];
}

type Ranks = Record<IgnoreSource["rank"], readonly RuleList[]>;

/** The rules that apply in one folder. Immutable: a walk holds one for each folder that it is in. */
export class IgnoreScope {
  private constructor(
    private readonly path: string,
    private readonly lists: Ranks,
    private readonly options: IgnoreOptions,
  ) {}

  /** Returns the rules of the top folder. Throws a {@link KodamaError} for a source beyond the limits. */
  static root(sources: readonly IgnoreSource[], options: IgnoreOptions = {}): IgnoreScope {
    const none: Ranks = { gitignore: [], kodamaignore: [], settings: [] };
    return new IgnoreScope("", addLists(none, 0, sources, options), options);
  }

  /** Returns the rules of a folder in this one, with that folder's sources. Don't enter an ignored one. */
  enter(name: string, sources: readonly IgnoreSource[]): IgnoreScope {
    const path = `${this.path}${name}/`;
    const base = encoder.encode(path).length;
    return new IgnoreScope(path, addLists(this.lists, base, sources, this.options), this.options);
  }

  /**
   * Returns whether an entry of this folder is ignored, and if it is a folder, all that is in it. A symbolic link isn't
   * a folder, whatever its target.
   */
  ignores(name: string, kind: "folder" | "other"): boolean {
    const path = encoder.encode(this.path + name);
    for (const rank of ["settings", "kodamaignore", "gitignore"] as const) {
      const found = lastMatch(this.lists[rank], path, kind, this.options.ignoreCase ?? false);
      if (found !== undefined) return !found.negative;
    }
    return false;
  }
}

function addLists(
  before: Ranks,
  base: number,
  sources: readonly IgnoreSource[],
  options: IgnoreOptions,
): Ranks {
  const after = { ...before };
  for (const source of sources) {
    const rules = readRules(source, options.ignoreCase ?? false);
    if (rules.length > 0) after[source.rank] = [...after[source.rank], { base, rules }];
  }
  return after;
}

function lastMatch(
  lists: readonly RuleList[],
  path: Uint8Array,
  kind: "folder" | "other",
  ignoreCase: boolean,
): Rule | undefined {
  const name = path.subarray(path.lastIndexOf(slash) + 1);
  for (const { base, rules } of lists.toReversed()) {
    const below = path.subarray(base);
    const found = rules.findLast((rule) => {
      if (rule.foldersOnly && kind !== "folder") return false;
      return ruleMatches(rule, rule.anywhere ? name : below, ignoreCase);
    });
    if (found !== undefined) return found;
  }
  return undefined;
}

function ruleMatches({ literal, glob }: Rule, text: Uint8Array, ignoreCase: boolean): boolean {
  if (literal.length > text.length) return false;
  if (glob === undefined && literal.length !== text.length) return false;
  for (let at = 0; at < literal.length; at++) {
    const [expected, found] = [literal[at] ?? 0, text[at] ?? 0];
    if (expected === found) continue;
    if (!ignoreCase || lowered(expected) !== lowered(found)) return false;
  }
  return glob === undefined || globMatches(glob, text.subarray(literal.length));
}

/** Returns the rules of a text, in its order. */
function readRules(source: IgnoreSource, ignoreCase: boolean): Rule[] {
  const { name, text } = source;
  if (text.length > maxSourceLength) {
    throw new KodamaError("config", `${name} is longer than ${maxSourceLength} characters`, {
      hint: "leave out whole folders rather than file by file",
    });
  }
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  return lines.flatMap((line, at) => readRule(line, ignoreCase, `${name}, line ${at + 1}`));
}

function readRule(line: string, ignoreCase: boolean, place: string): Rule[] {
  if (line.startsWith("#")) return [];
  let pattern = withoutTrailingSpaces(line.endsWith("\r") ? line.slice(0, -1) : line);
  const negative = pattern.startsWith("!");
  if (negative) pattern = pattern.slice(1);
  const foldersOnly = pattern.endsWith("/");
  if (foldersOnly) pattern = pattern.slice(0, -1);
  if (pattern === "") return [];
  const anywhere = !pattern.includes("/");
  const bytes = encoder.encode(pattern.startsWith("/") ? pattern.slice(1) : pattern);
  if (bytes.length > maxPatternBytes) {
    throw new KodamaError(
      "config",
      `${place}: the pattern is longer than ${maxPatternBytes} bytes`,
      {
        hint: "no path is as long; shorten the pattern",
      },
    );
  }
  const wild = bytes.findIndex((byte) => wildcards.has(byte));
  if (wild < 0) return [{ negative, foldersOnly, anywhere, literal: bytes, glob: undefined }];
  // git starts a path's glob after the literal part, so that the stars of "a**/b" are at its start.
  const from = anywhere ? 0 : wild;
  const glob = compileGlob(bytes.subarray(from), { paths: !anywhere, ignoreCase });
  if (glob === undefined) return [];
  return [{ negative, foldersOnly, anywhere, literal: bytes.subarray(0, from), glob }];
}

/** The bytes that end a literal part: `*`, `?`, `[`, `\`. */
const wildcards = new Set([0x2a, 0x3f, 0x5b, 0x5c]);

/** Removes trailing spaces, except one after a backslash. */
function withoutTrailingSpaces(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === " ") end--;
  if (end === line.length) return line;
  let backslashes = 0;
  while (line[end - 1 - backslashes] === "\\") backslashes++;
  return line.slice(0, backslashes % 2 === 1 ? end + 1 : end);
}
