/**
 * Which files of a tree are ignored: `.gitignore`, `.kodamaignore` and the patterns of the settings, each read as git
 * reads a `.gitignore`, nested files and negations included.
 */
import { KodamaError } from "../../base/errors.ts";
import { type Entry, parentOf, type Snapshot } from "./model.ts";

/**
 * The kinds of sources, the highest precedence first: rules that no file or setting overrides, kodama's own files, git's
 * own order, which is `.gitignore`, the repository's `info/exclude`, the user's file.
 * https://git-scm.com/docs/gitignore
 */
const ranks = ["fixed", "settings", "kodamaignore", "gitignore", "exclude", "global"] as const;

/** The text of one source of rules, and its rank: a higher rank takes precedence. */
export interface IgnoreSource {
  rank: typeof ranks[number];
  /** The name for errors: the path of the file, or the name of the setting. */
  name: string;
  text: string;
}

/** The ranks that git has, too: git doesn't ignore tracked files. */
const gitRanks: readonly IgnoreSource["rank"][] = ["gitignore", "exclude", "global"];
const ownRanks = ranks.filter((rank) => !gitRanks.includes(rank));

/** Files of git's index that its rules match, by the names of their folders. */
interface TrackedFolder extends ReadonlyMap<string, TrackedFolder | "file"> {}

/** Returns the tree of the paths. */
export function trackedTree(paths: Iterable<string>): TrackedFolder {
  const top = new Map<string, TrackedFolder | "file">();
  for (const path of paths) {
    const names = path.split("/");
    const name = names.pop() ?? "";
    let folder = top;
    for (const one of names) {
      const there = folder.get(one);
      const next: Map<string, TrackedFolder | "file"> = there instanceof Map ? there : new Map();
      folder.set(one, next);
      folder = next;
    }
    folder.set(name, "file");
  }
  return top;
}

/** How rules are parsed. */
export interface IgnoreOptions {
  /** ASCII letters match in either case: for hosts whose names are case-insensitive. */
  ignoreCase?: boolean;
  /** The files that git tracks though its rules match them. */
  tracked?: TrackedFolder;
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
    private readonly tracked: TrackedFolder | undefined,
    /** Git's rules ignore the folder: of its content only tracked files aren't. */
    private readonly isIgnored: boolean,
  ) {}

  /** Returns the rules of the top folder. Throws a {@link KodamaError} for a source beyond the limits. */
  static root(sources: readonly IgnoreSource[], options: IgnoreOptions = {}): IgnoreScope {
    const none: Ranks = {
      fixed: [],
      settings: [],
      kodamaignore: [],
      gitignore: [],
      exclude: [],
      global: [],
    };
    const lists = addLists(none, 0, sources, options);
    return new IgnoreScope("", lists, options, options.tracked, false);
  }

  /** Returns the rules of a folder in this folder, with its sources. Don't enter an ignored folder. */
  enter(name: string, sources: readonly IgnoreSource[]): IgnoreScope {
    const path = `${this.path}${name}/`;
    const base = encoder.encode(path).length;
    const lists = addLists(this.lists, base, sources, this.options);
    const tracked = this.tracked?.get(name);
    const isIgnored = this.isIgnored || this.#matches(name, "folder", gitRanks) === true;
    const inside = typeof tracked === "object" ? tracked : undefined;
    return new IgnoreScope(path, lists, this.options, inside, isIgnored);
  }

  /**
   * Returns whether an entry of this folder is ignored, and if it is a folder, all that is in it. A symbolic link isn't
   * a folder, whatever its target.
   */
  ignores(name: string, kind: "folder" | "other"): boolean {
    const own = this.#matches(name, kind, ownRanks);
    if (own !== undefined) return own;
    const tracked = this.tracked?.get(name);
    if (tracked !== undefined && (tracked === "file") === (kind === "other")) return false;
    return this.isIgnored || (this.#matches(name, kind, gitRanks) ?? false);
  }

  /** Returns whether the first of these ranks with a rule for the entry ignores it; undefined if none has. */
  #matches(
    name: string,
    kind: "folder" | "other",
    among: readonly IgnoreSource["rank"][],
  ): boolean | undefined {
    const path = encoder.encode(this.path + name);
    for (const rank of among) {
      const found = lastMatch(this.lists[rank], path, kind, this.options.ignoreCase ?? false);
      if (found !== undefined) return !found.negative;
    }
    return undefined;
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

/** Removes trailing spaces, except a space after a backslash. */
function withoutTrailingSpaces(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === " ") end--;
  if (end === line.length) return line;
  let backslashes = 0;
  while (line[end - 1 - backslashes] === "\\") backslashes++;
  return line.slice(0, backslashes % 2 === 1 ? end + 1 : end);
}

