/**
 * Runs an event stream on a terminal, from its first event to the exit code of the process: {@link drive}.
 *
 * - A painter turns events into pieces; they are written in order, across both streams.
 * - A signal aborts the work and the work ends by itself; the exit code is then 130. A second signal doesn't wait.
 * - If the reader of an output closes it, the work is aborted as well, and {@link drive} rejects at its end.
 * - A status line below the output shows the progress; notes come between the lines of output.
 * - A program in a pod gets the terminal in raw mode for a while; afterwards its modes are restored.
 *
 * The driver knows neither the events nor the work. A full-screen front end draws by itself and needs only
 * `signals.ts`.
 */
import type { Clock } from "../../base/clock.ts";
import { ClosedSinkError } from "../sink.ts";
import type { Piece, Terminal } from "../terminal.ts";
import { Screen } from "./screen.ts";
import { type EndSignal, interruptedExitCode, interruption, type SignalSource } from "./signals.ts";

/** Formats the events of a stream. Pure: the driver writes. */
export interface Painter<Event> {
  /** Returns the pieces to write for an event, in this order. Bytes may be in memory that the next event reuses. */
  paint(event: Event): readonly Piece[];
  /**
   * Messages that are collected to print equal messages once; absent if the painter collects none. The driver prints
   * them after a second, later messages after two, and so on; the painter prints the remaining messages with its last
   * event.
   */
  readonly collected?: {
    readonly isEmpty: boolean;
    take(): readonly Piece[];
  };
}

/** The progress of the work, followed from its events. */
export interface Progress<Event> {
  follow(event: Event): void;
  /** Returns the text of the status line, or of several lines, at most `rows`; each is cut at the terminal's width. */
  statusLine(elapsedMs: number, rows: number): string;
  /**
   * Returns the state of every part of the work, printed on Ctrl-\ and for {@link DriveOptions.confirmsInterrupt};
   * undefined before there are parts. Absent if only the status line reports progress.
   */
  state?(): string | undefined;
}

/** An event's meaning to the driver. */
export type Milestone =
  /** The work itself starts: there is nothing more to ask, and the status line may be shown. */
  | { kind: "started" }
  /** The last event. */
  | { kind: "ended"; exitCode: number };

/** The part of the terminal that the work is given. */
export interface TerminalLease {
  /** Aborts on a signal (the reason is `cancelled`) and if an output is closed (`ClosedSinkError`). */
  readonly signal: AbortSignal;
  /** Aborts if a person ends the cleanup after that: {@link DriveOptions.cleansUp}. */
  readonly cleanupSignal: AbortSignal;
  /** Puts the terminal in raw mode, for the program in a pod that it is connected to, until {@link cooked} or the end. */
  raw(): void;
  /** Ends raw mode, after all output, and resets the modes that the program has left. */
  cooked(): Promise<void>;
  /** Asks a question: without the status line, after all output. */
  alone<T>(asking: () => Promise<T>): Promise<T>;
}

/** Options of {@link drive}. */
export interface DriveOptions<Event> {
  terminal: Terminal;
  signals: SignalSource;
  clock: Clock;
  painter: Painter<Event>;
  /** Returns the event's meaning to the driver; undefined for most events. */
  milestone: (event: Event) => Milestone | undefined;
  /** The error if the stream ends without a last event; absent: the exit code is 0. */
  incomplete?: () => Error;
  progress?: Progress<Event>;
  /** Show the status line, from the start of the work. */
  statusLine?: boolean;
  /**
   * After the start of the work, a Ctrl-C only prints its state, and a second Ctrl-C within three seconds aborts it.
   * Without effect if standard error isn't a terminal or the work is interactive.
   */
  confirmsInterrupt?: boolean;
  /**
   * The work cleans up after a signal, which only two Ctrl-C within three seconds end: they abort `cleanupSignal`. No
   * other signal does.
   */
  cleansUp?: boolean;
  /** The work has no other end than a signal: the exit code is that of its last event. */
  endsBySignal?: boolean;
  /** The work takes the terminal with `raw()`: output on standard output is that of a program which uses it. */
  interactive?: boolean;
  /** `finish`: the work continues if its output is closed, and only the exit code of the process reports it. */
  whenClosed?: "abort" | "finish";
}

