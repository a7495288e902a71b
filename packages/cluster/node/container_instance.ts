/** A container that runs: its output is written to its log and to the attached clients. */
import { delay } from "../../../src/base/abort.ts";
import type { CommandEnd, ContainerProcess, StreamRequest } from "../model.ts";
import type { Clock } from "../../../src/base/clock.ts";
import { emptyStream } from "./child_process.ts";
import type { LogFile } from "./log.ts";
import type { RunningContainer } from "./runtime.ts";

/** Options of {@link ContainerInstance}. */
interface InstanceOptions {
  log: LogFile;
  clock: Clock;
  /** The first client that attaches with standard input ends it for good when its own ends. */
  stdinOnce: boolean;
  tty: boolean;
}

const noStreams: StreamRequest = { stdin: false, stdout: false, stderr: false, tty: false };

/** One start of a container, from its first byte to its last. Disposing it waits for its end and removes its files. */
export class ContainerInstance implements AsyncDisposable {
  /** Resolves when the main process has ended and its output is in the log. */
  readonly end: Promise<CommandEnd>;
  readonly #clock: Clock;
  readonly #stdout: Broadcast;
  readonly #stderr: Broadcast;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array> | undefined;
  readonly #closesStdin: boolean;
  #stopping: Promise<void> | undefined;
  #ended = false;

  constructor(readonly running: RunningContainer, { log, clock, stdinOnce, tty }: InstanceOptions) {
    this.#stdin = running.main.stdin?.getWriter();
    this.#stdin?.closed.catch(() => {});
    // A terminal has no end that a client could make.
    this.#closesStdin = stdinOnce && !tty;
    running.main.end.then(() => this.#ended = true, () => {});
    this.#clock = clock;
    this.#stdout = new Broadcast(running.main.stdout, (bytes) => log.write("stdout", bytes));
    this.#stderr = new Broadcast(running.main.stderr, (bytes) => log.write("stderr", bytes));
    this.end = Promise.all([running.main.end, this.#stdout.done, this.#stderr.done])
      .then(([end]) => end);
  }

  /** Whether the main process has ended: its output may not be in the log yet. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Runs a hook to its end. Returns true if it succeeded. */
  async hook(command: readonly string[]): Promise<boolean> {
    const process = await this.running.exec({ command, streams: noStreams });
    const end = await process.end;
    return end.kind === "exited" && end.exitCode === 0;
  }

  /** Runs the hook, then SIGTERM, and SIGKILL when the time for both is over. Resolves when the container has ended. */
  stop(graceMs: number, hook?: readonly string[]): Promise<void> {
    // A second stop with a shorter grace period must not wait for the first.
    const stopped = this.#stop(graceMs, hook, this.#stopping === undefined);
    this.#stopping ??= stopped;
    return stopped;
  }

  async #stop(
    graceMs: number,
    hook: readonly string[] | undefined,
    first: boolean,
  ): Promise<void> {
    if (graceMs === 0) {
      this.running.signal("SIGKILL");
      await this.end;
      return;
    }
    const ended = new AbortController();
    const over = this.end.then(() => ended.abort());
    const timeUp = delay(this.#clock, graceMs, ended.signal).then(() => {
      this.running.signal("SIGKILL");
    }, () => {});
    if (first) {
      if (hook !== undefined) await Promise.race([this.hook(hook), over, timeUp]);
      this.running.signal("SIGTERM");
    }
    await Promise.all([over, timeUp]);
  }

  /**
   * The main process's streams from now on. Detaching ends nothing, except the standard input of a container with
   * `stdinOnce`; without it, the end of the client's input ends the attachment. `end` carries no exit code: a runtime
   * doesn't report one to those who are attached.
   */
  attach(streams: StreamRequest): ContainerProcess {
    const stdout = streams.stdout ? this.#stdout.subscribe() : undefined;
    const stderr = streams.stderr && !streams.tty ? this.#stderr.subscribe() : undefined;
    const detached = Promise.withResolvers<void>();
    const inputEnded = async () => {
      if (this.#closesStdin) return await this.#stdin?.close().catch(() => {});
      stdout?.end();
      stderr?.end();
      detached.resolve();
    };
    return {
      stdin: streams.stdin ? this.#attachedInput(inputEnded) : undefined,
      stdout: stdout?.stream ?? emptyStream(),
      stderr: stderr?.stream ?? emptyStream(),
      end: Promise.race([this.end, detached.promise])
        .then(() => ({ kind: "exited", exitCode: 0 })),
      resize: (columns, rows) => this.running.main.resize(columns, rows),
      async release() {
        stdout?.leave();
        stderr?.leave();
        if (streams.stdin) await inputEnded();
      },
    };
  }

  /** Several clients may be attached: the input of each reaches the process. */
  #attachedInput(ended: () => Promise<void>): WritableStream<Uint8Array> | undefined {
    const stdin = this.#stdin;
    if (stdin === undefined) return undefined;
    return new WritableStream<Uint8Array>({
      write: (bytes) => stdin.write(bytes).catch(() => {}),
      close: ended,
      abort: ended,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end;
    await this.running.remove();
  }
}

/* One stream for several readers, of which one is always there. */

/** A reader's end. */
interface Subscription {
  readonly stream: ReadableStream<Uint8Array>;
  /** Stops reading. A reader that only paused would hold up all others. */
  leave(): void;
  /** Ends the stream after the data that it already has. */
  end(): void;
}

/**
 * Reads `source` to its end. Each chunk goes to `sink` and to all subscribers; the next is read when all have taken it,
 * so a slow reader slows the writer and nothing is buffered.
 */
class Broadcast {
  /** Resolves when the source has ended and all its data was taken. */
  readonly done: Promise<void>;
  readonly #readers = new Set<WritableStreamDefaultWriter<Uint8Array>>();
  #ended = false;

  constructor(source: ReadableStream<Uint8Array>, sink: (bytes: Uint8Array) => Promise<void>) {
    this.done = this.#pump(source, sink);
  }

  /** Returns the data from now on; ends with the source. */
  subscribe(): Subscription {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const leave = () => {
      this.#readers.delete(writer);
      writer.abort().catch(() => {});
    };
    const end = () => {
      this.#readers.delete(writer);
      writer.close().catch(() => {});
    };
    writer.closed.catch(leave);
    if (this.#ended) writer.close().catch(() => {});
    else this.#readers.add(writer);
    return { stream: readable, leave, end };
  }

  async #pump(
    source: ReadableStream<Uint8Array>,
    sink: (bytes: Uint8Array) => Promise<void>,
  ): Promise<void> {
    for await (const bytes of source) {
      await sink(bytes);
      await Promise.all([...this.#readers].map((writer) => this.#give(writer, bytes)));
    }
    this.#ended = true;
    for (const writer of this.#readers) writer.close().catch(() => {});
    this.#readers.clear();
  }

  async #give(writer: WritableStreamDefaultWriter<Uint8Array>, bytes: Uint8Array): Promise<void> {
    try {
      await writer.ready;
      await writer.write(bytes);
    } catch {
      this.#readers.delete(writer);
    }
  }
}
