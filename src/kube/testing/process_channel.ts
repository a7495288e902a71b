/** A local process instead of a command in a pod. */
import type { ChannelEnd, ExecChannel, OutputChunk } from "../client.ts";

/** When the link breaks; never if neither is set. */
export interface Cut {
  /** Bytes of input that still pass; all if absent. */
  afterInput?: number;
  /** Bytes of standard output that still pass. */
  afterOutput?: number;
}

/** The traits of the process. */
export interface ProcessTraits {
  /** It never exits by itself, and is killed when the link is dropped. */
  endless?: boolean;
}

/** The streams of a process, as those of a command in a pod. */
export class ProcessChannel implements ExecChannel {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #end = Promise.withResolvers<ChannelEnd>();
  readonly #broken = Promise.withResolvers<"broken">();
  #isBroken = false;
  #input = 0;

  constructor(
    private readonly process: Deno.ChildProcess,
    private readonly cut: Cut & ProcessTraits = {},
  ) {
    this.#writer = process.stdin.getWriter();
    // A script that ended reads no more.
    this.#writer.closed.catch(() => {});
  }

  get end(): Promise<ChannelEnd> {
    return this.#end.promise;
  }

  get output(): AsyncIterable<OutputChunk> {
    return this.#read();
  }

  async *#read(): AsyncGenerator<OutputChunk, void> {
    const readers = {
      stdout: this.process.stdout.getReader(),
      stderr: this.process.stderr.getReader(),
    };
    const next = async (stream: "stdout" | "stderr") => ({
      stream,
      ...await readers[stream].read(),
    });
    const waiting = new Map([["stdout", next("stdout")], ["stderr", next("stderr")]] as const);
    let output = 0;
    try {
      while (waiting.size > 0) {
        const one = await Promise.race([...waiting.values(), this.#broken.promise]);
        if (one === "broken") return;
        if (one.value === undefined) waiting.delete(one.stream);
        else {
          if (one.stream === "stdout") output += one.value.length;
          const over = output - (this.cut.afterOutput ?? Infinity);
          if (over > 0) {
            yield { stream: "stdout", bytes: one.value.subarray(0, one.value.length - over) };
            return this.#break();
          }
          waiting.set(one.stream, next(one.stream));
          yield { stream: one.stream, bytes: one.value };
        }
      }
    } finally {
      await this.#finish(readers, waiting);
    }
  }

  /** Output without a reader is still read to its end, as a container's runtime does. */
  async #finish(
    readers: Readonly<Record<string, ReadableStreamDefaultReader<Uint8Array>>>,
    waiting: ReadonlyMap<string, Promise<unknown>>,
  ): Promise<void> {
    const drain = async ([stream, reader]: [string, ReadableStreamDefaultReader<Uint8Array>]) => {
      await waiting.get(stream);
      while (!(await reader.read()).done);
    };
    if (this.cut.endless === true) this.process.kill("SIGKILL");
    const closing = this.#writer.close().catch(() => {});
    await Promise.all([closing, ...Object.entries(readers).map(drain)]);
    const { code } = await this.process.status;
    this.#end.resolve(
      this.#isBroken
        ? { kind: "cut", reason: "the link was cut by the test" }
        : { kind: "exited", exitCode: code },
    );
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#isBroken) return;
    const remaining = (this.cut.afterInput ?? Infinity) - this.#input;
    this.#input += bytes.length;
    // The bytes belong to the caller again when this resolves; a pipe's writer may still hold them.
    const own = bytes.slice(0, Math.max(0, remaining));
    if (own.length > 0) await this.#writer.write(own).catch(() => {});
    if (remaining < bytes.length) this.#break();
  }

  async closeStdin(): Promise<boolean> {
    await this.#writer.close().catch(() => {});
    return true;
  }

  resize(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#break();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #break(): void {
    this.#isBroken = true;
    this.#broken.resolve("broken");
  }
}
