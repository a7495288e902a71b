/**
 * The ancestor between runs: a full state, and a journal of later changes, so that one saved file costs one line. A
 * truncated journal ends at the cut: it then knows less, and never more.
 */
import { type Ancestor, type Entry, sameEntry } from "../core/model.ts";
import { agreementsIn, decodeAncestor, encodeAncestor } from "../core/ancestor.ts";

/** The two files of the store. */
export interface AncestorFiles {
  /** Returns undefined if there is none. */
  readBase(): Promise<string | undefined>;
  readJournal(): Promise<string>;
  /** Replaces the base atomically, and starts an empty journal. */
  replaceBase(text: string): Promise<void>;
  /** Appends to the journal; with `durable` it resolves when the line would survive a loss of power. */
  append(line: string, durable: boolean): Promise<void>;
}

/** Lines after which the journal is merged into the base. */
const longestJournal = 5000;
/** From this many changes at once, writing the base is cheaper. */
const mostChanges = 500;

/** The ancestor as its only writer has it. */
export class AncestorStore {
  #ancestor: Ancestor | undefined;
  #lines = 0;
  /** Identifies the base that a journal belongs to. */
  #generation = "";

  private constructor(private readonly files: AncestorFiles) {}

  /** Throws KodamaError for a state that a newer kodama has written. */
  static async open(files: AncestorFiles): Promise<AncestorStore> {
    const store = new AncestorStore(files);
    const base = await files.readBase();
    const ancestor = base === undefined ? undefined : decodeAncestor(base);
    if (ancestor === undefined || base === undefined) return store;
    store.#generation = generationOf(base);
    store.#ancestor = store.#replayed(ancestor, await files.readJournal());
    return store;
  }

  /** The state that both sides last agreed on; undefined if that isn't known. */
  get ancestor(): Ancestor | undefined {
    return this.#ancestor;
  }

  /** Adopts an ancestor within the scope, or all of it if there is none. Resolves when it is saved. */
  async save(next: Ancestor, scope?: ReadonlySet<string>): Promise<void> {
    const old = this.#ancestor;
    const sameRoots = old !== undefined && old.roots.local === next.roots.local &&
      old.roots.remote === next.roots.remote;
    if (!sameRoots) {
      if (scope === undefined || old === undefined) return await this.#replace(next);
    }
    const before = old?.entries ?? new Map<string, Entry>();
    const paths = scope ?? new Set([...before.keys(), ...next.entries.keys()]);
    const changes: [string, Entry | null][] = [];
    for (const path of paths) {
      const [was, is] = [before.get(path), next.entries.get(path)];
      if (!sameEntry(was, is)) changes.push([path, is ?? null]);
    }
    const agreements = next.agreements ?? [""];
    const sameAgreements = String(agreements) === String(old?.agreements ?? [""]);
    if (changes.length === 0 && sameAgreements) return;
    const isLong = changes.length > mostChanges || this.#lines >= longestJournal;
    // Removals, and the agreements to come, must be durable before anything is changed; entries may be rediscovered.
    const durable = agreements.length > 1 || changes.some(([, entry]) => entry === null);
    const line: Line = { of: this.#generation, at: this.#lines, agreements, changes };
    if (!isLong) await this.#append(lineOf(line), durable);
    // In place: this is its only owner, and it is large.
    const entries = before as Map<string, Entry>;
    for (const [path, entry] of changes) change(entries, path, entry);
    const ancestor = { roots: next.roots, agreements, entries };
    if (isLong) return await this.#replace(ancestor);
    this.#lines += 1;
    this.#ancestor = ancestor;
  }

  /** A line after a torn line would not be read: the next change writes the whole base again. */
  async #append(line: string, durable: boolean): Promise<void> {
    const lines = this.#lines;
    this.#lines = longestJournal;
    await this.files.append(line, durable);
    this.#lines = lines;
  }

  async #replace(ancestor: Ancestor): Promise<void> {
    const text = encodeAncestor(ancestor);
    const generation = generationOf(text);
    await this.files.replaceBase(text);
    [this.#ancestor, this.#lines, this.#generation] = [ancestor, 0, generation];
  }

  #replayed(base: Ancestor, journal: string): Ancestor {
    const entries = new Map(base.entries);
    let { agreements } = base;
    for (const text of journal.split("\n")) {
      const line = parsedLine(text);
      // A line that isn't the next line belongs to another state of the two files.
      const isNext = line?.of === this.#generation && (line.at ?? this.#lines) === this.#lines;
      if (line === undefined || !isNext) {
        if (text !== "") this.#lines = longestJournal;
        break;
      }
      for (const [path, entry] of line.changes) change(entries, path, entry);
      agreements = line.agreements;
      this.#lines += 1;
    }
    return { ...base, ...(agreements && { agreements }), entries };
  }
}

function change(entries: Map<string, Entry>, path: string, entry: Entry | null): void {
  if (entry === null) entries.delete(path);
  else entries.set(path, entry);
}

/** Returns the check in a base's last line, which identifies the base well enough for a journal. */
function generationOf(base: string): string {
  return /"check":(\d+)\}\n$/.exec(base.slice(-100))?.[1] ?? "";
}

/** A line of the journal. */
interface Line {
  /** The base that it belongs to. */
  of: string;
  /** How many lines are before it; earlier versions didn't write that. */
  at?: number;
  agreements: readonly string[];
  changes: readonly [string, Entry | null][];
}

function lineOf(line: Line): string {
  const text = JSON.stringify(line);
  return `${text.length} ${text}\n`;
}

/** Parses a line; undefined if it is incomplete. */
function parsedLine(line: string): Line | undefined {
  const at = line.indexOf(" ");
  const text = line.slice(at + 1);
  if (at < 1 || Number(line.slice(0, at)) !== text.length) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("changes" in value)) return undefined;
    // Our own file, with a matching length: a torn line doesn't get this far.
    const written = value as Line;
    return { ...written, agreements: agreementsIn(value) ?? [""] };
  } catch {
    return undefined;
  }
}
