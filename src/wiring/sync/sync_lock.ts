/** The lock of a synchronisation: held by its process for as long as that lives, whatever ends it (flock(2)). */
import { isAbsent } from "../files.ts";

/** Looking whether a lock is held takes it for a moment: one that can't be had is tried so often. */
const tries = { count: 5, everyMs: 10 };

/** Takes the lock, or gives undefined where another process has it. */
export async function tryLock(path: string): Promise<Disposable | undefined> {
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  for (let attempt = 1; attempt <= tries.count; attempt++) {
    if (await file.tryLock(true)) return { [Symbol.dispose]: () => file.close() };
    await new Promise((resolve) => setTimeout(resolve, tries.everyMs));
  }
  file.close();
  return undefined;
}

/** Whether a process has it. */
export async function isHeld(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
  using lock = await tryLock(path);
  return lock === undefined;
}
