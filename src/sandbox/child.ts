/**
 * The part that runs in the script's own process, before and around the script. kodama trusts nothing of it: a script
 * may change all that it sees, including this function's environment, and send messages in its name. The script is
 * bounded by the process's permissions and limits, and by the checks on kodama's side.
 */
import { commandMark, signalScript } from "../base/command_mark.ts";
import { KodamaError } from "../base/errors.ts";
import { messageLimits } from "./messages.ts";

/** A request or report of the script: a JSON text in a line on standard output. */
type ChildMessage =
  /** The first message: the process has its permissions, and waits for `start`. */
  | { kind: "ready" }
  | { kind: "call"; id: number; name: string; request: unknown }
  | { kind: "log"; line: string }
  | { kind: "output"; value: unknown }
  | { kind: "ended" }
  | { kind: "threw"; name: string; message: string; line?: number; column?: number };

/** A JSON text in a line on standard input: first `start`, then an answer for each call. */
type ParentMessage =
  | { kind: "start"; code: string; input: unknown; targets: readonly string[] }
  | { kind: "answer"; id: number; value: unknown }
  | { kind: "refusal"; id: number; message: string };

/**
 * The program of the process. It is passed as text (`childProgram`), so that it needs no file that the process would
 * have to read: it must not use anything outside of its own braces.
 */
function childMain(): void {
  const stdout = Deno.stdout;
  const stdin = Deno.stdin;
  const { inspect, exit } = Deno;
  const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
  const { parse, stringify } = JSON;

  /** Waits while the pipe is full: a script with much output is slowed down. */
  function send(message: ChildMessage): void {
    const bytes = encoder.encode(`${stringify(message)}\n`);
    for (let at = 0; at < bytes.length;) at += stdout.writeSync(bytes.subarray(at));
  }

  /** Maximum of calls that wait for kodama's answer; further calls are queued here. */
  const mostAtOnce = 32;
  const queued: (() => void)[] = [];
  const waiting = new Map<number, { give(value: unknown): void; fail(error: Error): void }>();
  let calls = 0;
  let resume = () => {};

  function call(name: string, request: unknown): Promise<unknown> {
    const id = ++calls;
    return new Promise((give, fail) => {
      const ask = () => {
        waiting.set(id, { give, fail });
        send({ kind: "call", id, name, request });
      };
      if (waiting.size < mostAtOnce) ask();
      else queued.push(ask);
    });
  }

  function answered(message: ParentMessage): void {
    if (message.kind === "start") return;
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === "answer") call?.give(message.value);
    else call?.fail(Object.assign(new Error(message.message), { name: "KodamaError" }));
    queued.shift()?.();
    if (waiting.size === 0) setTimeout(() => resume());
  }

  async function* messages(): AsyncGenerator<ParentMessage> {
    let text = "";
    for await (const chunk of stdin.readable) {
      text += decoder.decode(chunk, { stream: true });
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) yield parse(line) as ParentMessage;
    }
  }

  const log = (...parts: unknown[]) => {
    const line = parts.map((part) => typeof part === "string" ? part : inspect(part)).join(" ");
    send({ kind: "log", line });
  };

  function offer(start: ParentMessage & { kind: "start" }): void {
    const kodama = {
      input: start.input,
      targets: start.targets,
      exec: (command: unknown, options: object = {}) => call("exec", { ...options, command }),
      get: (resource: unknown, options: object = {}) => call("get", { ...options, resource }),
      logs: (target: unknown, options: object = {}) => call("logs", { ...options, target }),
      log,
      output: (value: unknown) => send({ kind: "output", value: value ?? null }),
    };
    Object.defineProperty(globalThis, "kodama", { value: Object.freeze(kodama) });
    // Standard output is reserved for the messages.
    Object.assign(globalThis.console, { log, info: log, debug: log, warn: log, error: log });
  }

  /** Returns the position in the script: only its module has a data URL. */
  function positionOf(text: string): { line: number; column: number } | undefined {
    const position = /data:application\/typescript;base64,[^\s:)]*:(\d+):(\d+)/.exec(text);
    return position === null
      ? undefined
      : { line: Number(position[1]), column: Number(position[2]) };
  }

  function threw(error: unknown): never {
    const isError = error instanceof Error;
    const [name, text] = isError ? [error.name, error.message] : ["", String(error)];
    const position = positionOf(isError ? `${text}\n${error.stack ?? ""}` : "");
    const message = text.replaceAll(/ at data:\S+/g, "").slice(0, 4000);
    send({ kind: "threw", name, message, ...position });
    return exit(0);
  }

  async function run(code: string): Promise<void> {
    // A module with a data URL can't import files, whatever the process may read of the disk.
    const bytes = Array.from(encoder.encode(code), (byte) => String.fromCharCode(byte)).join("");
    await import(`data:application/typescript;base64,${btoa(bytes)}`);
    while (waiting.size > 0) await new Promise<void>((resolve) => resume = resolve);
    send({ kind: "ended" });
    exit(0);
  }

  globalThis.addEventListener("unhandledrejection", (event) => threw(event.reason));
  globalThis.addEventListener("error", (event) => threw(event.error));
  (async () => {
    send({ kind: "ready" });
    for await (const message of messages()) {
      if (message.kind === "start") {
        offer(message);
        run(message.code).catch(threw);
      } else answered(message);
    }
    // kodama has exited: nothing needs the script any more.
    exit(0);
  })();
}

