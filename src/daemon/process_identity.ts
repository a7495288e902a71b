/**
 * Which process a pid identifies. Pids are reused: a process is identified by its pid and the time of its start, so
 * that a signal never reaches another process that has its pid now.
 *
 * All is done by `sh`: Deno itself opens /proc, and signals processes, only in a program that is allowed everything.
 */

/** Identifies a process even after its pid is reused. */
export interface ProcessIdentity {
  pid: number;
  /** As {@link processStart} returns it; empty if it is unknown. */
  processStart: string;
}

/** Returns the start of a process as the machine counts it; undefined if there is none, or it has exited. */
export async function processStart(pid: number): Promise<string | undefined> {
  return Deno.build.os === "linux" ? await linuxStart(pid) : await posixStart(pid);
}

/** proc(5): the 22nd field of `stat`, in ticks since the boot. The name in brackets may contain anything. */
async function linuxStart(pid: number): Promise<string | undefined> {
  const { success, stdout } = await shell(
    'cat /proc/sys/kernel/random/boot_id "/proc/$1/stat"',
    [String(pid)],
  );
  if (!success) return undefined;
  const [boot = "", stat = ""] = stdout.split("\n");
  const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A zombie has ended: only its parent hasn't noticed yet.
  return state === "Z" || state === "X" ? undefined : `${boot}/${fields[18]}`;
}

async function posixStart(pid: number): Promise<string | undefined> {
  const { success, stdout } = await shell(
    'LC_ALL=C ps -o stat= -o lstart= -p "$1"',
    [String(pid)],
  );
  const [, state = "Z", start] = /^\s*(\S+)\s+(.*\S)/.exec(stdout) ?? [];
  return success && !state.startsWith("Z") ? start : undefined;
}

/** Returns whether this very process still runs. */
export async function isAlive(process: ProcessIdentity): Promise<boolean> {
  return await processStart(process.pid) === process.processStart;
}

/**
 * Sends a signal to this very process. Returns false if it has ended.
 *
 * @throws Error if the system doesn't allow it.
 */
export async function signalProcess(
  process: ProcessIdentity,
  signal: "SIGTERM" | "SIGKILL",
): Promise<boolean> {
  if (!await isAlive(process)) return false;
  const name = signal.slice("SIG".length);
  const { success, stderr } = await shell('kill -s "$2" "$1"', [String(process.pid), name]);
  if (success) return true;
  if (!await isAlive(process)) return false;
  throw new Error(`cannot send ${signal} to process ${process.pid}: ${stderr.trim()}`);
}

async function shell(
  script: string,
  args: readonly string[],
): Promise<{ success: boolean; stdout: string; stderr: string }> {
  const { success, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", script, "sh", ...args],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