/** One step of a glob. */
type Step =
  /** Exactly this byte. */
  | { kind: "byte"; byte: number }
  /** One byte of a set; its members are 1. */
  | { kind: "set"; bytes: Uint8Array }
  /** Any number of bytes. */
  | { kind: "run"; slashes: boolean }
  /** Nothing, or anything that ends in a slash. */
  | { kind: "folders" };

/*
 * A glob of an ignore file, matched as git does (gitignore(5), and `git check-ignore` where the page is silent): over
 * bytes, so that `?` is one byte of a name. The glob is run as an NFA: the time is at most its length times the name's,
 * for any pattern.
 */

/** How a glob is parsed. */
interface GlobOptions {
  /** The text is a path: only `**` between slashes crosses a slash. */
  paths: boolean;
  /** ASCII letters match in either case, as with git's `core.ignoreCase`. */
  ignoreCase: boolean;
}

/** A compiled glob. */
interface Glob {
  readonly steps: readonly Step[];
  readonly ignoreCase: boolean;
}

const [star, question, open, close, backslash] = [0x2a, 0x3f, 0x5b, 0x5d, 0x5c];
const [bang, caret, dash, colon] = [0x21, 0x5e, 0x2d, 0x3a];

/** Compiles a glob; returns undefined for a glob that can't match anything, e.g. because of an unclosed `[`. */
function compileGlob(pattern: Uint8Array, options: GlobOptions): Glob | undefined {
  const steps: Step[] = [];
  for (let at = 0; at < pattern.length;) {
    const read = readStep(pattern, at, options);
    if (read === undefined) return undefined;
    steps.push(read.step);
    at = read.next;
  }
  return { steps, ignoreCase: options.ignoreCase };
}

/** Returns whether the glob matches the whole text. */
function globMatches({ steps, ignoreCase }: Glob, text: Uint8Array): boolean {
  let active = new Uint8Array(steps.length + 1);
  let next = new Uint8Array(steps.length + 1);
  activate(steps, active, 0);
  for (const raw of text) {
    const byte = ignoreCase ? lowered(raw) : raw;
    next.fill(0);
    let any = false;
    for (let at = 0; at < steps.length; at++) {
      const step = steps[at];
      if (active[at] === 0 || step === undefined) continue;
      if (advance(steps, next, at, step, byte)) any = true;
    }
    if (!any) return false;
    [active, next] = [next, active];
  }
  return active[steps.length] === 1;
}

/** Marks the NFA states after one byte; returns false if there are none. */
function advance(
  steps: readonly Step[],
  next: Uint8Array,
  at: number,
  step: Step,
  byte: number,
): boolean {
  switch (step.kind) {
    case "byte":
      if (step.byte === byte) activate(steps, next, at + 1);
      return step.byte === byte;
    case "set":
      if (step.bytes[byte] === 1) activate(steps, next, at + 1);
      return step.bytes[byte] === 1;
    case "run":
      if (!step.slashes && byte === slash) return false;
      activate(steps, next, at);
      return true;
    case "folders":
      next[at] = 1;
      if (byte === slash) activate(steps, next, at + 1);
      return true;
  }
}

/** Marks an NFA state, and those that are reached from it without a byte. */
function activate(steps: readonly Step[], places: Uint8Array, from: number): void {
  for (let at = from; at <= steps.length; at++) {
    places[at] = 1;
    const kind = steps[at]?.kind;
    if (kind !== "run" && kind !== "folders") return;
  }
}

/** Returns a byte, an ASCII capital in lower case. */
function lowered(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
}

interface Read {
  step: Step;
  next: number;
}

function readStep(pattern: Uint8Array, at: number, options: GlobOptions): Read | undefined {
  const byte = pattern[at] ?? 0;
  switch (byte) {
    case backslash: {
      const escaped = pattern[at + 1];
      // An escaped capital stays a capital, and so never matches text in lower case: git does the same.
      return escaped === undefined
        ? undefined
        : { step: { kind: "byte", byte: escaped }, next: at + 2 };
    }
    case question:
      return {
        step: { kind: "set", bytes: allBut(options.paths ? slash : undefined) },
        next: at + 1,
      };
    case star:
      return readStars(pattern, at, options);
    case open:
      return readSet(pattern, at, options);
    default:
      return {
        step: { kind: "byte", byte: options.ignoreCase ? lowered(byte) : byte },
        next: at + 1,
      };
  }
}

