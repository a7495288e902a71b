/**
 * Repeats a run until it is stopped, and reports after each round what its pods answer differently. The pods are
 * selected again each time. Only the first round is confirmed and recorded.
 */
import { delay } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { exitCodeOfKind, KodamaError, NoMatchError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import { type Answer, type AnswerChanges, compareAnswers } from "../../exec/compare_answers.ts";
import type { Outcome } from "../../exec/outcome.ts";
import { OutputStore, type RecordedOutput } from "../../exec/recorded_output.ts";
import type { RunEvent } from "../../exec/run_options.ts";
import type { Target } from "../../kube/select/target.ts";
import type { ExecEvent } from "./events.ts";

export { hasChanged } from "../../exec/compare_answers.ts";

/** The distinct outputs of one round that are compared by their lines; of further ones only the hashes. */
const outputLimitBytes = 16 * 1024 * 1024;

/** The rounds of a watch. */
interface ExecWatchOptions {
  /** From the end of a round to the start of the next one. */
  intervalMs: number;
  clock: Clock;
  /** Ends the watch. */
  signal: AbortSignal;
  /** Starts a round: a run that passes each event of its fan-out to `observe`. */
  start: (
    round: { isFirst: boolean; observe: (event: RunEvent) => void },
  ) => AsyncIterable<ExecEvent>;
}

/** A context whose pods couldn't be found in a round; its name is empty if it isn't known. */
export interface RoundFailure {
  context: string;
  error: KodamaError;
}

/** A round that has ended. */
export interface Round {
  kind: "roundEnded";
  /** From 1. */
  round: number;
  at: Date;
  /** Pods that answered. */
  targets: number;
  /** Since the round before; all pods are new in the first one. */
  changes: AnswerChanges;
  /** The earlier answers of these contexts are compared with the next round's. */
  failures: readonly RoundFailure[];
  /** As that of a run. */
  exitCode: number;
}

/** The events of a watch. */
export type WatchRunEvent =
  /** An event of the first round: it is shown as any run. */
  | { kind: "first"; event: ExecEvent }
  | { kind: "roundStarted"; round: number }
  | Round
  /** Last: with the exit code of the last round that wasn't stopped. */
  | { kind: "watchEnded"; exitCode: number };

/**
 * Repeats a run. If its first round doesn't start, because a person says no, no events follow. An error of a later
 * round is reported, and the next round follows: a cluster may be away for a while.
 *
 * @throws what the first round throws.
 */
export async function* watchRun(options: ExecWatchOptions): AsyncGenerator<WatchRunEvent, void> {
  const { clock, signal, intervalMs, start } = options;
  const first = new RoundAnswers();
  for await (const event of start({ isFirst: true, observe: (one) => first.observe(one) })) {
    first.follow(event);
    yield { kind: "first", event };
  }
  if (first.exitCode === undefined) return;
  let { exitCode } = first;
  let before: readonly Answer[] = [];
  let answered: Answered = { answers: first.answers(), failures: first.failures, exitCode };
  for (let round = 1; !signal.aborted; round++) {
    exitCode = answered.exitCode;
    const { answers, failures } = answered;
    const after = [...answers, ...before.filter((one) => isMissing(one, failures))];
    const changes = await compareAnswers(before, after);
    const at = clock.now();
    yield { kind: "roundEnded", round, at, targets: answers.length, changes, failures, exitCode };
    before = after;
    await delay(clock, intervalMs, signal).catch(() => {});
    if (signal.aborted) break;
    yield { kind: "roundStarted", round: round + 1 };
    answered = await laterRound(start);
  }
  yield { kind: "watchEnded", exitCode };
}

/** How the pods answered in one round. */
interface Answered {
  answers: readonly Answer[];
  failures: readonly RoundFailure[];
  exitCode: number;
}

async function laterRound(start: ExecWatchOptions["start"]): Promise<Answered> {
  const round = new RoundAnswers();
  try {
    for await (const event of start({ isFirst: false, observe: (one) => round.observe(one) })) {
      round.follow(event);
    }
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    const exitCode = exitCodeOfKind(error.kind);
    // All pods are gone.
    if (error instanceof NoMatchError) return { answers: [], failures: [], exitCode };
    return { answers: [], failures: [{ context: "", error }], exitCode };
  }
  return { answers: round.answers(), failures: round.failures, exitCode: round.exitCode ?? 0 };
}

/** Whether the pod wasn't looked for, as its context failed. */
function isMissing({ context }: Answer, failures: readonly RoundFailure[]): boolean {
  return failures.some((failure) => failure.context === "" || failure.context === context);
}

/** Collects the answers of one round. */
class RoundAnswers {
  readonly failures: RoundFailure[] = [];
  /** Undefined until the round has ended. */
  exitCode: number | undefined;
  readonly #targets: Target[] = [];
  readonly #names: string[] = [];
  /** Shown on a terminal, and never stored. */
  readonly #outputs = new OutputStore(outputLimitBytes, { redacts: false });
  readonly #byId = new Map<string, RecordedOutput>();
  readonly #started = new Set<number>();
  readonly #ended = new Map<number, { outcome: Outcome; output?: RecordedOutput }>();

  /** Follows the output of the commands. */
  observe(event: RunEvent): void {
    if (event.kind === "targetStarted") this.#started.add(event.target);
    if (event.kind === "output") this.#outputs.push(event.target, event.stream, event.bytes);
    if (event.kind !== "targetEnded") return;
    const { target, outcome } = event;
    const output = this.#started.has(target) ? this.#output(target) : undefined;
    this.#ended.set(target, { outcome, ...definedOnly({ output }) });
  }

  #output(target: number): RecordedOutput | undefined {
    const { id, output } = this.#outputs.end(target);
    if (output !== undefined) this.#byId.set(id, output);
    return this.#byId.get(id);
  }

  /** Follows the targets and the end. */
  follow(event: ExecEvent): void {
    if (event.kind === "runStarted" || event.kind === "targetsAdded") {
      this.#targets.push(...event.targets);
      this.#names.push(...event.names);
    }
    if (event.kind === "contextFailed") {
      this.failures.push({ context: event.context, error: event.error });
    }
    if (event.kind === "runEnded") this.exitCode = event.exitCode;
  }

  answers(): Answer[] {
    return this.#targets.flatMap(({ context, namespace, pod, container }, index): Answer[] => {
      const end = this.#ended.get(index);
      if (end === undefined) return [];
      const { outcome, output } = end;
      return [{
        ...{ context, namespace, pod, container, name: this.#names[index] ?? pod },
        outcome: outcome.kind,
        exitCode: outcome.kind === "ok" ? 0 : outcome.kind === "failed" ? outcome.exitCode : null,
        ...definedOnly({ output }),
      }];
    });
  }
}