/**
 * Shows the events of `start`; returns the exit code of the process. Rejects with the error of `start`, and with
 * `ClosedSinkError` if the reader of an output has closed it, after the work has ended.
 */
export async function drive<Event>(
  start: (lease: TerminalLease) => AsyncIterable<Event>,
  options: DriveOptions<Event>,
): Promise<number> {
  const { terminal, signals, clock, painter, progress, interactive = false } = options;
  const whenClosed = options.whenClosed ?? "abort";
  const [cancel, cleanup] = [new AbortController(), new AbortController()];
  using screen = new Screen({ terminal, clock, interactive });
  using interrupts = new Interrupts(options, { cancel, cleanup, screen });
  using _closed = whenClosed === "abort" ? abortWhenClosed(terminal, cancel) : undefined;
  using _status = progress?.state &&
    signals.onStatus?.(() => screen.note(progress.state?.() ?? "nothing has started yet"));
  using collected = new CollectedMessages(painter, { clock, screen });
  const lease: TerminalLease = {
    signal: cancel.signal,
    cleanupSignal: cleanup.signal,
    raw: () => screen.raw(),
    cooked: () => screen.cooked(),
    alone: (asking) => screen.alone(asking),
  };
  const show = async (): Promise<number> => {
    let exitCode: number | undefined;
    for await (const event of start(lease)) {
      progress?.follow(event);
      const milestone = options.milestone(event);
      if (milestone?.kind === "started") {
        interrupts.start();
        if (options.statusLine && terminal.progress !== "none" && progress !== undefined) {
          screen.start((elapsedMs, rows) => progress.statusLine(elapsedMs, rows));
        }
      }
      await screen.write(painter.paint(event));
      collected.follow();
      if (milestone?.kind === "ended") exitCode = milestone.exitCode;
    }
    if (exitCode === undefined && options.incomplete !== undefined) throw options.incomplete();
    return exitCode ?? 0;
  };
  const exitCode = await Promise.race([show(), interrupts.abandoned]);
  await screen.end({ ignoreBroken: whenClosed === "finish" });
  return interrupts.stopped && options.endsBySignal !== true ? interruptedExitCode : exitCode;
}

function abortWhenClosed({ stdout, stderr }: Terminal, cancel: AbortController): Disposable {
  const sinks = [stdout, stderr];
  const onBroken = () => cancel.abort(new ClosedSinkError("the reader of the output has gone"));
  for (const { broken } of sinks) broken.addEventListener("abort", onBroken, { once: true });
  return {
    [Symbol.dispose]: () => {
      for (const { broken } of sinks) broken.removeEventListener("abort", onBroken);
    },
  };
}

/** How close the work is to its end by signals. */
export type InterruptState =
  /** A signal aborts it: nothing has started, or a single Ctrl-C is enough. */
  | { phase: "open" }
  /** Ctrl-C has to be confirmed by a second Ctrl-C. */
  | { phase: "confirms" }
  /** Ctrl-C came, and the work continues unless another comes soon. */
  | { phase: "interrupted"; atMs: number }
  | { phase: "stopping" }
  /** The work was aborted and cleans up; `atMs` is the time of the last Ctrl-C since. */
  | { phase: "cleaning"; atMs?: number };

/**
 * The action for a signal: print the state of the work, abort it, leave even if something still runs, or, of work that
 * cleans up, end that.
 */
export type InterruptAction = "report" | "abort" | "leave" | "endCleanup";

/** Two Ctrl-C within this time abort the work: as long as it takes to read the first one's output. */
const confirmMs = 3000;

