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
import { EnterKey } from "./enter_key.ts";
import type { Piece } from "./painter.ts";
import { type DrivenEvent, type Progress, progressText, ProgressTracker } from "./progress.ts";
import { Screen, type ScreenOptions } from "./screen.ts";

/** 128 + SIGINT: stopped by the person or a signal. */
const interrupted = 130;

/** What a run is shown with. */
export interface DriveOptions<Event extends DrivenEvent = ExecEvent> extends ScreenOptions {
  signals: SignalSource;
  /** What to write for an event, in this order. */
  painter: { paint(event: Event): readonly Piece[] };
  /** Follows the events; absent: one that knows targets alone. */
  progress?: ProgressTracker;
  /** Standard input is a terminal that nobody else reads: Enter asks how far the run is. */
  enterKey: boolean;
}

/**
 * Runs `start` with the signal that cancels it, and with what lends the terminal to a command that takes keys;
 * answers with the exit code of the process.
 * Rejects with `ClosedSinkError` when the reader of an output went away; the run has been cancelled then.
 */
export async function drive<Event extends DrivenEvent = ExecEvent>(
  start: (signal: AbortSignal, lend: () => void) => AsyncIterable<Event>,
  options: DriveOptions<Event>,
): Promise<number> {
  const { terminal, painter, clock } = options;
  const cancel = new AbortController();
  const progress = options.progress ?? new ProgressTracker();
  using screen = new Screen(options);
  using interrupts = new Interrupts(options, { cancel, progress, screen });
  using _broken = cancelWhenBroken(terminal, cancel);
  using lent = new LentTerminal(options);
  using keys = new DisposableStack();
  const show = async (): Promise<number> => {
    let exitCode: number | undefined;
    for await (const event of start(cancel.signal, () => lent.lend())) {
      progress.follow(event);
      lent.follow(event);
      if (event.kind === "runStarted") {
        // Whom a question's answer can't reach means the signal: a script, whose standard error is a file. So does
        // who waits for a terminal: once it is there, Ctrl-C is the command's.
        if (terminal.stderr.isTerminal && !options.interactive) interrupts.begin();
        screen.begin(progress);
        const pressed = () => screen.answer(progressText(progress));
        if (options.enterKey) keys.use(new EnterKey(terminal.stdin, { clock, pressed }));
      }
      await screen.write(painter.paint(event));
      if (event.kind === "runEnded") exitCode = event.exitCode;
    }
    if (exitCode !== undefined) return exitCode;
    throw new KodamaError("cancelled", "not confirmed: nothing was run");
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

/** What a signal acts upon. */
interface Interruptible {
  cancel: AbortController;
  progress: Progress;
  screen: Screen;
}

/** Signals while the run goes on. */
class Interrupts implements Disposable {
  /** Resolves with the exit code when a person won't wait for the pods. */
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

  /** Commands are about to run: from now on one Ctrl-C is a question. */
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
        return screen.note(where, "Ctrl-C again at once stops them");
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

/** The terminal in raw mode, from the moment when the interactive target's command runs to its end. */
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
