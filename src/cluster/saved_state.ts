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

const settledShape = v.object({
  version: v.literal(1),
  /** As it was requested: `weka:drives=50`. */
  world: v.string(),
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
});

/** The content of `kept.json`. */
export type SavedCluster = v.InferOutput<typeof settledShape>;

/** The objects of a cluster on disk, while it runs. */
export interface KeptState extends Disposable {
  /** Undefined at its first start. */
  readonly settled: SavedCluster | undefined;
  readonly snapshot: StoreSnapshot;
  record(event: StoreEvent): void;
  /** From here on nothing is recorded: the end of the cluster must not delete its users' objects. */
  freeze(): void;
  /** Records that the world is complete, and that this is the port of its kubeconfig. */
  settle(settled: Omit<SavedCluster, "version">): Promise<void>;
}

/**
 * Returns the cluster saved in a folder; undefined if there is none.
 *
 * @throws KodamaError `config` for a file that isn't one of ours.
 */
export async function readSettled(folder: string): Promise<SavedCluster | undefined> {
  const path = pathIn(folder);
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), settledShape), text);
  if (parsed.success) return parsed.output;
  throw new KodamaError("config", `${path} can't be read as the state of a cluster`, {
    hint: "restore it, or remove the folder to begin anew",
  });
}

/**
 * Opens the state of a folder that exists.
 *
 * @throws KodamaError `conflict` if it was created with another world; `config` if it can't be read.
 */
export async function openKeptState(folder: string, world: string): Promise<KeptState> {
  const settled = await readSettled(folder);
  if (settled !== undefined && settled.world !== world) {
    throw new KodamaError(
      "conflict",
      `the cluster in ${folder} began with the world ${settled.world}, not with ${world}`,
      { hint: "leave --world out to go on with it, or name another folder" },
    );
  }
  if (settled === undefined) await removeBeginning(folder);
  const { openJournal } = await import("./store/journal.ts");
  return new OpenState(folder, settled, openJournal(folder));
}

function pathIn(folder: string): string {
  return `${folder}/kept.json`;
}

/** Removes the files of a start that was interrupted before its world was complete. */
async function removeBeginning(folder: string): Promise<void> {
  for (const name of ["store.jsonl", "node"]) {
    try {
      await Deno.remove(`${folder}/${name}`, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

class OpenState implements KeptState {
  readonly snapshot: StoreSnapshot;
  #frozen = false;

  constructor(
    private readonly folder: string,
    readonly settled: SavedCluster | undefined,
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

  async settle(settled: Omit<SavedCluster, "version">): Promise<void> {
    const text = JSON.stringify({ version: 1, ...settled } satisfies SavedCluster);
    await replaceFile(pathIn(this.folder), `${text}\n`);
  }

  [Symbol.dispose](): void {
    this.journal[Symbol.dispose]();
  }
}
