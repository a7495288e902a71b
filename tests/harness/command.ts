/** Runs programs in tests: with an environment of their own, and captured output. */
import { Changes } from "../../src/base/testing/changes.ts";
import { waitingFor } from "../../src/base/testing/waits.ts";
import { beforeHang } from "./hang_limit.ts";

/** The options of a program. */
export interface CommandOptions {
  /** The whole environment: nothing of the user's own is passed on. */
  env: Readonly<Record<string, string>>;
  cwd?: string;
  /** Written to standard input, which then ends. Nothing if it is absent. */
  stdin?: string | Uint8Array;
  signal?: AbortSignal;
}

/** How a program ended, with all its output. */
export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
  /** Standard output, unchanged. */
  bytes: Uint8Array;
}

/** Runs a program to its end. */
export async function runCommand(
  argv: readonly string[],
  { env, cwd, stdin, signal }: CommandOptions,
): Promise<CommandResult> {
  const [program = "", ...args] = argv;
  const child = new Deno.Command(program, {
    args,
    clearEnv: true,
    env: { ...env },
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    ...(cwd === undefined ? {} : { cwd }),
    ...(signal === undefined ? {} : { signal }),
  }).spawn();
  const [{ code, stdout, stderr }] = await waitingFor(
    `the end of ${argv.join(" ")}`,
    Promise.all([child.output(), stdin === undefined ? undefined : feed(child.stdin, stdin)]),
  );
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr), bytes: stdout };
}

/** Writes the input. A program may stop reading it: that isn't an error. */
async function feed(input: WritableStream<Uint8Array>, data: string | Uint8Array): Promise<void> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  try {
    await new Response(bytes as BodyInit).body?.pipeTo(input);
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** A program that runs until it is disposed of. */
export class RunningCommand implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<unknown>;
  readonly #changes = new Changes();
  #ended = false;
  stdout = "";
  stderr = "";

  constructor(argv: readonly string[], { env, cwd }: Omit<CommandOptions, "stdin" | "signal">) {
    const [program = "", ...args] = argv;
    this.#child = new Deno.Command(program, {
      args,
      clearEnv: true,
      env: { ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...(cwd === undefined ? {} : { cwd }),
    }).spawn();
    this.#reading = Promise.all([
      this.#read(this.#child.stdout, (text) => (this.stdout += text)),
      this.#read(this.#child.stderr, (text) => (this.stderr += text)),
      this.#child.status,
    ]).finally(() => {
      this.#ended = true;
      this.#changes.end(() => this.#failure("ended before it wrote"));
    });
  }

  async #read(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream() as never)) {
      add(text as unknown as string);
      this.#changes.changed();
    }
  }

  /** Resolves once the output fulfils the condition; rejects if the program ends before. */
  async writes(condition: (written: { stdout: string; stderr: string }) => boolean): Promise<void> {
    const what = () => `output of a program that wrote:\n${this.stdout}${this.stderr}`;
    const written = this.#changes.holds(what, () => condition(this));
    await beforeHang(written, () => this.#failure("did not write in time"));
  }

  #failure(what: string): Error {
    return new Error(`${what} what was expected; it wrote:\n${this.stdout}${this.stderr}`);
  }

  /** The exit code. */
  async ended(): Promise<number> {
    await waitingFor(
      () => `the end of a program that wrote:\n${this.stdout}${this.stderr}`,
      this.#reading,
    );
    return (await this.#child.status).code;
  }

  signal(signal: Deno.Signal): void {
    if (!this.#ended) this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.#reading;
  }
}
