/**
 * The state that a persistent cluster saves: its objects, its claims, its port.
 *
 * `kept.json` is written last, once the world is complete: without it, other files are from an interrupted start, and
 * the cluster starts again. Every cluster saves its authority, which isn't handled here.
 */
import * as v from "valibot";
import { replaceFile } from "../../src/files/own_files.ts";
import { KodamaError } from "../../src/base/errors.ts";
import { fileVersion, versionProblem } from "../../src/base/file_version.ts";
import type { ResourceType, Stored, StoreEvent } from "./model.ts";
import type { StoreSnapshot } from "./store/store.ts";
import { resourceTypes, typeKey } from "./resources.ts";

const savedShape = v.object({
  version: fileVersion(1),
  /** As it was requested: `weka:drives=50`. */
  world: v.string(),
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
});

/** The content of `kept.json`. */
type SavedCluster = v.InferOutput<typeof savedShape>;

/** The objects of a cluster on disk, while it runs. */
export interface SavedState extends Disposable {
  /** Undefined at its first start. */
  readonly saved: SavedCluster | undefined;
  readonly snapshot: StoreSnapshot;
  record(event: StoreEvent): void;
  /** From here on nothing is recorded: the end of the cluster must not delete its users' objects. */
  freeze(): void;
  /** Records that the world is complete, and that this is the port of its kubeconfig. */
  save(saved: Omit<SavedCluster, "version">): Promise<void>;
}

/**
 * Returns the cluster saved in a folder; undefined if there is none.
 *
 * @throws KodamaError `config` for a file that isn't one of ours.
 */
export async function readSavedCluster(folder: string): Promise<SavedCluster | undefined> {
  const path = pathIn(folder);
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), savedShape), text);
  if (parsed.success) return parsed.output;
  const later = versionProblem(parsed.issues);
  if (later !== undefined) throw new KodamaError("config", `${path}: ${later}`);
  throw new KodamaError("config", `${path} can't be read as the state of a cluster`, {
    hint: "restore it, or remove the folder to start again",
  });
}

/**
 * Opens the state of a folder that exists.
 *
 * @throws KodamaError `conflict` if it was created with another world; `config` if it can't be read.
 */
export async function openSavedState(folder: string, world: string): Promise<SavedState> {
  const saved = await readSavedCluster(folder);
  if (saved !== undefined && saved.world !== world) {
    throw new KodamaError(
      "conflict",
      `the cluster in ${folder} was started with the world ${saved.world}, not with ${world}`,
      { hint: "omit --world to resume it, or name another folder" },
    );
  }
  if (saved === undefined) await removeIncomplete(folder);
  return new OpenState(folder, saved, openJournal(folder));
}

function pathIn(folder: string): string {
  return `${folder}/kept.json`;
}

