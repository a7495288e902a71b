/** A lock that its holder's end lets go of, whatever that end is: flock(2). */

/** A held lock. */
export type FileLock = Disposable;

/** Takes the lock of a file, or gives undefined where another process holds it. */
export async function tryFileLock(path: string): Promise<FileLock | undefined> {
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  if (await file.tryLock(true)) return { [Symbol.dispose]: () => file.close() };
  file.close();
  return undefined;
}

/** Whether another process holds the lock of a file. */
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
