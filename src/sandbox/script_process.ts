/** A script's process: lines in, lines out, and a guaranteed end whatever the script does. */
import { KodamaError } from "../base/errors.ts";
import { messageLimits } from "./messages.ts";

/** How a process ended. */
export interface ProcessEnd {
  code: number;
  signal: string | null;
  /** The start of its standard error: last messages of Deno and V8. */
  stderr: string;
}

/** Maximum number of characters of standard error that are stored. */
const maxStderr = 16 * 1024;

/** Thrown for a line on standard output that is longer than any message may be. */
export class LineTooLong extends Error {}

/** A running process. Disposing of it kills it, and waits until it has exited. */
export class ScriptProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stdout: ReadableStreamDefaultReader<Uint8Array>;
  readonly #stderr: ReadableStreamDefaultReader<Uint8Array>;
  readonly #lastWords: Promise<string>;
  readonly #encoder = new TextEncoder();

  private constructor(child: Deno.ChildProcess, readonly killsGroup: boolean) {
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#stdout = child.stdout.getReader();
    this.#stderr = child.stderr.getReader();
    this.#lastWords = firstText(this.#stderr);
  }

  /**
   * Starts it in the folder. With `killsGroup`, programs that it has started are killed with it.
   *
   * @throws KodamaError `environment` if the program can't be started.
   */
  static start(
    argv: readonly string[],
    options: { killsGroup: boolean; folder: string },
  ): ScriptProcess {
    const [program = "", ...args] = argv;
    try {
      const child = new Deno.Command(program, {
        args,
        cwd: options.folder,
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
        // A process group of its own: kodama handles Ctrl-C on the terminal.
        detached: true,
      }).spawn();
      return new ScriptProcess(child, options.killsGroup);
    } catch (error) {
      const reason = error instanceof Deno.errors.NotFound
        ? `${program} or the folder ${options.folder} not found`
        : error instanceof Error
        ? error.message
        : String(error);
      throw new KodamaError("environment", `scripts can't be run: ${reason}`, {
        cause: error,
      });
    }
  }

  /** Resolves when the line is written to the pipe; a line to a process that has exited is dropped. */
  async send(line: string): Promise<void> {
    // It has exited in the meantime: `end` reports how.
    await this.#input.write(this.#encoder.encode(`${line}\n`)).catch(() => {});
  }

  /**
   * Yields lines of standard output until it is closed. Unread output stays in the pipe, and slows the process.
   *
   * @throws LineTooLong
   */
  async *lines(): AsyncGenerator<string, void> {
    const decoder = new TextDecoder();
    let held = "";
    for (;;) {
      const { value, done } = await this.#stdout.read();
      if (done) break;
      const parts = (held + decoder.decode(value, { stream: true })).split("\n");
      held = parts.pop() ?? "";
      if (held.length > messageLimits.length) throw new LineTooLong();
      yield* parts;
    }
    if (held !== "") yield held;
  }

  /** Resolves when it has exited. */
  async end(): Promise<ProcessEnd> {
    const { code, signal } = await this.#child.status;
    return { code, signal, stderr: await this.#lastWords };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.killsGroup) await killGroup(this.#child.pid);
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It has already exited.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#input.abort().catch(() => {});
    // An orphaned program may hold the other ends open: we don't wait for it.
    await this.#stdout.cancel();
    await this.#stderr.cancel();
    await this.#child.status;
  }
}

/** Deno with a list of allowed programs can only signal its own children: a shell does the rest. */
async function killGroup(leader: number): Promise<void> {
  await new Deno.Command("sh", {
    args: ["-c", 'kill -s KILL -- "-$1"', "sh", String(leader)],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
}

/** Reads to the end even beyond the limit: a full pipe would block the process forever. */
async function firstText(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return text.slice(0, maxStderr);
    if (text.length < maxStderr) text += decoder.decode(value, { stream: true });
  }
}
