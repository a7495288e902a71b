/** Processes of synchronisations: which one a number stands for, and how one begins in the background. */

/** The start of a process, by which its number is told from another's later; "" where there is none. */
export async function processStart(pid: number): Promise<string> {
  // Deno itself opens /proc only to a program that is allowed everything; `sh` is listed.
  const script = Deno.build.os === "linux"
    ? 'cat /proc/sys/kernel/random/boot_id "/proc/$1/stat"'
    : 'LC_ALL=C ps -o lstart= -p "$1"';
  const { success, stdout } = await new Deno.Command("sh", {
    args: ["-c", script, "sh", String(pid)],
    stdin: "null",
    stderr: "null",
  }).output();
  const text = new TextDecoder().decode(stdout).trim();
  if (!success || Deno.build.os !== "linux") return success ? text : "";
  const [boot = "", stat = ""] = text.split("\n");
  // proc(5): the name in brackets may hold anything; the start is the 22nd field.
  return `${boot}/${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""}`;
}

/** Ends that very process at once, and nothing where its number is another's now. */
export async function killProcess(process: { pid: number; processStart: string }): Promise<void> {
  if (process.processStart === "" || await processStart(process.pid) !== process.processStart) {
    return;
  }
  await new Deno.Command("sh", {
    args: ["-c", 'kill -9 "$1"', "sh", String(process.pid)],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
}

/** The file is its owner's alone, whoever made the one before it; files of the process itself are as everybody's. */
const intoOwnFile = 'rm -f "$0"; (umask 077; : >"$0"); exec "$@" >>"$0" 2>&1';

/** What begins in the background. */
export interface BackgroundCommand {
  words: readonly string[];
  /** What it writes goes there. */
  output: string;
  /** A folder that stays for as long as it runs. */
  folder: string;
  environment: Readonly<Record<string, string>>;
}

/** Begins a process of a session of its own: neither Ctrl-C nor the end of this terminal is meant for it. */
export function startBackground(
  { words, output, folder, environment }: BackgroundCommand,
): { ended: Promise<void>; release: () => void } {
  const child = new Deno.Command("sh", {
    args: ["-c", intoOwnFile, output, ...words],
    cwd: folder,
    env: { ...environment },
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  return { ended: child.status.then(() => {}), release: () => child.unref() };
}
