/**
 * Which process a number stands for. Numbers are given anew: a process is named by its number and the
 * moment of its start, so that nothing is ever sent to a stranger that has its number now.
 */

/** The start of a process as the machine counts it; undefined where there is no such process. */
export async function processStart(pid: number): Promise<string | undefined> {
  return Deno.build.os === "linux" ? await linuxStart(pid) : await posixStart(pid);
}

/**
 * proc(5): the 22nd field of `stat`, in ticks since the boot. The name in brackets may hold anything.
 * Read by cat: Deno itself opens /proc only to a program that is allowed everything.
 */
async function linuxStart(pid: number): Promise<string | undefined> {
  const { success, stdout } = await new Deno.Command("cat", {
    args: ["/proc/sys/kernel/random/boot_id", `/proc/${pid}/stat`],
    stderr: "null",
  }).output();
  if (!success) return undefined;
  const [boot = "", stat = ""] = new TextDecoder().decode(stdout).split("\n");
  const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A zombie has ended: only its parent doesn't know yet.
  return state === "Z" || state === "X" ? undefined : `${boot}/${fields[18]}`;
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
