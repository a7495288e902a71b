/** The ancestor: how it advances, and how it is stored between runs. */
import { isRecord, parsedJson } from "../../base/json_value.ts";
import { KodamaError } from "../../base/errors.ts";
import {
  type Ancestor,
  type Entry,
  executable,
  sameContent,
  sameEntry,
  type Snapshot,
  unsafePath,
  upwards,
  withExecutable,
} from "./model.ts";

/**
 * Returns the ancestor after both sides were scanned, or changed, as given: the entry of a path that they agree on, and
 * the previous entry of any other path. `held` paths are not judged.
 */
export function nextAncestor(
  before: Ancestor,
  sides: { local: Snapshot; remote: Snapshot; skipped: ReadonlyMap<string, unknown> },
): Ancestor {
  const { local, remote, skipped } = sides;
  const entries = new Map<string, Entry>();
  const paths = new Set([
    ...local.entries.keys(),
    ...remote.entries.keys(),
    ...before.entries.keys(),
  ]);
  for (const path of paths) {
    const [here, there] = [local.entries.get(path), remote.entries.get(path)];
    const old = before.entries.get(path);
    if (isSkipped(path, skipped)) {
      if (old !== undefined) entries.set(path, old);
    } else if (sameEntry(here, there)) {
      if (here !== undefined) entries.set(path, here);
    } else if (here?.kind === "file" && sameContent(here, there)) {
      // Only the modes differ: the content is agreed on, and the previous mode stays.
      entries.set(path, withExecutable(here, old?.kind === "file" ? executable(old) : true));
    } else if (old !== undefined) entries.set(path, old);
  }
  return { ...before, roots: { local: local.root, remote: remote.root }, entries };
}

/** Why an ancestor says nothing about two folders. */
export type AncestorDoubt =
  /** There is none. */
  | "missing"
  /** There is none, but the pod's folder has an agreement with this machine. */
  | "forgotten"
  /** The ancestor is about another folder. */
  | "rootChanged"
  /** The pod's folder, or the ancestor, is of another time: restored from a copy, for example. */
  | "otherTime";

/** Returns the ancestor if it is about these two folders as they are now, else the reason. */
export function ancestorOf(
  ancestor: Ancestor | undefined,
  { local, remote }: { local: Snapshot; remote: Snapshot },
): Ancestor | AncestorDoubt {
  const agreement = remote.agreement ?? "";
  if (ancestor === undefined) return agreement === "" ? "missing" : "forgotten";
  const { roots, agreements = [""] } = ancestor;
  if (roots.local !== local.root || roots.remote !== remote.root) return "rootChanged";
  return agreements.includes(agreement) ? ancestor : "otherTime";
}

/** Returns whether the path or a folder above it is held. */
export function isSkipped(path: string, skipped: ReadonlyMap<string, unknown>): boolean {
  if (skipped.size === 0) return false;
  if (skipped.has("")) return true;
  for (const at of upwards(path)) if (skipped.has(at)) return true;
  return false;
}

/** Returns the ancestor without some paths. */
export function withoutPaths(ancestor: Ancestor, paths: Iterable<string>): Ancestor {
  const entries = new Map(ancestor.entries);
  for (const path of paths) entries.delete(path);
  return { ...ancestor, entries };
}

/** Returns the entries that two ancestors have in common, without some paths. */
export function commonEntries(
  one: Ancestor,
  other: Ancestor,
  without: ReadonlySet<string>,
): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const [path, entry] of one.entries) {
    if (!without.has(path) && sameEntry(entry, other.entries.get(path))) entries.set(path, entry);
  }
  return entries;
}

const formatName = "kodama-sync-ancestor-1";

/** Returns the ancestor as text: a header, a line for each entry, and a last line that proves it complete. */
export function encodeAncestor({ roots, agreements, entries }: Ancestor): string {
  const lines = [...entries].map((pair) => JSON.stringify(pair));
  const text = [JSON.stringify({ format: formatName, roots, agreements }), ...lines, ""].join("\n");
  return `${text}${JSON.stringify({ entries: entries.size, check: checkOf(text) })}\n`;
}

/**
 * Parses an ancestor; undefined if anything of it is missing or changed, which means that nothing is known, so that
 * both sides are merged and nothing is deleted. Throws a {@link KodamaError} for the text of a newer kodama, which must
 * not be overwritten.
 */
export function decodeAncestor(text: string): Ancestor | undefined {
  const end = text.lastIndexOf("\n", text.length - 2) + 1;
  const lines = text.slice(0, Math.max(0, end - 1)).split("\n").map(parsedJson);
  const head = lines[0];
  if (isRecord(head) && typeof head.format === "string" && head.format !== formatName) {
    throw new KodamaError("config", `the state of this sync has the format "${head.format}"`, {
      hint: "it was written by another version of kodama: use that one",
    });
  }
  const tail = parsedJson(text.slice(end));
  if (!isRecord(head) || !isRecord(tail) || !isRecord(head.roots)) return undefined;
  const { local, remote } = head.roots;
  if (typeof local !== "string" || typeof remote !== "string") return undefined;
  if (tail.entries !== lines.length - 1 || tail.check !== checkOf(text.slice(0, end))) {
    return undefined;
  }
  const entries = new Map<string, Entry>();
  for (const line of lines.slice(1)) {
    if (!isPair(line)) return undefined;
    entries.set(line[0], line[1]);
  }
  const agreements = agreementsIn(head);
  return { roots: { local, remote }, ...(agreements && { agreements }), entries };
}

/** Returns the agreements of a stored text; undefined if it has none. */
export function agreementsIn(value: object): string[] | undefined {
  if (!("agreements" in value) || !Array.isArray(value.agreements)) return undefined;
  return value.agreements.filter((one: unknown) => typeof one === "string");
}

function isPair(value: unknown): value is [string, Entry] {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [path, entry]: unknown[] = value;
  return typeof path === "string" && !unsafePath(path) && isEntry(entry);
}

function isEntry(value: unknown): value is Entry {
  if (!isRecord(value)) return false;
  if (value.kind === "folder") return true;
  if (value.kind === "symlink") return typeof value.target === "string";
  const numbers = [value.size, value.mtimeMs, value.mode];
  return value.kind === "file" && typeof value.digest === "string" &&
    numbers.every((number) => typeof number === "number");
}

/** FNV-1a over the code units: against torn and damaged files, not against forgery. */
function checkOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