/** Returns the program as JavaScript. */
export function childProgram(): string {
  return `(${childMain})();`;
}

/* A script's process: lines in, lines out, and a guaranteed end whatever the script does. */

/** How a process ended. */
export interface ProcessEnd {
  code: number;
  signal: string | null;
  /** The start of its standard error: last messages of Deno and V8. */
  stderr: string;
}

/**
 * Deno's folder for caches, and for the data of `localStorage` and the Cache API: below a file, so that none can exist.
 * A script's stored data would be there for every other script.
 */
const noFolder = Deno.build.os === "windows" ? "NUL\\none" : "/dev/null/none";

/** Maximum number of characters of standard error that are stored. */
const maxStderr = 16 * 1024;

/** Thrown for a line on standard output that is longer than any message may be. */
export class LineTooLong extends Error {}

/** A running process. Disposing of it kills it, and waits until it has exited. */
export class ScriptProcess implements AsyncDisposable {
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stdout: ReadableStreamDefaultReader<Uint8Array>;
  readonly #stderr: ReadableStreamDefaultReader<Uint8Array>;
  readonly #lastWords: Promise<string>;
  readonly #encoder = new TextEncoder();

  /** The process was stopped: processes that have left its group are killed too. */
  isStopped = false;

  private constructor(
    private readonly child: Deno.ChildProcess,
    readonly killsGroup: boolean,
    readonly mark: string,
  ) {
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
    const mark = crypto.randomUUID();
    try {
      const child = new Deno.Command(program, {
        args,
        env: { DENO_DIR: noFolder, [commandMark]: mark },
        cwd: options.folder,
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
        // A process group of its own: kodama handles Ctrl-C on the terminal.
        detached: true,
      }).spawn();
      return new ScriptProcess(child, options.killsGroup, mark);
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
    // The process has exited in the meantime: `end` reports how.
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
    const { code, signal } = await this.child.status;
    return { code, signal, stderr: await this.#lastWords };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.killsGroup) await killGroup(this.child.pid, this.isStopped ? this.mark : undefined);
    try {
      this.child.kill("SIGKILL");
    } catch (error) {
      // The process has already exited.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#input.abort().catch(() => {});
    // An orphaned program may hold the other ends open: we don't wait for it.
    await this.#stdout.cancel();
    await this.#stderr.cancel();
    await this.child.status;
  }
}

/** Deno with a list of allowed programs can only signal its own children: a shell does the rest. */
async function killGroup(leader: number, mark: string | undefined): Promise<void> {
  const args = mark === undefined
    ? ['kill -s KILL -- "-$1"', "sh", String(leader)]
    : [signalScript, "sh", "KILL", String(leader), mark];
  await new Deno.Command("sh", {
    args: ["-c", ...args],
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
