/**
 * The processes of a rig. All of them live in one process namespace, so the end of its first process,
 * the holder, is the end of all: shims and containers, and with them the rig's mounts and network.
 */
import { hangLimitMs } from "../harness/hang_limit.ts";
import { markerVariable } from "./layout.ts";

/** A process, distinguished from a later one with the same id by its start. */
export interface ProcessId {
  pid: number;
  /** Clock ticks after boot: field 22 of `/proc/PID/stat`, see proc(5). */
  startTicks: number;
}

/** Returns the process that now has this id, or undefined if there is none. One that has ended counts as none. */
export async function identify(pid: number): Promise<ProcessId | undefined> {
  const fields = await statFields(pid);
  if (fields === undefined) return undefined;
  if (fields[0] === "Z" && await threadCount(pid) <= 1) return undefined;
  return { pid, startTicks: Number(fields[19]) };
}

/** Returns whether this very process still runs. */
export async function isAlive(process: ProcessId): Promise<boolean> {
  return (await identify(process.pid))?.startTicks === process.startTicks;
}

/** Sends a signal to this very process. Returns false if it has ended already. */
export async function signalProcess(process: ProcessId, signal: Deno.Signal): Promise<boolean> {
  if (!await isAlive(process)) return false;
  try {
    Deno.kill(process.pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Kills a process and waits until the kernel has released all of it. */
export async function killAndWait(process: ProcessId): Promise<void> {
  if (!await signalProcess(process, "SIGKILL")) return;
  await until(`the end of process ${process.pid}`, async () => !await isAlive(process));
}

/**
 * Returns the processes whose environment carries a mark of the rig: also those of an `up`, or of a run of the tests,
 * that was killed.
 */
export async function markedProcesses(
  id: string,
  variable: string = markerVariable,
): Promise<ProcessId[]> {
  const found: ProcessId[] = [];
  for await (const entry of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(entry.name)) continue;
    // Identified before its environment is read: an id that is reused in between doesn't match.
    const process = await identify(Number(entry.name));
    if (process === undefined) continue;
    const environment = await readProc(`/proc/${entry.name}/environ`) ?? "";
    if (environment.split("\0").includes(`${variable}=${id}`)) found.push(process);
  }
  return found;
}

/** Returns the ids of a process's children. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readProc(`/proc/${pid}/task/${pid}/children`) ?? "";
  return text.split(" ").filter(Boolean).map(Number);
}

/** Returns a process's id in its own process namespace: the last one of `NSpid`, see proc(5). */
export async function innerProcessId(pid: number): Promise<number | undefined> {
  const ids = /^NSpid:\s+(.*)$/m.exec(await readProc(`/proc/${pid}/status`) ?? "")?.[1];
  return ids === undefined ? undefined : Number(ids.split(/\s+/).at(-1));
}

/** Returns the program's name, at most 15 characters. */
export async function programName(pid: number): Promise<string | undefined> {
  return (await readProc(`/proc/${pid}/comm`))?.trim();
}

/** Polls every 20 ms until the condition holds. @throws if it doesn't within the time. */
export async function until(
  what: string,
  isSo: () => Promise<boolean>,
  timeoutMs = hangLimitMs,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!await isSo()) {
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs / 1000} s for ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Returns the fields of `/proc/PID/stat` after the name, which may itself hold spaces and brackets. */
async function statFields(pid: number): Promise<string[] | undefined> {
  const text = await readProc(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** Returns the number of threads: a zombie with several still has its files and sockets, only its first has ended. */
async function threadCount(pid: number): Promise<number> {
  return (await Array.fromAsync(Deno.readDir(`/proc/${pid}/task`)).catch(() => [])).length;
}

/** Reads a file of a process, which may end, or become unreadable, at any moment: then there is nothing to read. */
async function readProc(path: string): Promise<string | undefined> {
  return await Deno.readTextFile(path).catch(() => undefined);
}
