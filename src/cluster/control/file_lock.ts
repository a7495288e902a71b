/** A lock that its holder's end lets go of, whatever that end is: flock(2). */

/** A held lock. */
export type FileLock = Disposable;

/** Looking whether a lock is held takes it for a moment: one that can't be had is tried so often. */
const tries = { count: 5, everyMs: 10 };

/** Takes the lock of a file, or gives undefined where another holds it. */
export async function tryFileLock(path: string): Promise<FileLock | undefined> {
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  for (let attempt = 1; attempt <= tries.count; attempt++) {
    if (await file.tryLock(true)) return { [Symbol.dispose]: () => file.close() };
    await new Promise((resolve) => setTimeout(resolve, tries.everyMs));
  }
  file.close();
  return undefined;
}

/** Whether somebody holds the lock of a file. */
export async function isLocked(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  using lock = await tryFileLock(path);
  return lock === undefined;
}
