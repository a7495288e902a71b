/** A container that runs: its output goes into its log and to whoever is attached. */
import type { ContainerProcess, ProcessEnd, StreamRequest } from "../model.ts";
import { Broadcast } from "./broadcast.ts";
import type { Clock } from "./clock.ts";
import { emptyStream } from "./child_process.ts";
import type { LogFile } from "./log_file.ts";
import type { RunningContainer } from "./runtime.ts";

/** How it ended. */
export type InstanceEnd = ProcessEnd;

/** Options of {@link ContainerInstance}. */
export interface InstanceOptions {
  log: LogFile;
  clock: Clock;
}

const noStreams: StreamRequest = { stdin: false, stdout: false, stderr: false, tty: false };

/** One start of a container, from its first byte to its last. Disposing it waits for its end and removes its files. */
export class ContainerInstance implements AsyncDisposable {
  readonly running: RunningContainer;
  /** Resolves when the main process has ended and its output is in the log. */
  readonly end: Promise<InstanceEnd>;
  readonly #clock: Clock;
  readonly #stdout: Broadcast;
  readonly #stderr: Broadcast;
  #stopping: Promise<void> | undefined;

  constructor(running: RunningContainer, { log, clock }: InstanceOptions) {
    this.running = running;
    this.#clock = clock;
    this.#stdout = new Broadcast(running.main.stdout, (bytes) => log.write("stdout", bytes));
    this.#stderr = new Broadcast(running.main.stderr, (bytes) => log.write("stderr", bytes));
    this.end = Promise.all([running.main.end, this.#stdout.done, this.#stderr.done])
      .then(([end]) => end);
  }

  /** Runs a hook to its end. True where it ended well. */
  async hook(command: readonly string[]): Promise<boolean> {
    const process = await this.running.exec({ command, streams: noStreams });
    const end = await process.end;
    return end.kind === "exited" && end.exitCode === 0;
  }

  /** Hook, SIGTERM, and SIGKILL when the time for both is over. Resolves when the container has ended. */
  stop(graceMs: number, hook?: readonly string[]): Promise<void> {
    // Who stops a second time with less patience must not wait for the first.
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
    const timeUp = this.#clock.wait(graceMs, ended.signal).then(() => {
      this.running.signal("SIGKILL");
    }, () => {});
    if (first) {
      if (hook !== undefined) await Promise.race([this.hook(hook), over, timeUp]);
      this.running.signal("SIGTERM");
    }
    await Promise.all([over, timeUp]);
  }

  /** The main process's streams from now on. Leaving them ends nothing. */
  attach(streams: StreamRequest): ContainerProcess {
    const { main } = this.running;
    const stdout = streams.stdout ? this.#stdout.subscribe() : undefined;
    const stderr = streams.stderr && !streams.tty ? this.#stderr.subscribe() : undefined;
    return {
      stdin: streams.stdin ? attachedInput(main.stdin) : undefined,
      stdout: stdout?.stream ?? emptyStream(),
      stderr: stderr?.stream ?? emptyStream(),
      end: this.end,
      resize: (columns, rows) => main.resize(columns, rows),
      release() {
        stdout?.leave();
        stderr?.leave();
        return Promise.resolve();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end;
    await this.running.remove();
  }
}

/** Several clients may come and go: what one writes reaches the process, and its leaving closes nothing. */
function attachedInput(
  input: WritableStream<Uint8Array> | undefined,
): WritableStream<Uint8Array> | undefined {
  if (input === undefined) return undefined;
  return new WritableStream<Uint8Array>({
    async write(bytes) {
      const writer = input.getWriter();
      try {
        await writer.write(bytes);
      } finally {
        writer.releaseLock();
      }
    },
  });
}
