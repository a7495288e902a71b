/**
 * Shows a run on the terminal from its first event to its exit code: writes what the painter gives,
 * listens to the signals, lends the terminal to an interactive target, and cancels when nobody reads any more.
 */
import type { ExecEvent } from "../../actions/exec_events.ts";
import { KodamaError } from "../../base/errors.ts";
import type { Clock } from "../../base/clock.ts";
import { ClosedSinkError } from "../../term/sink.ts";
import type { Terminal } from "../../term/terminal.ts";
import type { EndSignal, SignalSource } from "../invocation.ts";
import { type InterruptState, onSignal } from "./interrupts.ts";
import type { Painter } from "./painter.ts";
import { progressText, ProgressTracker } from "./progress.ts";

/** 128 + SIGINT: stopped by the person or a signal. */
const interrupted = 130;

/** What a run is shown with. */
export interface DriveOptions {
  terminal: Terminal;
  signals: SignalSource;
  clock: Clock;
  painter: Painter;
  /** The terminal belongs to the one target while its command runs: keys go there as they are. */
  interactive: boolean;
}

/**
 * Runs `start` with the signal that cancels it, and answers with the exit code of the process.
 * Rejects with `ClosedSinkError` when the reader of an output went away; the run has been cancelled then.
 */
export async function drive(
  start: (signal: AbortSignal) => AsyncIterable<ExecEvent>,
  options: DriveOptions,
): Promise<number> {
  const { terminal, painter } = options;
  const cancel = new AbortController();
  const progress = new ProgressTracker();
  using interrupts = new Interrupts(options, cancel, progress);
  using _broken = cancelWhenBroken(terminal, cancel);
  using lent = new LentTerminal(options);
  const show = async (): Promise<number> => {
    let exitCode: number | undefined;
    for await (const event of start(cancel.signal)) {
      progress.follow(event);
      lent.follow(event);
      // An output that can't be written is told after the run has ended its commands in the pods.
      if (!isBroken(terminal)) await write(terminal, painter, event);
      if (event.kind === "runEnded") exitCode = event.exitCode;
    }
    if (exitCode === undefined) {
      throw new KodamaError("cancelled", "not confirmed: nothing was run");
    }
    return exitCode;
  };
  const exitCode = await Promise.race([show(), interrupts.left]);
  await Promise.all([terminal.stdout.flush(), terminal.stderr.flush()]);
  return interrupts.stopped ? interrupted : exitCode;
}

async function write(terminal: Terminal, painter: Painter, event: ExecEvent): Promise<void> {
  for (const { stream, data } of painter.paint(event)) {
    try {
      await terminal[stream].write(...data);
    } catch (error) {
      // The sink remembers: `flush` at the end throws it again, when the pods are in order.
      if (!terminal[stream].broken.aborted) throw error;
      return;
    }
  }
}

function isBroken({ stdout, stderr }: Terminal): boolean {
  return stdout.broken.aborted || stderr.broken.aborted;
}

function cancelWhenBroken(terminal: Terminal, cancel: AbortController): Disposable {
  const sinks = [terminal.stdout, terminal.stderr];
  const onBroken = () => cancel.abort(new ClosedSinkError("nobody reads the output any more"));
  for (const { broken } of sinks) broken.addEventListener("abort", onBroken, { once: true });
  return {
    [Symbol.dispose]: () => {
      for (const { broken } of sinks) broken.removeEventListener("abort", onBroken);
    },
  };
}

/** Signals while the run goes on. */
class Interrupts implements Disposable {
  /** Resolves with the exit code when a person won't wait for the pods. */
  readonly left: Promise<number>;
  readonly #leave: (exitCode: number) => void;
  readonly #listening: Disposable;
  readonly #cancel: AbortController;
  readonly #progress: ProgressTracker;
  readonly #options: DriveOptions;
  #state: InterruptState = { phase: "running" };

  constructor(options: DriveOptions, cancel: AbortController, progress: ProgressTracker) {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.left = promise;
    this.#leave = resolve;
    this.#options = options;
    this.#cancel = cancel;
    this.#progress = progress;
    this.#listening = options.signals.listen((signal) => this.#heard(signal));
  }

  get stopped(): boolean {
    return this.#state.phase === "stopping";
  }

  #heard(signal: EndSignal): void {
    const { clock } = this.#options;
    const { state, action } = onSignal(this.#state, signal, clock.elapsedMs());
    this.#state = state;
    const where = progressText(this.#progress);
    switch (action) {
      case "tell":
        return this.#say(`${where}\nCtrl-C again at once stops them`);
      case "stop":
        this.#cancel.abort(new DOMException(`stopped by ${signal}`, "AbortError"));
        return this.#say(`stopping: ${where}`);
      case "leave":
        this.#say(`left behind: ${where}`);
        return this.#leave(interrupted);
    }
  }

  #say(text: string): void {
    // A terminal in raw mode doesn't return to the line's beginning by itself.
    const end = this.#options.interactive ? "\r\n" : "\n";
    const lines = ["", ...text.split("\n"), ""].join(end);
    // A broken standard error is noticed by whoever writes what matters.
    this.#options.terminal.stderr.write(lines).catch(() => {});
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}

/** The terminal in raw mode, from the moment the interactive target's command runs to its end. */
class LentTerminal implements Disposable {
  readonly #options: DriveOptions;
  #raw: Disposable | undefined;

  constructor(options: DriveOptions) {
    this.#options = options;
  }

  follow(event: ExecEvent): void {
    if (!this.#options.interactive) return;
    if (event.kind === "targetStarted") this.#raw = this.#options.terminal.stdin.raw();
    if (event.kind === "targetEnded") this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#raw?.[Symbol.dispose]();
    this.#raw = undefined;
  }
}
