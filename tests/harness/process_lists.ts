/** The process lists of this machine while a test runs, as any user of it sees them. Linux only: proc(5). */

/** The interval of two lists: shorter than any program runs that works with a cluster. */
const everyMs = 100;

/** Takes lists until it is disposed of. Pods whose node is this machine are in them. */
export class ProcessLists implements AsyncDisposable {
  /** Every command line that was seen, its args separated by blanks. */
  readonly seen = new Set<string>();
  #ended = false;
  #wake: () => void = () => {};
  readonly #taking: Promise<void>;

  constructor() {
    this.#taking = this.#keepTaking();
  }

  /** Takes one now, in any case: while something short is known to run. */
  async take(): Promise<void> {
    for (const line of await processList()) this.seen.add(line);
  }

  async #keepTaking(): Promise<void> {
    while (!this.#ended) {
      await this.take();
      // A list shows one moment: a process that starts and ends between two of them isn't seen.
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, everyMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#wake();
    await this.#taking;
  }
}

/** A process of this machine. */
interface Process {
  pid: number;
  /** The id of its session's leader. */
  session: number;
  /** A letter of proc(5): `Z` has ended. */
  state: string;
  /** Its args, separated by blanks. */
  args: string;
}

/** Returns all processes now. They are read by programs: Deno opens /proc only with all permissions. */
export async function processes(): Promise<Process[]> {
  const read = new Deno.Command("sh", {
    args: ["-c", "cat /proc/[0-9]*/stat; tail -v -n +1 /proc/[0-9]*/cmdline"],
    // A process that has ended since its number was found has no files any more.
    stderr: "null",
  });
  const text = new TextDecoder().decode((await read.output()).stdout);
  const [stats = "", ...commands] = text.split(/^==> \/proc\/(?=\d+\/cmdline <==$)/m);
  const args = new Map(commands.map((command) => {
    const [, pid, line = ""] = /^(\d+)\/cmdline <==\n([^]*)/.exec(command) ?? [];
    return [Number(pid), line.replaceAll("\0", " ").trim()];
  }));
  return stats.trim().split("\n").map((stat) => {
    const pid = Number.parseInt(stat);
    // A program's name may contain anything, even a parenthesis.
    const [state = "", , , session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { pid, session: Number(session), state, args: args.get(pid) ?? "" };
  });
}

/** Returns the command lines of all processes now. */
export async function processList(): Promise<string[]> {
  return (await processes()).map(({ args }) => args).filter((args) => args !== "");
}
