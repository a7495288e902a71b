/** A process of this machine, as a process of a container. */
import type { CommandEnd, ContainerProcess, StreamRequest } from "../model.ts";
import { joinBytes } from "../../../src/base/byte_buffer.ts";

/**
 * The parts of a spawned child that {@link containerProcess} uses: a `Deno.ChildProcess`, or one whose first line was
 * taken.
 */
interface SpawnedChild {
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly status: Promise<Deno.CommandStatus>;
}

/** The options that turn a spawned child into a {@link ContainerProcess}. */
export interface ChildOptions {
  streams: StreamRequest;
  /** The prefixes of the runtime's own messages if they could not run the command. */
  errorPrefix?: string;
  /** The message for a command that could not be run. */
  startError?: (exitCode: number) => string;
  /** Sets the size of the terminal; absent if there is none. */
  resize?: (columns: number, rows: number) => Promise<void>;
}

/** Both output streams must have been spawned as pipes; standard input if it was requested. */
export function containerProcess(child: SpawnedChild, options: ChildOptions): ContainerProcess {
  const { streams, startError, resize } = options;
  const exited = child.status;
  // Standard output carries the runtime's messages only if it is a terminal.
  const filters = {
    stdout: new StartErrorFilter(streams.tty ? options.errorPrefix : undefined),
    stderr: new StartErrorFilter(options.errorPrefix),
  };
  const guarded = (name: "stdout" | "stderr") =>
    guardStream(child[name], { exited, map: (bytes) => filters[name].pass(bytes) });
  const [stdout, stderr] = [guarded("stdout"), guarded("stderr")];
  const stdin = streams.stdin ? tolerantSink(child.stdin, { endless: streams.tty }) : undefined;
  const desired = {
    stdout: streams.stdout ? stdout.stream : undefined,
    stderr: streams.stderr && !streams.tty ? stderr.stream : undefined,
  };
  if (desired.stdout === undefined) drain(stdout.stream);
  if (desired.stderr === undefined) drain(stderr.stream);

  const end = (async (): Promise<CommandEnd> => {
    const { code } = await exited;
    await stdin?.close();
    await Promise.all([stdout.finished, stderr.finished]);
    const failed = filters.stdout.matched || filters.stderr.matched;
    return failed && startError !== undefined
      ? { kind: "notStarted", message: startError(code) }
      : { kind: "exited", exitCode: code };
  })();

  return {
    stdin: stdin?.stream,
    stdout: desired.stdout ?? emptyStream(),
    stderr: desired.stderr ?? emptyStream(),
    end,
    resize: resize ?? (() => Promise.resolve()),
    async release() {
      if (!streams.tty) await stdin?.close();
      for (const stream of [desired.stdout, desired.stderr]) {
        if (stream !== undefined && !stream.locked) await stream.cancel();
      }
    },
  };
}

/** Holds back the runtime's own messages: the process's end reports them, and they aren't output of the command. */
class StartErrorFilter {
  #state: "first" | "pass" | "swallow" = "first";
  readonly #prefix: Uint8Array | undefined;

  constructor(prefix: string | undefined) {
    this.#prefix = prefix === undefined ? undefined : new TextEncoder().encode(prefix);
  }

  get matched(): boolean {
    return this.#state === "swallow";
  }

  pass(bytes: Uint8Array): Uint8Array {
    if (this.#state === "first") {
      const matches = this.#prefix?.every((byte, index) => bytes[index] === byte) ?? false;
      this.#state = matches ? "swallow" : "pass";
    }
    return this.#state === "swallow" ? new Uint8Array() : bytes;
  }
}

/** Returns a stream that has ended. */
export function emptyStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}

/** Reads to the end and discards the data. */
export function drain(stream: ReadableStream<Uint8Array>): void {
  stream.pipeTo(new WritableStream()).catch(() => {});
}

interface Sink {
  stream: WritableStream<Uint8Array>;
  /** Closes the pipe; safe to call at any time, more than once. */
  close(): Promise<void>;
}

/**
 * Returns a sink for input. A process may end, or close its standard input, during a write: that isn't an error of the
 * writer. `endless`: a terminal's input has no end that a writer could make. Runtimes leave the terminal open when a
 * link is closed, whereas script(1) would type the key for it.
 */
function tolerantSink(
  pipe: WritableStream<Uint8Array>,
  { endless }: { endless: boolean },
): Sink {
  const writer = pipe.getWriter();
  writer.closed.catch(() => {});
  let closed: Promise<void> | undefined;
  const close = () => closed ??= writer.close().catch(() => {});
  const stream = new WritableStream<Uint8Array>({
    async write(bytes) {
      if (closed === undefined) await writer.write(bytes).catch(close);
    },
    ...(endless ? {} : { close, abort: close }),
  });
  return { stream, close };
}

