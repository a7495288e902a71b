/**
 * Repeats a workflow with steps until it is stopped, and reports after each round what differs from the one before, step
 * by step. Its changes are confirmed once, in the first round. Of the rounds the first and the last stay recorded.
 */
import { delay } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { exitCodeOfKind, KodamaError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import { diffRuns, type RunDiff } from "../runs/diff.ts";
import { findAnyRun, forgetRun, type FoundRun } from "../runs/past_runs.ts";
import type { Host } from "../host.ts";
import type { Ask, StepsEvent } from "./run_steps.ts";

/** The rounds of a watch. */
interface StepsWatchOptions {
  /** From the end of a round to the start of the next one. */
  intervalMs: number;
  clock: Clock;
  /** Ends the watch. */
  signal: AbortSignal;
  /** Starts a round: a recorded run. */
  start: (round: { isFirst: boolean }) => AsyncIterable<StepsEvent>;
}

/** A round that has ended. */
export interface StepsRound {
  kind: "roundEnded";
  /** From 1. */
  round: number;
  at: Date;
  exitCode: number;
  /** Since the last round that could be compared; absent in the first one, and with an error. */
  diff?: RunDiff;
  /** Why the round didn't start, or can't be compared. */
  error?: KodamaError;
}

/** The events of a watch. */
export type StepsWatchEvent =
  /** An event of the first round: it is shown as any run. */
  | { kind: "first"; event: StepsEvent }
  | { kind: "roundStarted"; round: number }
  | StepsRound
  /** Last: with the exit code of the last round that wasn't stopped. */
  | { kind: "watchEnded"; exitCode: number };

/** Returns what asks each question once: the answer holds for all rounds. */
export function askedOnce(ask: Ask): Ask {
  const answers = new Map<string, string>();
  return async (question, signal) => {
    // With its choices: an index among others means something else.
    const key = JSON.stringify(question);
    const answer = answers.get(key) ?? await ask(question, signal);
    if (answer !== undefined) answers.set(key, answer);
    return answer;
  };
}

/**
 * Repeats a run. If its first round doesn't start, because a person says no, no events follow. An error of a later
 * round is reported, and the next round follows.
 *
 * @throws what the first round throws.
 */
export async function* watchSteps(
  host: Host,
  { intervalMs, clock, signal, start }: StepsWatchOptions,
): AsyncGenerator<StepsWatchEvent, void> {
  const first = new RoundEnd();
  for await (const event of start({ isFirst: true })) {
    first.follow(event);
    yield { kind: "first", event };
  }
  if (first.exitCode === undefined) return;
  let { exitCode } = first;
  let before = first.id === undefined ? undefined : await findAnyRun(host, first.id);
  let error = first.error;
  yield { kind: "roundEnded", round: 1, at: clock.now(), exitCode, ...definedOnly({ error }) };
  for (let round = 2; !signal.aborted; round++) {
    await delay(clock, intervalMs, signal).catch(() => {});
    if (signal.aborted) break;
    yield { kind: "roundStarted", round };
    const later = await laterRound(start);
    if (signal.aborted) break;
    exitCode = later.exitCode ?? 0;
    error = later.error;
    const after = later.id === undefined ? undefined : await findAnyRun(host, later.id);
    const diff = before && after && await diffRuns(host, after, before);
    yield {
      ...{ kind: "roundEnded", round, at: clock.now(), exitCode },
      ...definedOnly({ diff, error }),
    };
    if (after === undefined) continue;
    if (before !== undefined && idOf(before) !== first.id) await forgetRun(host, idOf(before));
    before = after;
  }
  yield { kind: "watchEnded", exitCode };
}

function idOf({ run }: FoundRun): string {
  return run.header.id;
}

/** How a round ended, followed from its events. */
class RoundEnd {
  /** The id of the record. */
  id: string | undefined;
  /** Undefined until the round has ended. */
  exitCode: number | undefined;
  error: KodamaError | undefined;

  follow(event: StepsEvent): void {
    if (event.kind === "recorded") this.id = event.id;
    if (event.kind === "notRecorded") this.error = event.error;
    if (event.kind === "workflowEnded") this.exitCode = event.exitCode;
  }
}

async function laterRound(start: StepsWatchOptions["start"]): Promise<RoundEnd> {
  const end = new RoundEnd();
  try {
    for await (const event of start({ isFirst: false })) end.follow(event);
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    end.error = error;
    end.exitCode = exitCodeOfKind(error.kind);
  }
  return end;
}
