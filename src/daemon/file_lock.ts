/** A lock that is released when its holder ends, however it ends: flock(2). */

import { KodamaError } from "../base/errors.ts";
import { ifPresent, ifPresentSync } from "../files/errors.ts";

/** A held lock. */
export interface FileLock extends Disposable {
  /** Returns whether the file is still at its path: otherwise another process can take a lock there. */
  isAtPath(): boolean;
}

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
    if (await file.tryLock(true)) return heldLock(path, file);
    // A holder excludes a shared lock too; only checks let a lock beside them.
    if (!await file.tryLock(false)) break;
    await file.unlock();
    await pause();
  }
  file.close();
  return undefined;
}

function heldLock(path: string, file: Deno.FsFile): FileLock {
  const { dev, ino } = file.statSync();
  return {
    isAtPath() {
      const now = ifPresentSync(() => Deno.statSync(path));
      return now?.dev === dev && now.ino === ino;
    },
    [Symbol.dispose]: () => release(file),
  };
}

/** How long another process may hold a lock for a change: it is no more than a read and a write. */
const changeLimitMs = 10_000;

/**
 * Does work while no other process does work under the same lock.
 *
 * @param pause waits while another process holds it.
 * @throws KodamaError `timeout` if another process holds it for ten seconds.
 */
export async function underLock<T>(
  path: string,
  work: () => Promise<T>,
  pause: () => Promise<void> = pauseForChecks,
): Promise<T> {
  for (let waitedMs = 0; waitedMs < changeLimitMs; waitedMs += checks.everyMs) {
    using lock = await tryFileLock(path, pause);
    if (lock !== undefined) return await work();
    await pause();
  }
  throw new KodamaError("timeout", `another kodama holds ${path}`, {
    hint: "run the same command again; if that doesn't help, look for a kodama that hangs",
  });
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
  using file = await ifPresent(() => Deno.open(path, { read: true }));
  return file !== undefined && !await file.tryLock(false);
}
