/**
 * The state that a persistent cluster saves: its objects, its claims, its port.
 *
 * `kept.json` is written last, once the world is complete: without it, other files are from an interrupted start, and
 * the cluster starts again. Every cluster saves its authority, which isn't handled here.
 */
import { replaceFile } from "../files/own_files.ts";
import * as v from "valibot";
import { KodamaError } from "../base/errors.ts";
import type { StoreEvent } from "./model.ts";
import type { Journal } from "./store/journal.ts";
import type { StoreSnapshot } from "./store/store.ts";

const savedShape = v.object({
  version: v.literal(1),
  /** As it was requested: `weka:drives=50`. */
  world: v.string(),
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
});

/** The content of `kept.json`. */
export type SavedCluster = v.InferOutput<typeof savedShape>;

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
  const { openJournal } = await import("./store/journal.ts");
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
