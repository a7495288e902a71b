/** The state of a rig that is saved between two calls of the driver. */
import type { Layout } from "./layout.ts";
import { isAlive, type ProcessId } from "./processes.ts";

/** A rig that is up. Written when everything runs, so a file means a whole rig, or one that has been whole. */
export interface RigState {
  /** First process of the rig's namespaces. */
  holder: ProcessId;
  /** containerd and the parts of Kubernetes by name. */
  parts: Record<string, ProcessId>;
  /** `https://address:port`, reachable from this machine alone. */
  server: string;
  /** The rig's executable: if it differs, a running rig is of another version. */
  executable: string;
  /** A kubectl of the cluster's own version. */
  kubectl: string;
}

/** Returns what remains of a rig, or undefined if none was ever whole. */
export async function readState(layout: Layout): Promise<RigState | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(layout.stateFile);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return JSON.parse(text);
}

/** Writes the state atomically: a concurrent reader sees the old one or the new one. */
export async function writeState(layout: Layout, state: RigState): Promise<void> {
  const draft = `${layout.stateFile}.new`;
  await Deno.writeTextFile(draft, JSON.stringify(state, null, 2) + "\n");
  await Deno.rename(draft, layout.stateFile);
}

/** Returns the names of the parts that have ended. */
export async function deadParts(state: RigState): Promise<string[]> {
  const all = Object.entries({ holder: state.holder, ...state.parts });
  const alive = await Promise.all(all.map(([, process]) => isAlive(process)));
  return all.filter((_, index) => !alive[index]).map(([name]) => name);
}

/** Returns whether a killed test left a fault in the rig, which no one will undo. */
export async function isLeftHurt(layout: Layout): Promise<boolean> {
  const faults = await Array.fromAsync(Deno.readDir(layout.faults)).catch(() => []);
  for (const { name } of faults) {
    const owner: ProcessId = JSON.parse(await Deno.readTextFile(`${layout.faults}/${name}`));
    if (!await isAlive(owner)) return true;
  }
  return false;
}

/** Runs `work` while no other `up` or `down` of the same rig runs. The kernel releases the lock if we are killed. */
export async function locked<T>(layout: Layout, work: () => Promise<T>): Promise<T> {
  using file = await lockFileOf(layout.lockFile);
  await file.lock(true);
  return await work();
}

/** As {@link locked}, for a whole run of the tests. `wait` is called if another one has to end first. */
export async function testing<T>(
  layout: Layout,
  { wait }: { wait: () => void },
  work: () => Promise<T>,
): Promise<T> {
  using file = await lockFileOf(layout.testsLockFile);
  if (!await file.tryLock(true)) {
    wait();
    await file.lock(true);
  }
  return await work();
}

async function lockFileOf(path: string): Promise<Deno.FsFile> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  return await Deno.open(path, { create: true, write: true });
}
