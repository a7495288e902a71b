/**
 * Which process a number stands for. Numbers are given anew: a process is named by its number and the
 * moment of its start, so that nothing is ever sent to a stranger that has its number now.
 */

/** The start of a process as the machine counts it; undefined where there is no such process. */
export async function processStart(pid: number): Promise<string | undefined> {
  return Deno.build.os === "linux" ? await linuxStart(pid) : await posixStart(pid);
}

/** proc(5): the 22nd field of `stat`, in ticks since the boot. The name in brackets may hold anything. */
async function linuxStart(pid: number): Promise<string | undefined> {
  try {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended: only its parent doesn't know yet.
    if (state === "Z" || state === "X") return undefined;
    const boot = await Deno.readTextFile("/proc/sys/kernel/random/boot_id");
    return `${boot.trim()}/${fields[18]}`;
  } catch (error) {
    // ESRCH: it ended between the opening and the reading of the file.
    if (error instanceof Deno.errors.NotFound || isNoSuchProcess(error)) return undefined;
    throw error;
  }
}

function isNoSuchProcess(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ESRCH";
}

async function posixStart(pid: number): Promise<string | undefined> {
  const { success, stdout } = await new Deno.Command("ps", {
    args: ["-o", "lstart=", "-p", String(pid)],
    env: { LC_ALL: "C" },
    stderr: "null",
  }).output();
  const text = new TextDecoder().decode(stdout).trim();
  return success && text !== "" ? text : undefined;
}

/** Whether the very process still lives. */
export async function isAlive(process: { pid: number; processStart: string }): Promise<boolean> {
  return await processStart(process.pid) === process.processStart;
}

/** Sends a signal to that very process; false where it has ended. */
export async function signalProcess(
  process: { pid: number; processStart: string },
  signal: "SIGTERM" | "SIGKILL",
): Promise<boolean> {
  if (!await isAlive(process)) return false;
  try {
    Deno.kill(process.pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
