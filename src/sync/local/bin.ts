/**
 * Files that a synchronisation has removed or replaced on this machine, because the pod did: stored for a while, so
 * that the change can be undone. A batch is a folder named by its time, with the files at their paths.
 */
import { parentOf, upwards } from "../core/model.ts";
import { ifPresentSync, isAbsent } from "../../files/errors.ts";

/** How long, and how much, is kept. */
interface BinLimits {
  maxAgeMs: number;
  maxBytes: number;
  /** Batches that stay, whatever their age: behind a clock that has jumped, all would be old. */
  newest: number;
}

const limitsOfBin: BinLimits = {
  maxAgeMs: 7 * 24 * 3_600_000,
  maxBytes: 1024 * 1024 * 1024,
  newest: 10,
};

/** Names the folder whose files are in a bin. */
const ownerFile = "of";

/** The bins of a configuration folder, by their syncs' keys and folders. */
export interface BinPlace {
  key: string;
  /** The folder of this machine. */
  local: string;
  folder: string;
}

/** Opens the bin of a synchronisation: it outlives the process, and another folder has another bin. */
export async function openBin(
  configDir: string,
  { key, local }: Pick<BinPlace, "key" | "local">,
): Promise<Bin> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(local));
  const name = `${key}.${new Uint8Array(digest).toHex().slice(0, 8)}`;
  const folder = `${configDir}/removed/${name}`;
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(`${folder}/${ownerFile}`, local, { mode: 0o600 });
  return new Bin(folder, () => new Date());
}

