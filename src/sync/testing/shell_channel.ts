/** A shell of this machine instead of a pod's: an exec channel over a child process. */
import type { ChannelEnd, ExecChannel, OutputChunk } from "../../kube/client.ts";
import { BoundedQueue } from "../../base/bounded_queue.ts";

/** A remote end's shell, as in images. */
export interface TestShell {
  /** The name in its tests. */
  name: string;
  /** The folder of its programs. */
  path: string;
}

/** Runs commands as a pod would, only with the programs of a shell. `cut` ends it as a broken connection does. */
export class ShellChannel implements ExecChannel {
  readonly output: AsyncIterable<OutputChunk>;
  readonly end: Promise<ChannelEnd>;
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #queue = new BoundedQueue<OutputChunk>(16);
  readonly #cut = Promise.withResolvers<ChannelEnd>();
  readonly #reading: Promise<unknown>;
  #closed = false;
  #closing: Promise<void> | undefined;

  constructor(shell: TestShell, [program = "sh", ...args]: readonly string[], folder: string) {
    this.#process = new Deno.Command(`${shell.path.split(":")[0]}/${program}`, {
      args,
      cwd: folder,
      clearEnv: true,
      env: { PATH: shell.path },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    const pump = async (stream: "stdout" | "stderr") => {
      for await (const bytes of this.#process[stream]) await this.#queue.push({ stream, bytes });
    };
    this.#reading = Promise.all([pump("stdout"), pump("stderr")]).finally(() =>
      this.#queue.close()
    );
    const status = this.#process.status.then(({ code }): ChannelEnd => ({
      kind: "exited",
      exitCode: code,
    }));
    this.end = Promise.race([status, this.#cut.promise]);
    this.output = this.#queue;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) return;
    await this.#writer.write(bytes).catch(() => {});
  }

  async closeStdin(): Promise<boolean> {
    await this.#writer.close().catch(() => {});
    return true;
  }

  resize(): Promise<void> {
    return Promise.resolve();
  }

  /** A closed connection closes the standard input of its command. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#closed = true;
    this.#cut.resolve({ kind: "cut", reason: "closed" });
    // First: a shell that blocks until its output is read doesn't read its input, and so doesn't see its end.
    this.#queue.discard();
    await this.#writer.close().catch(() => {});
    await this.#process.status;
    await this.#reading.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