/** Removes the files of a start that was interrupted before its world was complete. */
async function removeIncomplete(folder: string): Promise<void> {
  for (const name of ["store.jsonl", "node"]) {
    try {
      await Deno.remove(`${folder}/${name}`, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

class OpenState implements SavedState {
  readonly snapshot: StoreSnapshot;
  #frozen = false;

  constructor(
    private readonly folder: string,
    readonly saved: SavedCluster | undefined,
    private readonly journal: Journal,
  ) {
    this.snapshot = journal.snapshot;
  }

  record(event: StoreEvent): void {
    if (!this.#frozen) this.journal.record(event);
  }

  freeze(): void {
    this.#frozen = true;
  }

  async save(saved: Omit<SavedCluster, "version">): Promise<void> {
    const text = JSON.stringify({ version: 1, ...saved } satisfies SavedCluster);
    await replaceFile(pathIn(this.folder), `${text}\n`);
  }

  [Symbol.dispose](): void {
    this.journal[Symbol.dispose]();
  }
}

/*
 * The store on disk: one line of JSON for each change, appended before the change is seen.
 *
 * Opening reads the lines, drops a last one that a crash truncated, and writes the present objects to a new file that
 * replaces the old one by a rename; the same happens while running, once most lines are outdated. At every moment one
 * whole file is there under the journal's name.
 */

/** An open journal: pass `snapshot` and `record` to `createStore`. */
interface Journal extends Disposable {
  /** The content of the lines when the journal was opened. */
  readonly snapshot: StoreSnapshot;
  /** Appends a change. Throws if the disk is full; the change is then not made. */
  record(event: StoreEvent): void;
}

type Line =
  | { version: number; put: Stored; type: string }
  | { version: number; delete: { namespace: string; name: string }; type: string }
  /** The first line after a compaction: the counter continues from here. */
  | { version: number };

/** A journal is rewritten when it has this many lines more than objects. */
const pastLinesLimit = 5_000;

const fileName = "store.jsonl";

/** Objects by kind, namespace and name, read from the lines. */
type Objects = Map<string, { type: ResourceType; object: Stored }>;

/** Opens the journal in a folder that exists. Throws if a line other than the last can't be read. */
export function openJournal(folder: string): Journal {
  const path = `${folder}/${fileName}`;
  const { objects, version } = replay(readLines(path));
  return new OpenJournal(path, objects, version);
}

class OpenJournal implements Journal {
  readonly snapshot: StoreSnapshot;
  #lines = 0;
  #file: Deno.FsFile;

  constructor(
    private readonly path: string,
    private readonly objects: Objects,
    private version: number,
  ) {
    this.snapshot = { resourceVersion: version, objects: [...objects.values()] };
    this.#file = this.#compact();
  }

  record(event: StoreEvent): void {
    const line = lineOf(event);
    append(this.#file, line);
    this.version = event.resourceVersion;
    apply(this.objects, line);
    this.#lines++;
    if (this.#lines - this.objects.size < pastLinesLimit) return;
    this.#file.close();
    this.#file = this.#compact();
  }

  [Symbol.dispose](): void {
    this.#file.syncSync();
    this.#file.close();
  }

  #compact(): Deno.FsFile {
    const draft = `${this.path}.new`;
    const file = Deno.openSync(draft, { write: true, create: true, truncate: true, mode: 0o600 });
    append(file, { version: this.version });
    for (const { type, object } of this.objects.values()) {
      append(file, { version: this.version, put: object, type: typeKey(type) });
    }
    // Before the rename: a name must never refer to bytes that a power cut could still lose.
    file.syncSync();
    Deno.renameSync(draft, this.path);
    this.#lines = this.objects.size + 1;
    return file;
  }
}

function lineOf({ kind, type, object, resourceVersion: version }: StoreEvent): Line {
  const { namespace = "", name = "" } = object.metadata;
  if (kind === "deleted") return { version, delete: { namespace, name }, type: typeKey(type) };
  return { version, put: object, type: typeKey(type) };
}

function append(file: Deno.FsFile, line: Line): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  const before = file.seekSync(0, Deno.SeekMode.End);
  try {
    for (let written = 0; written < bytes.length;) {
      written += file.writeSync(bytes.subarray(written));
    }
  } catch (error) {
    // A full disk: half a line would make the next one unreadable.
    file.truncateSync(before);
    throw error;
  }
}

function readLines(path: string): string[] {
  try {
    return Deno.readTextFileSync(path).split("\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function replay(lines: readonly string[]): { objects: Objects; version: number } {
  const objects: Objects = new Map();
  let version = 0;
  for (const [index, text] of lines.entries()) {
    // The tail after the last line's end is empty, or a line that a crash truncated: that change was never seen.
    if (index === lines.length - 1) break;
    const line = parseLine(text, index);
    version = line.version;
    apply(objects, line);
  }
  return { objects, version };
}

function parseLine(text: string, index: number): Line {
  try {
    const line: unknown = JSON.parse(text);
    if (typeof (line as Line | null)?.version === "number") return line as Line;
  } catch {
    // Reported below, together with lines that are JSON but not a change.
  }
  throw new KodamaError("environment", `line ${index + 1} of ${fileName} can't be read`, {
    hint: "restore the file, or remove it to start without the objects in it",
  });
}

const typesByKey = new Map(resourceTypes.map((type) => [typeKey(type), type]));

function apply(objects: Objects, line: Line): void {
  if (!("type" in line)) return;
  const type = typesByKey.get(line.type);
  // A kind that this version no longer serves.
  if (type === undefined) return;
  if ("put" in line) {
    const { namespace = "", name = "" } = line.put.metadata;
    objects.set(`${line.type}/${namespace}/${name}`, { type, object: line.put });
  } else {
    objects.delete(`${line.type}/${line.delete.namespace}/${line.delete.name}`);
  }
}