/** Returns the next state and the action for the signal. `nowMs` is monotonic. */
export function onSignal(
  state: InterruptState,
  signal: EndSignal,
  nowMs: number,
  cleansUp = false,
): { state: InterruptState; action: InterruptAction } {
  if (state.phase === "stopping") return { state, action: "leave" };
  if (state.phase === "cleaning") {
    if (signal !== "SIGINT") return { state, action: "report" };
    const { atMs } = state;
    const isSecond = atMs !== undefined && nowMs - atMs <= confirmMs;
    return {
      state: { phase: "cleaning", atMs: nowMs },
      action: isSecond ? "endCleanup" : "report",
    };
  }
  const isConfirmed = state.phase === "open" ||
    state.phase === "interrupted" && nowMs - state.atMs <= confirmMs;
  if (signal !== "SIGINT" || isConfirmed) {
    return { state: { phase: cleansUp ? "cleaning" : "stopping" }, action: "abort" };
  }
  return { state: { phase: "interrupted", atMs: nowMs }, action: "report" };
}

type InterruptOptions = Pick<
  DriveOptions<never>,
  "terminal" | "signals" | "clock" | "progress" | "confirmsInterrupt" | "cleansUp" | "interactive"
>;

/** Handles signals during the work. */
class Interrupts implements Disposable {
  /** Resolves with the exit code if a person doesn't wait for the end of the work. */
  readonly abandoned: Promise<number>;
  readonly #leave: (exitCode: number) => void;
  readonly #listening: Disposable;
  #state: InterruptState = { phase: "open" };

  constructor(
    private readonly options: InterruptOptions,
    private readonly work: { cancel: AbortController; cleanup: AbortController; screen: Screen },
  ) {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.abandoned = promise;
    this.#leave = resolve;
    this.#listening = options.signals.listen((signal) => this.#handle(signal));
  }

  /**
   * The work starts. If the answer to Ctrl-C can't be read (in a script, whose standard error is a file), it aborts at
   * once. So it does while interactive work waits for its terminal: after that, Ctrl-C goes to the program in the pod.
   */
  start(): void {
    const { confirmsInterrupt, interactive, terminal } = this.options;
    const confirms = confirmsInterrupt && !interactive && terminal.stderr.isTerminal;
    if (confirms && this.#state.phase === "open") this.#state = { phase: "confirms" };
  }

  get stopped(): boolean {
    return this.#state.phase === "stopping" || this.#state.phase === "cleaning";
  }

  #handle(signal: EndSignal): void {
    const { cancel, cleanup, screen } = this.work;
    const { clock, cleansUp, progress } = this.options;
    const { state, action } = onSignal(this.#state, signal, clock.elapsedMs(), cleansUp);
    this.#state = state;
    const work = progress?.state?.();
    switch (action) {
      case "report":
        return screen.note(
          work ?? "",
          signal !== "SIGINT" ? undefined : {
            text: `Press Ctrl-C again within ${confirmMs / 1000}s to ${
              this.stopped ? "end the cleanup" : "cancel"
            }`,
            forMs: confirmMs,
          },
        );
      case "abort":
        cancel.abort(interruption(signal));
        if (progress?.state) screen.note(work === undefined ? "stopping" : `stopping: ${work}`);
        return;
      case "endCleanup":
        return cleanup.abort(interruption(signal));
      case "leave":
        if (work !== undefined) screen.note(`left behind: ${work}`);
        return this.#leave(interruptedExitCode);
    }
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}

/**
 * The first collected messages of long work are printed after this time, the next messages after twice as long, and so
 * on.
 */
const firstCollectedMs = 1000;

/** Prints the messages that a painter collects. */
class CollectedMessages implements Disposable {
  #delayMs = firstCollectedMs;
  #timer: Disposable | undefined;

  constructor(
    private readonly painter: Painter<never>,
    private readonly shown: { clock: Clock; screen: Screen },
  ) {}

  /** An event was painted. */
  follow(): void {
    const { collected } = this.painter;
    if (collected === undefined || collected.isEmpty || this.#timer !== undefined) return;
    this.#timer = this.shown.clock.timer(this.#delayMs, () => {
      this.#timer = undefined;
      this.#delayMs *= 2;
      this.shown.screen.write(collected.take()).catch(() => {
        // A broken standard error is noticed when the next event is written.
      });
    });
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}
