/**
 * The rounds of a watch: a run is repeated until it is stopped, and each round is compared with the one before. Only the
 * first round is confirmed: what was answered in it holds for the same pods in later ones, and for no others.
 */
import { delay } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { exitCodeOfKind, KodamaError, UnconfirmedError } from "../base/errors.ts";
import { hint, option } from "../base/hint.ts";
import type { AnswerChanges } from "../exec/compare_answers.ts";
import type { ChangeQuestion, Confirm } from "./confirm_change.ts";
import type { RunDiff } from "./runs/diff.ts";

/** A context whose pods couldn't be found in a round; its name is empty if it isn't known, or the whole round failed. */
export interface RoundFailure {
  context: string;
  error: KodamaError;
}

/** What differs from the round before: of a command, its pods, which are all new in the first round. */
export type RoundDiff =
  | { kind: "run"; changes: AnswerChanges; isDifferent: boolean }
  | Extract<RunDiff, { kind: "workflow" }>;

/** A round that has ended. */
export interface Round {
  kind: "roundEnded";
  /** From 1. */
  round: number;
  at: Date;
  /** As that of a run. */
  exitCode: number;
  failures: readonly RoundFailure[];
  /** Pods that answered a command; absent for a workflow. */
  targets?: number;
  /** Since the last round that could be compared; absent if there is none, or this round can't be. */
  diff?: RoundDiff;
}

/** The events of a watch. */
export type WatchEvent<E> =
  /** An event of the first round: it is shown as any run. */
  | { kind: "first"; event: E }
  | { kind: "roundStarted"; round: number }
  | Round
  /** Last: with the exit code of the last round that wasn't stopped. */
  | { kind: "watchEnded"; exitCode: number };

/** When rounds start, and when there are no more. */
export interface RoundTimes {
  /** From the end of a round to the start of the next one. */
  intervalMs: number;
  clock: Clock;
  /** Ends the watch. */
  signal: AbortSignal;
}

/** Collects what a round is compared by. */
interface RoundFollower<E> {
  readonly failures: readonly RoundFailure[];
  /** Undefined until the round has ended. */
  exitCode: number | undefined;
  follow(event: E): void;
  /** The round ended with an error. */
  failed(error: KodamaError): void;
}

/**
 * Repeats a run. If its first round doesn't start, because a person says no, no events follow. An error of a later
 * round is reported, and the next round follows: a cluster may be away for a while.
 *
 * @param compare compares a round with the one before.
 * @throws what the first round throws.
 */
export async function* watchRounds<E, F extends RoundFollower<E>>(
  { intervalMs, clock, signal, follower, start, compare }: RoundTimes & {
    follower: () => F;
    start: (round: F, isFirst: boolean) => AsyncIterable<E>;
    compare: (round: F, number: number) => Promise<Pick<Round, "targets" | "diff">>;
  },
): AsyncGenerator<WatchEvent<E>, void> {
  let current = follower();
  for await (const event of start(current, true)) {
    current.follow(event);
    yield { kind: "first", event };
  }
  if (current.exitCode === undefined) return;
  let { exitCode } = current;
  for (let round = 1; !signal.aborted; round++) {
    exitCode = current.exitCode ?? 0;
    const compared = await compare(current, round);
    const { failures } = current;
    yield { kind: "roundEnded", round, at: clock.now(), exitCode, failures, ...compared };
    await delay(clock, intervalMs, signal).catch(() => {});
    if (signal.aborted) break;
    yield { kind: "roundStarted", round: round + 1 };
    current = follower();
    try {
      for await (const event of start(current, false)) current.follow(event);
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      current.failed(error);
      current.exitCode = exitCodeOfKind(error.kind);
    }
  }
  yield { kind: "watchEnded", exitCode };
}

/** The most pods that a refusal names. */
const maxNames = 8;

/** Returns the confirmations of the first round, and of each later one. */
export function roundConfirmation(confirm: Confirm): { first: Confirm; later: Confirm } {
  const answered: { action: string; pods: ReadonlySet<string> }[] = [];
  return {
    first: {
      ...confirm,
      ask: async (question) => {
        const isAgreed = await confirm.ask(question);
        if (isAgreed) {
          answered.push({ action: actionOf(question), pods: new Set(podsOf(question)) });
        }
        return isAgreed;
      },
    },
    later: {
      ...confirm,
      ask: (question) => {
        const action = actionOf(question);
        const same = answered.filter((one) => one.action === action);
        const missing = podsOf(question).filter((pod) => !same.some(({ pods }) => pods.has(pod)));
        if (same.length > 0 && missing.length === 0) return Promise.resolve(true);
        return Promise.reject(refusal(missing));
      },
    },
  };
}

function actionOf({ action }: ChangeQuestion): string {
  return JSON.stringify(action);
}

function podsOf({ scopes }: ChangeQuestion): string[] {
  return scopes.flatMap(({ context, namespace, pods }) =>
    pods.map((pod) => `${context}/${namespace}/${pod}`)
  );
}

/** A question in the middle of a watch would stand while its pods change again. */
function refusal(pods: readonly string[]): UnconfirmedError {
  const names = pods.slice(0, maxNames).map((pod) => pod.slice(pod.lastIndexOf("/") + 1));
  const more = pods.length > maxNames ? ` and ${pods.length - maxNames} more` : "";
  const where = pods.length === 0 ? "" : `: ${names.join(", ")}${more}`;
  return new UnconfirmedError(`this round would change what no one was asked about${where}`, {
    hint: hint`start the watch again, or confirm all of its rounds with ${option("yes")}`,
  });
}
