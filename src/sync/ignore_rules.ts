/**
 * Which files of a tree are left out: `.gitignore`, `.kodamaignore` and the patterns of the settings,
 * each read as git reads a `.gitignore`, nested files and negations included.
 */
import { KodamaError } from "../base/errors.ts";
import { compileGlob, type Glob, globMatches, lowered } from "./ignore_glob.ts";

/** The text of one source of rules, and its rank: a higher rank decides before any lower one. */
export interface IgnoreSource {
  rank: "gitignore" | "kodamaignore" | "settings";
  /** What an error names: the path of the file, or the name of the setting. */
  name: string;
  text: string;
}

/** How rules are read. */
export interface IgnoreOptions {
  /** ASCII letters match in either case: for hosts whose names don't tell case apart. */
  ignoreCase?: boolean;
}

/** Bytes of one pattern: no path that a system holds is longer. */
const maxPatternBytes = 4096;
/** Characters of one source. */
const maxSourceLength = 1 << 20;

const encoder = new TextEncoder();
const slash = 0x2f;

interface Rule {
  negative: boolean;
  foldersOnly: boolean;
  /** Compared with the last name alone, in every folder below. */
  anywhere: boolean;
  /** The bytes before the first wildcard. */
  literal: Uint8Array;
  /** The rest; undefined if there is none. */
  glob: Glob | undefined;
}

interface RuleList {
  /** Bytes of the folder's path with its slash. */
  base: number;
  rules: readonly Rule[];
}

type Ranks = Record<IgnoreSource["rank"], readonly RuleList[]>;

/** The rules that hold in one folder. Immutable: a walk keeps one for each folder that it is in. */
export class IgnoreScope {
  private constructor(
    private readonly path: string,
    private readonly lists: Ranks,
    private readonly options: IgnoreOptions,
  ) {}

  /** The rules of the top folder. Throws a {@link KodamaError} for a source beyond the limits. */
  static root(sources: readonly IgnoreSource[], options: IgnoreOptions = {}): IgnoreScope {
    const none: Ranks = { gitignore: [], kodamaignore: [], settings: [] };
    return new IgnoreScope("", addLists(none, 0, sources, options), options);
  }

  /** The rules of a folder in this one, with the sources that stand in it. Don't enter an ignored one. */
  enter(name: string, sources: readonly IgnoreSource[]): IgnoreScope {
    const path = `${this.path}${name}/`;
    const base = encoder.encode(path).length;
    return new IgnoreScope(path, addLists(this.lists, base, sources, this.options), this.options);
  }

  /**
   * Whether an entry of this folder is left out, and if a folder, all that is in it. A symbolic link
   * is no folder, wherever it leads.
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

/** The rules of a text, in its order. */
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
  // git begins a path's glob after the literal part, so that in "a**/b" the stars stand at a beginning.
  const from = anywhere ? 0 : wild;
  const glob = compileGlob(bytes.subarray(from), { paths: !anywhere, ignoreCase });
  if (glob === undefined) return [];
  return [{ negative, foldersOnly, anywhere, literal: bytes.subarray(0, from), glob }];
}

/** The bytes that end a literal part: `*`, `?`, `[`, `\`. */
const wildcards = new Set([0x2a, 0x3f, 0x5b, 0x5c]);

/** Spaces at the end don't count, but for one that a backslash stands before. */
function withoutTrailingSpaces(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === " ") end--;
  if (end === line.length) return line;
  let backslashes = 0;
  while (line[end - 1 - backslashes] === "\\") backslashes++;
  return line.slice(0, backslashes % 2 === 1 ? end + 1 : end);
}