/*
 * Reading a pipe whose writer may outlive the process that matters.
 *
 * A process that ends while a child of its own holds the pipe open never gives an end of file. containerd waits for it
 * without limit by default; here all that is in the pipe is delivered, and then the stream ends {@link heldOpenGraceMs}
 * after the process did.
 */

/** How long a read may stay without data once the process has ended. A pipe that holds data answers at once. */
const heldOpenGraceMs = 500;

/**
 * How long to pause between two reads when the output has no readers any more. A process whose client disconnected
 * continues, so its pipe must not fill up; but one that writes endlessly must not use up a processor.
 */
const discardPauseMs = 50;

/** A pull-driven view of a pipe, which detects the end of its data. */
interface GuardedStream {
  readonly stream: ReadableStream<Uint8Array>;
  /** The end was delivered, or the reader cancelled. */
  readonly finished: Promise<void>;
}

/** Options of {@link guardStream}. */
interface GuardOptions {
  /** Resolves when the process has ended. */
  exited: Promise<unknown>;
  /** Maps each chunk to the one that is delivered. */
  map?: (bytes: Uint8Array) => Uint8Array;
}

/** Wraps `source`. Nothing is read ahead: unread data stays in the pipe and slows its writer. */
export function guardStream(
  source: ReadableStream<Uint8Array>,
  { exited, map = (bytes) => bytes }: GuardOptions,
): GuardedStream {
  const finished = Promise.withResolvers<void>();
  const reader = source.getReader();
  const exit = new Exit(exited);
  const end = async () => {
    finished.resolve();
    await reader.cancel().catch(() => {});
  };

  async function read(): Promise<Uint8Array | undefined> {
    const timer = exit.timer(heldOpenGraceMs, "afterExit");
    // A read fails if the pipe was closed under it: the process has ended, and so has its output.
    const pending = reader.read().then(({ value }) => value, () => undefined);
    try {
      return await Promise.race([pending, timer.elapsed]);
    } finally {
      timer.clear();
    }
  }

  async function discard(): Promise<void> {
    finished.resolve();
    while (await read() !== undefined) {
      const pause = exit.timer(discardPauseMs, "untilExit");
      await pause.elapsed;
      pause.clear();
    }
    await end();
  }

  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      for (;;) {
        const bytes = await read();
        if (bytes === undefined) {
          await end();
          return controller.close();
        }
        const delivered = map(bytes);
        if (delivered.length > 0) return controller.enqueue(delivered);
      }
    },
    cancel() {
      void discard();
    },
  }, { highWaterMark: 0 });
  return { stream, finished: finished.promise };
}

interface Timer {
  elapsed: Promise<undefined>;
  clear(): void;
}

/** Timers that depend on the process's end, one at a time: a promise would accumulate a listener for each. */
class Exit {
  #exited = false;
  #notify: (() => void) | undefined;

  constructor(exited: Promise<unknown>) {
    exited.then(() => {
      this.#exited = true;
      this.#notify?.();
    });
  }

  /** Starts at the process's end (`afterExit`), or elapses early at it (`untilExit`). */
  timer(durationMs: number, kind: "afterExit" | "untilExit"): Timer {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const elapse = () => resolve(undefined);
    const start = () => {
      timer = setTimeout(elapse, durationMs);
    };
    this.#notify = kind === "afterExit" ? start : elapse;
    if (this.#exited) this.#notify();
    else if (kind === "untilExit") start();
    const clear = () => {
      this.#notify = undefined;
      clearTimeout(timer);
    };
    return { elapsed: promise, clear };
  }
}

/* The first line of a set-up is for the node; the remaining output is the command's. */

const newline = 0x0a;
/** No first line of ours is nearly as long; a longer one isn't ours. */
const firstLineLimit = 16 * 1024;

/**
 * The first line, without its end, and a stream of the remaining output. `complete` is false if the stream ended
 * before.
 */
interface FirstLine {
  line: string;
  complete: boolean;
  rest: ReadableStream<Uint8Array>;
}

/** Takes the first line from a stream. Nothing beyond the chunk that holds its end is read. */
export async function takeFirstLine(source: ReadableStream<Uint8Array>): Promise<FirstLine> {
  const reader = source.getReader();
  let seen: Uint8Array = new Uint8Array();
  for (;;) {
    const { value, done } = await reader.read();
    if (value !== undefined) seen = joinBytes([seen, value]);
    const at = seen.indexOf(newline);
    const complete = at >= 0;
    if (!complete && !done && seen.length < firstLineLimit) continue;
    const line = new TextDecoder().decode(complete ? seen.subarray(0, at) : seen);
    const tail = complete ? seen.subarray(at + 1) : new Uint8Array();
    return { line: line.trimEnd(), complete, rest: continued(tail, reader) };
  }
}

function continued(
  first: Uint8Array,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  let tail: Uint8Array | undefined = first.length > 0 ? first : undefined;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (tail !== undefined) {
        controller.enqueue(tail);
        tail = undefined;
        return;
      }
      const { value, done } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
