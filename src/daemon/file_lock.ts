/** A lock that is released when its holder ends, however it ends: flock(2). */

/** A held lock. */
export type FileLock = Disposable;

/** A check holds a shared lock for a moment, which is longer if its process is slow. */
const checks = { count: 1000, everyMs: 10 };

const pauseForChecks = () => new Promise<void>((resolve) => setTimeout(resolve, checks.everyMs));

/**
 * Takes the lock of a file. Returns undefined if another process holds it.
 *
 * @param pause waits while others only check the lock.
 */
export async function tryFileLock(
  path: string,
  pause: () => Promise<void> = pauseForChecks,
): Promise<FileLock | undefined> {
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  for (let attempt = 1; attempt <= checks.count; attempt++) {
    if (await file.tryLock(true)) return { [Symbol.dispose]: () => release(file) };
    // A holder excludes a shared lock too; only checks let one beside them.
    if (!await file.tryLock(false)) break;
    await file.unlock();
    await pause();
  }
  file.close();
  return undefined;
}

/**
 * Releases a lock at once. Closing its file may do so later: a process that another thread is starting has a copy of each
 * open file until it executes its program.
 */
function release(file: Deno.FsFile): void {
  file.unlockSync();
  file.close();
}

/** Returns whether the lock of a file is held. */
export async function isLocked(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path, { read: true });
    return !await file.tryLock(false);
  } catch (error) {
    const { NotFound, NotADirectory } = Deno.errors;
    if (error instanceof NotFound || error instanceof NotADirectory) return false;
    throw error;
  }
}
