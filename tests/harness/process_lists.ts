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

/** Returns the command lines of all processes now. */
export async function processList(): Promise<string[]> {
  const lines: string[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    // One that has ended since its number was read has no command line any more.
    const words = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (words !== "") lines.push(words.replaceAll("\0", " ").trim());
  }
  return lines;
}
