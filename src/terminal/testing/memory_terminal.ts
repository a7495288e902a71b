/** A terminal in memory: a test reads it like a screen, and writes to it like keys. */
import { onAbort } from "../../base/abort.ts";
import { PumpedSink } from "../sink.ts";
import type { InputStream, OutputStream, Size, Terminal } from "../terminal.ts";

/** Properties of the terminal. */
export interface MemoryTerminalOptions {
  /** Streams that are a terminal; none by default. */
  terminals?: readonly ("stdin" | "stdout" | "stderr")[];
  size?: Size;
  /** The sizes of its window after the first. */
  resizes?: AsyncIterable<Size>;
  /** Typed or piped input, chunk by chunk. */
  input?: Iterable<string> | AsyncIterable<string>;
  progress?: Terminal["progress"];
  /** Called for each write to a stream; may throw as for a full disk. */
  onWrite?: (stream: "stdout" | "stderr", bytes: Uint8Array) => void;
}

/** A terminal whose output can be read. */
export class MemoryTerminal implements Terminal {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly progress: Terminal["progress"];
  /** `raw` and `cooked`, the successive modes of standard input. */
  readonly modes: ("raw" | "cooked")[] = [];
  readonly #finalOutputs = new Set<() => string>();
  readonly #written = { stdout: "", stderr: "" };
  readonly #options: MemoryTerminalOptions;

  constructor(options: MemoryTerminalOptions = {}) {
    this.#options = options;
    this.stdin = this.#input();
    this.stdout = this.#output("stdout");
    this.stderr = this.#output("stderr");
    this.progress = options.progress ?? "auto";
  }

  /** Returns all output of a stream so far. */
  written(stream: "stdout" | "stderr"): string {
    return this.#written[stream];
  }

  keyboard(): InputStream | undefined {
    return this.stdin.isTerminal ? this.stdin : undefined;
  }

  atEnd(finalOutput: () => string): Disposable {
    this.#finalOutputs.add(finalOutput);
    return { [Symbol.dispose]: () => void this.#finalOutputs.delete(finalOutput) };
  }

  /** Returns the output that would be written now if the process ended. */
  finalOutput(): string {
    return [...this.#finalOutputs].map((output) => output()).join("");
  }

  size(): Size | undefined {
    return this.#options.size;
  }

  async *sizes(_signal?: AbortSignal, known?: Size): AsyncGenerator<Size> {
    const first = this.#options.size ?? known ?? { columns: 80, rows: 24 };
    if (first.columns !== known?.columns || first.rows !== known.rows) yield first;
    yield* this.#options.resizes ?? [];
  }

  #isTerminal(stream: "stdin" | "stdout" | "stderr"): boolean {
    return this.#options.terminals?.includes(stream) ?? false;
  }

  #input(): InputStream {
    const chunks = this.#options.input ?? [];
    const modes = this.modes;
    return {
      isTerminal: this.#isTerminal("stdin"),
      async *chunks(signal) {
        const aborted = Promise.withResolvers<undefined>();
        using _aborted = onAbort(signal, () => aborted.resolve(undefined));
        const iterator = Symbol.asyncIterator in chunks
          ? chunks[Symbol.asyncIterator]()
          : chunks[Symbol.iterator]();
        while (!signal.aborted) {
          const next = await Promise.race([iterator.next(), aborted.promise]);
          if (next === undefined || next.done === true) return;
          yield new TextEncoder().encode(next.value);
        }
      },
      raw() {
        modes.push("raw");
        return { [Symbol.dispose]: () => void modes.push("cooked") };
      },
    };
  }

  #output(stream: "stdout" | "stderr"): OutputStream {
    const decoder = new TextDecoder();
    const sink = new PumpedSink({
      write: (bytes) => {
        this.#options.onWrite?.(stream, bytes);
        this.#written[stream] += decoder.decode(bytes, { stream: true });
        return Promise.resolve(bytes.length);
      },
    }, stream);
    return {
      isTerminal: this.#isTerminal(stream),
      get broken() {
        return sink.broken;
      },
      write: (...data) => sink.write(...data),
      draw: (...data) => sink.write(...data),
      flush: () => sink.flush(),
    };
  }
}
