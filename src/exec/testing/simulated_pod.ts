/** A simulated pod with a test's script, on the test's clock. */
import { onAbort } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import type { KodamaError } from "../../base/errors.ts";
import type { ChannelEnd, ExecChannel, ExecRequest, OutputChunk } from "../../kube/client.ts";

/** The behaviour of a command in the pod. */
export interface PodScript {
  /** Until the stream is open. */
  openMs: number;
  /** No connection is made before the stream is open. */
  unsent?: boolean;
  /** Replaces a stream. */
  refusal?: KodamaError;
  /** Output, each piece after a delay. */
  output: readonly (OutputChunk & { afterMs: number })[];
  /** After the output; a command that hangs is ended only by a signal. */
  end: ChannelEnd | "hangs";
  /** The signal that ends it. */
  diesOn: "TERM" | "KILL" | "nothing";
  /** The chunk sizes of the first line. */
  preambleSplit?: number;
  /** The command's own exit code; 0 if absent. */
  marked?: number;
  /** The server reports an end that the command didn't reach. */
  unmarked?: boolean;
  /** The terminal's program has discarded kodama's first line. */
  losesLine?: boolean;
  /** The command ends, and the server never reports it. */
  unreported?: boolean;
  /** How the runtime reports a missing `sh`. */
  noShell?: ChannelEnd;
}

/** Ids of the leader and the watcher. */
const ids = "4711 4712";
const encoder = new TextEncoder();

/** One container. It records its requests. */
export class SimulatedPod {
  readonly requests: ExecRequest[] = [];
  readonly written: Uint8Array[] = [];
  /** Input of the streams that watch a terminal. */
  readonly watched: string[] = [];
  inputEnded = false;
  readonly #killed = Promise.withResolvers<void>();
  #alive = false;

  constructor(readonly script: PodScript, readonly clock: Clock) {}

  /** The target's `RunOptions.open`. */
  async open(
    request: ExecRequest,
    signal: AbortSignal,
    onSent?: () => void,
  ): Promise<ExecChannel> {
    this.requests.push(request);
    if (this.script.unsent !== true) onSent?.();
    const [program, , , name, sent = "", , , , , marker] = request.command;
    const ours = program === "sh" && name === "kodama";
    if (name === "kodama-watch") return this.#watch();
    if (ours && ["TERM", "KILL", "0"].includes(sent)) return this.#signalled(sent);
    await this.#wait(this.script.openMs, signal);
    signal.throwIfAborted();
    if (this.script.refusal !== undefined) throw this.script.refusal;
    if (ours && this.script.noShell !== undefined) return channel([], this.script.noShell);
    this.#alive = true;
    return this.#running(ours ? marker : undefined);
  }

  #signalled(signal: string): ExecChannel {
    const answer = { stream: "stdout" as const, bytes: encoder.encode(`${this.#alive ? 1 : 0}\n`) };
    if (signal === this.script.diesOn) {
      this.#alive = false;
      this.#killed.resolve();
    }
    return channel([answer], { kind: "exited", exitCode: 0 });
  }

  /** A stream beside a terminal's: it stays open until it is closed. */
  #watch(): ExecChannel {
    const over = Promise.withResolvers<IteratorResult<OutputChunk, void>>();
    const { promise: end, resolve } = Promise.withResolvers<ChannelEnd>();
    const close = () => {
      resolve({ kind: "cut", reason: "closed" });
      over.resolve({ done: true, value: undefined });
      return Promise.resolve();
    };
    return {
      output: { [Symbol.asyncIterator]: () => ({ next: () => over.promise }) },
      end,
      write: (bytes) => {
        this.watched.push(new TextDecoder().decode(bytes));
        return Promise.resolve();
      },
      closeStdin: () => Promise.resolve(true),
      resize: () => Promise.resolve(),
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  #running(marker: string | undefined): ExecChannel {
    const over = new AbortController();
    this.#killed.promise.then(() => over.abort());
    const end = Promise.withResolvers<ChannelEnd>();
    const play = (signal: AbortSignal) => this.#play(marker, signal, end.resolve);
    return {
      output: {
        [Symbol.asyncIterator]: () => play(over.signal),
      },
      end: end.promise,
      write: (bytes) => {
        this.written.push(bytes);
        return Promise.resolve();
      },
      closeStdin: () => {
        this.inputEnded = true;
        return Promise.resolve(true);
      },
      resize: () => Promise.resolve(),
      close: () => {
        end.resolve({ kind: "cut", reason: "closed" });
        over.abort();
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => Promise.resolve(over.abort()),
    };
  }

  async *#play(
    marker: string | undefined,
    over: AbortSignal,
    end: (end: ChannelEnd) => void,
  ): AsyncGenerator<OutputChunk, void> {
    if (marker !== undefined && this.script.losesLine !== true) {
      const line = encoder.encode(`${marker}${ids}\n`);
      const split = Math.min(this.script.preambleSplit ?? line.length, line.length);
      yield { stream: "stdout", bytes: line.subarray(0, split) };
      if (split < line.length) yield { stream: "stdout", bytes: line.subarray(split) };
    }
    for (const { afterMs, stream, bytes } of this.script.output) {
      await this.#wait(afterMs, over);
      if (over.aborted) break;
      yield { stream, bytes };
    }
    if (this.script.end === "hangs") await new Promise<void>((resolve) => onAbort(over, resolve));
    if (over.aborted) return end({ kind: "exited", exitCode: 143 });
    // A link that breaks ends no command.
    if (this.script.end === "hangs" || this.script.end.kind !== "cut") this.#alive = false;
    // A leader that runs a command sets its mark after it.
    const exited = this.script.end !== "hangs" && this.script.end.kind === "exited";
    if (marker !== undefined && exited && this.script.unmarked !== true) {
      const bytes = encoder.encode(`${marker}end:${this.script.marked ?? 0}\n`);
      yield { stream: "stdout", bytes };
      yield { stream: "stderr", bytes };
    }
    if (this.script.unreported === true) {
      await new Promise<void>((resolve) => onAbort(over, resolve));
    }
    end(this.script.end as ChannelEnd);
  }

  #wait(delayMs: number, signal: AbortSignal): Promise<void> {
    if (delayMs === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cleanup = new DisposableStack();
      const done = () => {
        cleanup.dispose();
        resolve();
      };
      cleanup.use(this.clock.timer(delayMs, done));
      cleanup.use(onAbort(signal, done));
    });
  }
}

function channel(chunks: readonly OutputChunk[], end: ChannelEnd): ExecChannel {
  async function* output(): AsyncGenerator<OutputChunk, void> {
    yield* chunks;
  }
  return {
    output: output(),
    end: Promise.resolve(end),
    write: () => Promise.resolve(),
    closeStdin: () => Promise.resolve(true),
    resize: () => Promise.resolve(),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
