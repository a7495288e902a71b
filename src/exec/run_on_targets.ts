/** One command in many targets at once: the fan-out. */
import { forEachUntil, onAbort, passed } from "../base/abort.ts";
import { BoundedQueue } from "../base/bounded_queue.ts";
import { KodamaError } from "../base/errors.ts";
import type { Target } from "../kube/select/target.ts";
import { type Outcome, outcomeInState, outcomeOfExpected, outcomeOfSkip } from "./outcome.ts";
import type { RunEvent } from "./run_options.ts";
import { Outages } from "./outages.ts";
import type { RunOptions } from "./run_options.ts";
import { runTarget } from "./run_target.ts";
import { next, type ScheduleState } from "./schedule.ts";

/** Events that may wait for the consumer; an output event is as large as a server's frame, about 32 KiB. */
const queuedEvents = 64;

/** How long others may wait for a consumer that always has an event to read. */
const longestTurnMs = 20;

/**
 * Runs a command in every target, a sliding window of them at a time, and emits events.
 *
 * Per target: `targetStarted`, its output in order, and `targetEnded` exactly once; a target that never started has
 * only `targetEnded` with `skipped`. `runEnded` comes last. A slow consumer slows the commands; one that stops cancels
 * the run, and its `return` resolves when all commands are ended.
 */
export async function* runOnTargets(
  targets: readonly Target[],
  command: readonly string[],
  options: RunOptions,
): AsyncGenerator<RunEvent, void> {
  const { clock } = options;
  const startedMs = clock.elapsedMs();
  yield { kind: "runStarted", targets, command, at: clock.now() };
  const run = new Run(targets, command, options);
  try {
    yield* run.events();
    const durationMs = Math.round(clock.elapsedMs() - startedMs);
    yield { kind: "runEnded", outcomes: run.outcomes, at: clock.now(), durationMs };
  } finally {
    await run.abandon();
  }
}

class Run {
  readonly #events = new BoundedQueue<RunEvent>(queuedEvents);
  /** Targets whose output no one waits for any more. */
  readonly #dropped = new Set<number>();
  readonly #targets: Target[];
  readonly #outcomes: Outcome[];
  readonly #state: ScheduleState;
  readonly #outages: Outages;
  readonly #unwatched = new Set<string>();
  readonly #cancel = new AbortController();
  readonly #supervision: Promise<void>;
  #wake: () => void = () => {};

  constructor(
    targets: readonly Target[],
    readonly command: readonly string[],
    readonly options: RunOptions,
  ) {
    this.#targets = [...targets];
    this.#outcomes = new Array<Outcome>(targets.length);
    this.#outages = new Outages(options.clock, options.connectTimeoutMs);
    const more = options.later !== undefined;
    this.#state = { total: targets.length, more, started: 0, running: 0, failed: 0 };
    this.#supervision = this.#supervise();
  }

  /** The outcomes by target; complete when the events have ended. */
  get outcomes(): readonly Outcome[] {
    return this.#outcomes;
  }

  /**
   * The events, in order. Under heavy output it yields to the event loop: to signals, timers, and the streams that end
   * the flood.
   */
  async *events(): AsyncGenerator<RunEvent, void> {
    const { clock } = this.options;
    let turnMs = clock.elapsedMs();
    for await (const event of this.#events) {
      if (event.kind === "output" && this.#dropped.has(event.target)) continue;
      yield event;
      if (clock.elapsedMs() - turnMs < longestTurnMs) continue;
      await passed(clock, 0);
      turnMs = clock.elapsedMs();
    }
  }

  /** The consumer stopped: cancels the running commands, and resolves when they are ended. */
  async abandon(): Promise<void> {
    this.#events.discard();
    this.#stop("the run was abandoned");
    await this.#supervision;
  }

  async #supervise(): Promise<void> {
    using _listening = onAbort(
      this.options.signal,
      () => this.#stop(reasonOf(this.options.signal)),
    );
    const later = this.#addLater();
    for (;;) {
      const decision = next(this.#state, this.options);
      if (decision.kind === "start") this.#start(decision.target);
      else if (decision.kind === "wait") await this.#change();
      else {
        await later;
        await this.#skipFrom(this.#state.started, decision.reason ?? "");
        break;
      }
    }
    while (this.#state.running > 0) await this.#change();
    this.#events.close();
  }

  async #addLater(): Promise<void> {
    const { later } = this.options;
    if (later === undefined) return;
    await forEachUntil(later, this.#cancel.signal, async (targets) => {
      await this.#events.push({ kind: "targetsAdded", targets });
      this.#targets.push(...targets);
      this.#state.total = this.#targets.length;
      this.#wake();
    });
    this.#state.more = false;
    this.#wake();
  }

  #start(target: number): void {
    this.#state.started += 1;
    this.#state.running += 1;
    this.#runOne(target).catch((error: unknown) => {
      // A bug in kodama, not the target's failure: the consumer receives it, and no further target starts.
      this.#events.fail(error);
      this.#stop("kodama failed");
    }).finally(() => {
      this.#state.running -= 1;
      this.#wake();
    });
  }

  async #runOne(index: number): Promise<void> {
    const { clock, positionOf, expected, input } = this.options;
    const startedMs = clock.elapsedMs();
    await this.#events.push({ kind: "targetStarted", target: index, at: clock.now() });
    const end = await (this.options.perform ?? runTarget)({
      target: this.#targets[index] as Target,
      ...(positionOf?.(index) ?? { index, total: this.#targets.length }),
      command: this.command,
      options: this.options,
      input: input?.isEmpty === true ? undefined : input,
      outages: this.#outages,
      unwatched: this.#unwatched,
      cancelled: this.#cancel.signal,
      emit: async (stream, bytes) => {
        if (this.#dropped.has(index)) return;
        await this.#events.push({ kind: "output", target: index, stream, bytes });
      },
      drop: () => void this.#dropped.add(index),
    });
    const state = outcomeInState(end, this.#targets[index]?.trouble);
    const outcome = expected === undefined ? state : outcomeOfExpected(state, expected);
    if (outcome.kind !== "ok") this.#state.failed += 1;
    await this.#end(index, outcome, Math.round(clock.elapsedMs() - startedMs));
  }

  async #end(target: number, outcome: Outcome, durationMs: number): Promise<void> {
    this.#outcomes[target] = outcome;
    const at = this.options.clock.now();
    await this.#events.push({ kind: "targetEnded", target, outcome, at, durationMs });
  }

  async #skipFrom(first: number, reason: string): Promise<void> {
    for (let target = first; target < this.#targets.length; target++) {
      await this.#end(target, outcomeOfSkip(reason), 0);
    }
  }

  #stop(reason: string): void {
    this.#state.stopped ??= reason;
    this.#cancel.abort();
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake = resolve);
  }
}

function reasonOf(signal: AbortSignal): string {
  return signal.reason instanceof KodamaError ? signal.reason.message : "the run was cancelled";
}
