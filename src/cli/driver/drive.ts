/**
 * Shows a run on the terminal from its first event to its exit code: writes the painter's output,
 * handles the signals, lends the terminal to an interactive target, and cancels when the output is closed.
 */
import type { ExecEvent } from "../../actions/exec/events.ts";
import { KodamaError } from "../../base/errors.ts";
import type { Clock } from "../../base/clock.ts";
import { ClosedSinkError } from "../../terminal/sink.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import type { EndSignal, SignalSource } from "../invocation.ts";
import { insistMs, type InterruptState, onSignal } from "./interrupts.ts";
import type { RunPainter } from "../../present/run_painter.ts";
import {
  type DrivenEvent,
  type Progress,
  progressText,
  ProgressTracker,
} from "../../present/run_progress.ts";
import { Screen, type ScreenOptions } from "./screen.ts";

/** 128 + SIGINT: stopped by the person or a signal. */
const interrupted = 130;

/** What shows a run. */
export interface DriveOptions<Event extends DrivenEvent = ExecEvent> extends ScreenOptions {
  signals: SignalSource;
  /** Returns what to write for an event, in this order. */
  painter: RunPainter<Event>;
  /** Follows the events; absent: one that only knows targets. */
  progress?: ProgressTracker;
}

/**
 * Runs `start` with the signal that cancels it, and the function that lends the terminal to an interactive command;
 * returns the exit code of the process.
 * Rejects with `ClosedSinkError` when the reader of an output has gone; the run has been cancelled then.
 */
export async function drive<Event extends DrivenEvent = ExecEvent>(
  start: (signal: AbortSignal, lend: () => void) => AsyncIterable<Event>,
  options: DriveOptions<Event>,
): Promise<number> {
  const { terminal, painter } = options;
  const cancel = new AbortController();
  const progress = options.progress ?? new ProgressTracker();
  using screen = new Screen(options);
  using interrupts = new Interrupts(options, { cancel, progress, screen });
  using _broken = cancelWhenBroken(terminal, cancel);
  using lent = new LentTerminal(options);
  using _status = options.signals.onStatus?.(() => screen.note(progressText(progress)));
  using troubles = new HeldTroubles(options, screen);
  const show = async (): Promise<number> => {
    let exitCode: number | undefined;
    for await (const event of start(cancel.signal, () => lent.lend())) {
      progress.follow(event);
      lent.follow(event);
      if (event.kind === "runStarted") {
        // If its answer can't be read (a script, whose standard error is a file), Ctrl-C stops the run at once. So it
        // does while an interactive target waits for a terminal: once it is there, Ctrl-C goes to the command.
        if (terminal.stderr.isTerminal && !options.interactive) interrupts.begin();
        screen.begin(progress);
      }
      await screen.write(painter.paint(event));
      troubles.follow(event);
      if (event.kind === "runEnded") exitCode = event.exitCode;
    }
    if (exitCode !== undefined) return exitCode;
    throw new KodamaError("declined", "cancelled; nothing was run");
  };
  const exitCode = await Promise.race([show(), interrupts.left]);
  await screen.flush();
  return interrupts.stopped ? interrupted : exitCode;
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

/** The first errors of a long run are printed after this time, the next ones after twice as long, and so on. */
const firstTroublesMs = 1000;

/** Prints the collected errors of a long run. */
class HeldTroubles<Event extends DrivenEvent> implements Disposable {
  #delayMs = firstTroublesMs;
  #timer: Disposable | undefined;

  constructor(
    private readonly options: Pick<DriveOptions<Event>, "painter" | "clock">,
    private readonly screen: Screen,
  ) {}

  follow(event: DrivenEvent): void {
    const { painter, clock } = this.options;
    if (event.kind === "runEnded") return this[Symbol.dispose]();
    if (event.kind !== "targetEnded" || event.outcome.kind === "ok" || this.#timer !== undefined) {
      return;
    }
    this.#timer = clock.timer(this.#delayMs, () => {
      this.#timer = undefined;
      this.#delayMs *= 2;
      this.screen.write(painter.heldTroubles?.() ?? []).catch(() => {
        // A broken standard error is noticed when the next event is written.
      });
    });
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}

/** The objects that a signal acts on. */
interface Interruptible {
  cancel: AbortController;
  progress: Progress;
  screen: Screen;
}

/** Handles signals during the run. */
class Interrupts implements Disposable {
  /** Resolves with the exit code when a person doesn't wait for the pods. */
  readonly left: Promise<number>;
  readonly #leave: (exitCode: number) => void;
  readonly #listening: Disposable;
  readonly #clock: Clock;
  readonly #run: Interruptible;
  #state: InterruptState = { phase: "looking" };

  constructor({ signals, clock }: Pick<DriveOptions, "signals" | "clock">, run: Interruptible) {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.left = promise;
    this.#leave = resolve;
    this.#clock = clock;
    this.#run = run;
    this.#listening = signals.listen((signal) => this.#heard(signal));
  }

  /** Commands are about to run: from now on one Ctrl-C requests the status. */
  begin(): void {
    if (this.#state.phase === "looking") this.#state = { phase: "running" };
  }

  get stopped(): boolean {
    return this.#state.phase === "stopping";
  }

  #heard(signal: EndSignal): void {
    const { cancel, progress, screen } = this.#run;
    const { state, action } = onSignal(this.#state, signal, this.#clock.elapsedMs());
    this.#state = state;
    const where = progressText(progress);
    switch (action) {
      case "tell":
        return screen.note(where, `Press Ctrl-C again within ${insistMs / 1000}s to cancel them`);
      case "stop":
        cancel.abort(new DOMException(`stopped by ${signal}`, "AbortError"));
        return screen.note(progress.names.length === 0 ? "stopping" : `stopping: ${where}`);
      case "leave":
        screen.note(`left behind: ${where}`);
        return this.#leave(interrupted);
    }
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}

/** The terminal in raw mode, from the start of the interactive target's command to its end. */
class LentTerminal implements Disposable {
  readonly #options: Pick<DriveOptions, "interactive" | "terminal">;
  #raw: Disposable | undefined;

  constructor(options: Pick<DriveOptions, "interactive" | "terminal">) {
    this.#options = options;
  }

  lend(): void {
    if (this.#options.interactive) this.#raw ??= this.#options.terminal.stdin.raw();
  }

  follow(event: DrivenEvent): void {
    if (event.kind === "targetEnded") this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#raw?.[Symbol.dispose]();
    this.#raw = undefined;
  }
}