function allBut(byte: number | undefined): Uint8Array {
  const bytes = new Uint8Array(256).fill(1);
  if (byte !== undefined) bytes[byte] = 0;
  return bytes;
}

/** Parses `*`, and `**`, which crosses slashes only if it is a whole part of a path. */
function readStars(pattern: Uint8Array, at: number, { paths }: GlobOptions): Read {
  let next = at;
  while (pattern[next] === star) next++;
  if (!paths) return { step: { kind: "run", slashes: true }, next };
  const before = at === 0 || pattern[at - 1] === slash;
  const escapedSlash = pattern[next] === backslash && pattern[next + 1] === slash;
  const after = next === pattern.length || pattern[next] === slash || escapedSlash;
  if (next - at === 1 || !before || !after) return { step: { kind: "run", slashes: false }, next };
  if (pattern[next] === slash) return { step: { kind: "folders" }, next: next + 1 };
  return { step: { kind: "run", slashes: true }, next };
}

/** Parses `[…]` as git does: `!` or `^` negates, `\` escapes, `]` may come first, `[:alpha:]` names a class. */
function readSet(
  pattern: Uint8Array,
  at: number,
  { paths, ignoreCase }: GlobOptions,
): Read | undefined {
  const bytes = new Uint8Array(256);
  let next = at + 1;
  const negated = pattern[next] === bang || pattern[next] === caret;
  if (negated) next++;
  let previous = 0;
  for (let first = true; first || pattern[next] !== close; first = false) {
    const item = readItem(pattern, next, previous);
    if (item === undefined) return undefined;
    markRange(bytes, item, ignoreCase);
    previous = item.kind === "byte" ? item.from : 0;
    next = item.next;
  }
  if (negated) bytes.forEach((value, byte) => bytes[byte] = 1 - value);
  if (paths) bytes[slash] = 0;
  return { step: { kind: "set", bytes }, next: next + 1 };
}

type Item =
  | { kind: "byte"; from: number; next: number }
  | { kind: "range"; from: number; to: number; next: number }
  | { kind: "class"; contains: (byte: number, ignoreCase: boolean) => boolean; next: number };

function readItem(pattern: Uint8Array, at: number, previous: number): Item | undefined {
  const byte = pattern[at];
  if (byte === undefined) return undefined;
  const following = pattern[at + 1];
  if (byte === backslash) {
    return following === undefined ? undefined : { kind: "byte", from: following, next: at + 2 };
  }
  if (byte === dash && previous !== 0 && following !== undefined && following !== close) {
    const escaped = following === backslash;
    const to = escaped ? pattern[at + 2] : following;
    if (to === undefined) return undefined;
    return { kind: "range", from: previous, to, next: at + (escaped ? 3 : 2) };
  }
  if (byte === open && following === colon) return readClass(pattern, at);
  return { kind: "byte", from: byte, next: at + 1 };
}

function readClass(pattern: Uint8Array, at: number): Item | undefined {
  const end = pattern.indexOf(close, at + 2);
  if (end < 0) return undefined;
  // Without ":]" it is a set that starts with "[".
  if (pattern[end - 1] !== colon || end - 1 < at + 2) {
    return { kind: "byte", from: open, next: at + 1 };
  }
  const contains = classes[String.fromCharCode(...pattern.subarray(at + 2, end - 1))];
  return contains === undefined ? undefined : { kind: "class", contains, next: end + 1 };
}

function markRange(bytes: Uint8Array, item: Item, ignoreCase: boolean): void {
  if (item.kind === "class") {
    bytes.forEach((_, byte) => item.contains(byte, ignoreCase) && (bytes[byte] = 1));
    return;
  }
  const to = item.kind === "range" ? item.to : item.from;
  for (let byte = item.from; byte <= to; byte++) {
    bytes[byte] = 1;
    // The text is in lower case; of a set, only ranges are compared with its capital too.
    if (ignoreCase && item.kind === "range") bytes[lowered(byte)] = 1;
  }
}

const between = (byte: number, from: number, to: number) => byte >= from && byte <= to;
const upper = (byte: number) => between(byte, 0x41, 0x5a);
const lower = (byte: number) => between(byte, 0x61, 0x7a);
const digit = (byte: number) => between(byte, 0x30, 0x39);
const graph = (byte: number) => between(byte, 0x21, 0x7e);
const alnum = (byte: number) => upper(byte) || lower(byte) || digit(byte);

