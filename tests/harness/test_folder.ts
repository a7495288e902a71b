/** Temporary folders that don't outlive a run of tests for long, however it ended. */
import { type FileLock, tryFileLock } from "../../src/daemon/file_lock.ts";

/** A lock that is released when its holder ends: it distinguishes a folder whose test was killed from one in use. */
const lockName = ".in-use";

/** A folder this young may be about to be locked. */
const youngMs = 60_000;

/** The maximum checked in one start: enough to keep up, and no start waits for the cleanup of many. */
const maxRemoved = 16;

/** A folder of its own; removed when it is disposed of. Those of the same prefix without a holder are removed first. */
export class TestFolder implements AsyncDisposable {
  private constructor(readonly path: string, private readonly lock: FileLock) {}

  static async open(prefix: string): Promise<TestFolder> {
    const path = await Deno.makeTempDir({ prefix });
    const lock = await tryFileLock(`${path}/${lockName}`);
    if (lock === undefined) throw new Error(`${path} is in use`);
    await removeAbandoned(path.slice(0, path.lastIndexOf("/")), prefix);
    return new TestFolder(path, lock);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.lock[Symbol.dispose]();
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Removes the folders of runs that were killed. */
export async function removeAbandoned(parent: string, prefix: string): Promise<void> {
  let removed = 0;
  for await (const { name, isDirectory } of Deno.readDir(parent)) {
    if (!isDirectory || !name.startsWith(prefix)) continue;
    if (await isAbandoned(`${parent}/${name}`)) {
      // Another run may be removing it too.
      await Deno.remove(`${parent}/${name}`, { recursive: true }).catch(ignoreMissing);
      if (++removed === maxRemoved) return;
    }
  }
}

async function isAbandoned(folder: string): Promise<boolean> {
  const path = `${folder}/${lockName}`;
  const { mtime } = await Deno.stat(path).catch(ignoreMissing) ?? {};
  if (mtime === undefined || mtime === null || Date.now() - mtime.getTime() < youngMs) return false;
  using lock = await tryFileLock(path).catch(ignoreMissing);
  return lock !== undefined;
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
