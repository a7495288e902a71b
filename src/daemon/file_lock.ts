/** A lock that is released when its holder ends, however it ends: flock(2). */

/** A held lock. */
export type FileLock = Disposable;

/** Checking whether a lock is held takes it for a moment: a lock that is taken is tried again. */
const tries = { count: 5, everyMs: 10 };

/** Takes the lock of a file. Returns undefined if another process holds it. */
export async function tryFileLock(path: string): Promise<FileLock | undefined> {
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  for (let attempt = 1; attempt <= tries.count; attempt++) {
    if (await file.tryLock(true)) return { [Symbol.dispose]: () => file.close() };
    await new Promise((resolve) => setTimeout(resolve, tries.everyMs));
  }
  file.close();
  return undefined;
}

/** Returns whether the lock of a file is held. */
export async function isLocked(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
  } catch (error) {
    const { NotFound, NotADirectory } = Deno.errors;
    if (error instanceof NotFound || error instanceof NotADirectory) return false;
    throw error;
  }
  using lock = await tryFileLock(path);
  return lock === undefined;
}