/** The classes of POSIX, over ASCII as in git. */
const classes: Record<string, ((byte: number, ignoreCase: boolean) => boolean) | undefined> = {
  alnum,
  alpha: (byte) => upper(byte) || lower(byte),
  blank: (byte) => byte === 0x20 || byte === 0x09,
  cntrl: (byte) => byte < 0x20 || byte === 0x7f,
  digit,
  graph,
  lower,
  print: (byte) => between(byte, 0x20, 0x7e),
  punct: (byte) => graph(byte) && !alnum(byte),
  space: (byte) => byte === 0x20 || between(byte, 0x09, 0x0d),
  upper: (byte, ignoreCase) => upper(byte) || (ignoreCase && lower(byte)),
  xdigit: (byte) => digit(byte) || between(lowered(byte), 0x61, 0x66),
};

/** The ignore rules of a synchronisation. */
export interface Ignoring {
  /** The rules of the top folder, for a walk that never enters ignored folders. */
  readonly top: IgnoreScope;
  sources(folder: string): readonly IgnoreSource[];
  /** Returns the snapshot without ignored entries; a folder that loses an entry is marked. */
  without(snapshot: Snapshot): Snapshot;
  /** Returns whether a path is ignored, by itself or by a folder above it. */
  ignores(path: string, kind: "folder" | "other"): boolean;
}

/** Returns the rules of a folder of this machine; those of each subfolder are read once. */
export function ignoringOf(
  read: (folder: string) => readonly IgnoreSource[],
  options: IgnoreOptions = {},
): Ignoring {
  const known = new Map<string, readonly IgnoreSource[]>();
  const sources = (folder: string) => {
    let found = known.get(folder);
    if (found === undefined) known.set(folder, found = read(folder));
    return found;
  };
  const top = IgnoreScope.root(sources(""), options);
  const scopes = new Map<string, IgnoreScope | undefined>([["", top]]);
  /** Returns undefined if the folder itself is ignored. */
  const scopeOf = (folder: string): IgnoreScope | undefined => {
    if (scopes.has(folder)) return scopes.get(folder);
    const at = folder.lastIndexOf("/");
    const above = scopeOf(folder.slice(0, Math.max(0, at)));
    const name = folder.slice(at + 1);
    const scope = above === undefined || above.ignores(name, "folder")
      ? undefined
      : above.enter(name, sources(folder));
    scopes.set(folder, scope);
    return scope;
  };
  return {
    top,
    sources,
    without: (snapshot) => withoutIgnored(snapshot, sources, options),
    ignores(path, kind) {
      const at = path.lastIndexOf("/");
      const scope = scopeOf(path.slice(0, Math.max(0, at)));
      return scope === undefined || scope.ignores(path.slice(at + 1), kind);
    },
  };
}

/**
 * Returns the snapshot without ignored entries. A folder that loses an entry by this is marked: it can't be removed
 * while the entry is in it. `sources` returns the rules of a folder, "" for the top; for both sides they are read on
 * this machine, because a pod must not choose which files leave it.
 */
export function withoutIgnored(
  snapshot: Snapshot,
  sources: (folder: string) => readonly IgnoreSource[],
  options: IgnoreOptions = {},
): Snapshot {
  const entries = new Map<string, Entry>();
  const unread = new Set<string>();
  const scopes = new Map([["", IgnoreScope.root(sources(""), options)]]);
  const scopeOf = (folder: string): IgnoreScope | undefined => {
    const known = scopes.get(folder);
    if (known !== undefined || !entries.has(folder)) return known;
    const above = scopeOf(parentOf(folder));
    const entered = above?.enter(folder.slice(folder.lastIndexOf("/") + 1), sources(folder));
    if (entered !== undefined) scopes.set(folder, entered);
    return entered;
  };
  // A folder precedes its content.
  for (const path of [...snapshot.entries.keys()].sort()) {
    const entry = snapshot.entries.get(path);
    const parent = parentOf(path);
    const scope = scopeOf(parent);
    // Without a scope, the folder itself is ignored.
    if (entry === undefined || scope === undefined) continue;
    const kind = entry.kind === "folder" ? "folder" : "other";
    if (!scope.ignores(path.slice(path.lastIndexOf("/") + 1), kind)) entries.set(path, entry);
    else if (parent !== "") entries.set(parent, { kind: "folder", holdsOthers: true });
  }
  for (const path of snapshot.unread) {
    const parent = parentOf(path);
    const seen = path === "" || entries.has(path);
    // Unreadable paths below an included folder stay unknown; below an ignored folder they don't matter.
    if (seen || (!snapshot.entries.has(path) && (parent === "" || entries.has(parent)))) {
      unread.add(path);
    }
  }
  return { ...snapshot, entries, unread };
}