/** Returns all bins, sorted by their keys. */
export async function binsIn(configDir: string): Promise<BinPlace[]> {
  const bins: BinPlace[] = [];
  try {
    for await (const { name } of Deno.readDir(`${configDir}/removed`)) {
      const folder = `${configDir}/removed/${name}`;
      const local = await Deno.readTextFile(`${folder}/${ownerFile}`).catch(() => undefined);
      if (local !== undefined) bins.push({ key: name.slice(0, -9), local, folder });
    }
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  return bins.sort((a, b) => a.key < b.key ? -1 : 1);
}

/** Batches that follow each other this closely are undone together. */
const togetherMs = 60_000;

/** Batches of files that an undo has replaced: they can't be undone themselves. */
const undoneSuffix = "-undone";

/** The bin of a synchronisation, as its process fills it. */
export class Bin {
  /** The batch that is filled; undefined before its first file. */
  #batch: string | undefined;
  #heldBytes: number | undefined;

  /** @param now the time, for names. */
  constructor(
    readonly folder: string,
    private readonly now: () => Date,
    private readonly limits: BinLimits = limitsOfBin,
  ) {}

  /** Ends the batch: later files are in another. */
  next(): void {
    if (this.#batch !== undefined) this.#prune();
    this.#batch = undefined;
  }

  /**
   * Keeps the file or link at a path of a folder. With `remove` it is gone there, otherwise it is about to be replaced.
   * Throws the system's error, and then it is still there.
   */
  keep(root: string, path: string, how: "remove" | "copy"): void {
    try {
      this.#keepIn(this.#batch ??= this.#newBatch(), { root, path, how });
    } catch (error) {
      // A path that the batch has already, or below a file of it.
      if (!isTaken(error)) throw error;
      this.#keepIn(this.#batch = this.#newBatch(), { root, path, how });
    }
  }

  #newBatch(suffix = ""): string {
    for (let at = 0;; at++) {
      const name = `${this.now().toISOString().replaceAll(/[:.]/g, "-")}-${at}${suffix}`;
      try {
        Deno.mkdirSync(this.folder, { recursive: true, mode: 0o700 });
        Deno.mkdirSync(`${this.folder}/${name}`, { mode: 0o700 });
        return name;
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      }
    }
  }

  #keepIn(
    batch: string,
    { root, path, how }: { root: string; path: string; how: "remove" | "copy" },
  ): void {
    const [from, to] = [`${root}/${path}`, `${this.folder}/${batch}/${path}`];
    const { size } = Deno.lstatSync(from);
    if (lstat(to) !== undefined) throw new Deno.errors.AlreadyExists(to);
    Deno.mkdirSync(parentPath(to), { recursive: true, mode: 0o700 });
    if (how === "remove") moveFile(from, to);
    else linkFile(from, to);
    if (this.#heldBytes !== undefined) this.#heldBytes += size;
  }

  /** Removes the oldest batches beyond the limits. */
  #prune(): void {
    const batches = batchesIn(this.folder);
    this.#heldBytes ??= batches.reduce((sum, name) => sum + bytesIn(`${this.folder}/${name}`), 0);
    for (const [at, name] of batches.entries()) {
      const isNew = batches.length - at <= this.limits.newest;
      const isOld = this.now().getTime() - timeOf(name) > this.limits.maxAgeMs && !isNew;
      if (!isOld && this.#heldBytes <= this.limits.maxBytes) continue;
      if (name === this.#batch) break;
      this.#heldBytes -= bytesIn(`${this.folder}/${name}`);
      Deno.removeSync(`${this.folder}/${name}`, { recursive: true });
    }
  }

  /**
   * Puts the files of the newest batches back, as they were before the first of these; the current files take their
   * place in the bin. Returns the paths that were restored, and the others with the reason.
   */
  undo(root: string): Undone {
    const group = newestGroup(batchesIn(this.folder));
    const restored = new Set<string>();
    const failed = new Map<string, string>();
    for (const name of group.toReversed()) {
      const batch = `${this.folder}/${name}`;
      for (const path of filesIn(batch)) {
        const reason = this.#restore(`${batch}/${path}`, { root, path });
        if (reason === undefined) restored.add(path);
        else failed.set(path, reason);
      }
      if (failed.size === 0) Deno.removeSync(batch, { recursive: true });
    }
    const at = group[0];
    return {
      ...(at === undefined ? {} : { since: new Date(timeOf(at)) }),
      restored: [...restored].sort(),
      failed: [...failed].map(([path, reason]) => ({ path, reason })),
    };
  }

  #restore(kept: string, { root, path }: { root: string; path: string }): string | undefined {
    for (const at of upwards(parentOf(path))) {
      const info = lstat(`${root}/${at}`);
      if (info !== undefined && !info.isDirectory) return `${at} is not a folder now`;
    }
    try {
      const there = lstat(`${root}/${path}`);
      if (there?.isDirectory === true) return "there is a folder now";
      if (there !== undefined) {
        this.#keepIn(this.#newBatch(undoneSuffix), { root, path, how: "copy" });
      }
      Deno.mkdirSync(parentPath(`${root}/${path}`), { recursive: true });
      moveFile(kept, `${root}/${path}`);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

/** The result of {@link Bin.undo}. */
export interface Undone {
  /** When the first of the changes was made that were undone; absent if there were none. */
  since?: Date;
  restored: readonly string[];
  failed: readonly { path: string; reason: string }[];
}

function timeOf(name: string): number {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d)-(\d{3})Z-/.exec(name);
  return parts === null ? NaN : Date.parse(`${parts[1]}:${parts[2]}:${parts[3]}.${parts[4]}Z`);
}

/** The names of all batches, the oldest first. */
function batchesIn(folder: string): string[] {
  const names = (ifPresentSync(() => [...Deno.readDirSync(folder)]) ?? []).map(({ name }) => name);
  const order = (name: string) => [timeOf(name), Number(/Z-(\d+)/.exec(name)?.[1])] as const;
  return names.filter((name) => !Number.isNaN(timeOf(name))).sort((a, b) =>
    order(a)[0] - order(b)[0] || order(a)[1] - order(b)[1]
  );
}

function newestGroup(batches: readonly string[]): string[] {
  const group: string[] = [];
  for (const name of batches.filter((one) => !one.endsWith(undoneSuffix)).toReversed()) {
    const [first] = group;
    if (first !== undefined && timeOf(first) - timeOf(name) > togetherMs) break;
    group.unshift(name);
  }
  return group;
}

function* filesIn(folder: string, below = ""): Generator<string> {
  for (const { name, isDirectory } of [...Deno.readDirSync(`${folder}/${below}`)]) {
    if (isDirectory) yield* filesIn(folder, `${below}${name}/`);
    else yield `${below}${name}`;
  }
}

function bytesIn(folder: string): number {
  let sum = 0;
  for (const path of filesIn(folder)) sum += Deno.lstatSync(`${folder}/${path}`).size;
  return sum;
}

function lstat(path: string): Deno.FileInfo | undefined {
  return ifPresentSync(() => Deno.lstatSync(path));
}

function parentPath(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/** Moves a file or link, to another file system too; a file at the new place is replaced. */
function moveFile(from: string, to: string): void {
  try {
    Deno.renameSync(from, to);
  } catch (error) {
    if (!isOtherDisk(error)) throw error;
    copyFile(from, to);
    Deno.removeSync(from);
  }
}

/** Gives a file or link a second name; a copy where there can't be any. */
function linkFile(from: string, to: string): void {
  try {
    Deno.linkSync(from, to);
  } catch (error) {
    const cannot = isOtherDisk(error) || error instanceof Deno.errors.PermissionDenied ||
      (error instanceof Error && /os error (?:1|31|38|95)\b/.test(error.message));
    if (!cannot) throw error;
    copyFile(from, to);
  }
}

function copyFile(from: string, to: string): void {
  if (Deno.lstatSync(from).isSymlink) Deno.symlinkSync(Deno.readLinkSync(from), to);
  else Deno.copyFileSync(from, to);
}

function isOtherDisk(error: unknown): boolean {
  return error instanceof Error && error.message.includes("os error 18");
}

/** The place in the batch is taken, or a file is where a folder is needed. */
function isTaken(error: unknown): boolean {
  return error instanceof Deno.errors.AlreadyExists ||
    error instanceof Deno.errors.NotADirectory ||
    (error instanceof Error && /os error (?:17|20|21)\b/.test(error.message));
}
