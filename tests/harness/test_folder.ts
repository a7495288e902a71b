/** Temporary folders that don't outlive a run of tests for long, however it ended. */
import { removeFolder } from "../../packages/cluster/node/tools.ts";
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

  /** The lock is held until the folder is gone: another test would remove an unlocked one at the same time. */
  async [Symbol.asyncDispose](): Promise<void> {
    using _lock = this.lock;
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Removes the folders of runs that were killed. */
export async function removeAbandoned(parent: string, prefix: string): Promise<void> {
  let removed = 0;
  for await (const { name, isDirectory } of Deno.readDir(parent)) {
    if (!isDirectory || !name.startsWith(prefix)) continue;
    using lock = await lockAbandoned(`${parent}/${name}`);
    if (lock === undefined) continue;
    await removeFolder(`${parent}/${name}`);
    if (++removed === maxRemoved) return;
  }
}

/** Returns the lock of a folder that nothing uses. It is never created: its folder may be about to be removed. */
async function lockAbandoned(folder: string): Promise<Disposable | undefined> {
  const path = `${folder}/${lockName}`;
  const { mtime } = await Deno.stat(path).catch(ignoreForeign) ?? {};
  if (!mtime || Date.now() - mtime.getTime() < youngMs) return undefined;
  const file = await Deno.open(path, { write: true }).catch(ignoreForeign);
  if (file === undefined || await file.tryLock(true)) return file;
  file.close();
  return undefined;
}

/** Another test may remove its folder meanwhile, and another user's can't be entered. */
function ignoreForeign(error: unknown): undefined {
  const { NotFound, PermissionDenied } = Deno.errors;
  if (!(error instanceof NotFound || error instanceof PermissionDenied)) throw error;
}
