/**
 * Repeats a workflow with steps, and reports after each round what differs from the one before, step by step. Of the
 * rounds the first and the last stay recorded.
 */
import type { KodamaError } from "../../base/errors.ts";
import { type RoundFailure, type RoundTimes, type WatchEvent, watchRounds } from "../rounds.ts";
import { diffRuns } from "../runs/diff.ts";
import { findAnyRun, forgetRun, type FoundRun } from "../runs/past_runs.ts";
import type { Host } from "../host.ts";
import type { Ask, StepsEvent } from "./run_steps.ts";

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
 * Repeats a run, which is recorded each time.
 *
 * @throws what the first round throws.
 */
export function watchSteps(
  host: Host,
  { start, ...times }: RoundTimes & {
    start: (round: { isFirst: boolean }) => AsyncIterable<StepsEvent>;
  },
): AsyncGenerator<WatchEvent<StepsEvent>, void> {
  let first: string | undefined;
  let before: FoundRun | undefined;
  return watchRounds({
    ...times,
    follower: () => new RoundEnd(),
    start: (_round, isFirst) => start({ isFirst }),
    compare: async ({ id }, number) => {
      if (number === 1) first = id;
      if (id === undefined) return {};
      const [earlier, after] = [before, await findAnyRun(host, id)];
      before = after;
      if (earlier === undefined) return {};
      const diff = await diffRuns(host, after, earlier);
      if (earlier.run.header.id !== first) await forgetRun(host, earlier.run.header.id);
      return diff.kind === "workflow" ? { diff } : {};
    },
  });
}

/** How a round ended, followed from its events. */
class RoundEnd {
  /** The id of the record. */
  id: string | undefined;
  exitCode: number | undefined;
  readonly failures: RoundFailure[] = [];

  follow(event: StepsEvent): void {
    if (event.event === "recorded") this.id = event.run;
    if (event.event === "notRecorded") this.failed(event.record.error);
    if (event.event === "runEnded") this.exitCode = event.exitCode;
  }

  failed(error: KodamaError): void {
    this.failures.push({ context: "", error });
  }
}
