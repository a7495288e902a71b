/** Repeats the run of a command, and reports after each round what its pods answer differently. */
import { type KodamaError, NoMatchError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import { type Answer, compareAnswers, hasChanged } from "../../exec/compare_answers.ts";
import type { Outcome } from "../../exec/outcome.ts";
import { OutputStore, type RecordedOutput } from "../../exec/recorded_output.ts";
import type { RunEvent } from "../../exec/run_options.ts";
import type { Target } from "../../kube/select/target.ts";
import { type RoundFailure, type RoundTimes, type WatchEvent, watchRounds } from "../rounds.ts";
import type { ExecEvent } from "./events.ts";

/** The distinct outputs of one round that are compared by their lines; of further ones only the hashes. */
const outputLimitBytes = 16 * 1024 * 1024;

/**
 * Repeats a run, whose pods are selected again each time. Only the first round is recorded.
 *
 * @param options.start starts a round: a run that passes each event of its fan-out to `observe`.
 * @throws what the first round throws.
 */
export function watchRun(
  { start, ...times }: RoundTimes & {
    start: (
      round: { isFirst: boolean; observe: (event: RunEvent) => void },
    ) => AsyncIterable<ExecEvent>;
  },
): AsyncGenerator<WatchEvent<ExecEvent>, void> {
  let before: readonly Answer[] = [];
  return watchRounds({
    ...times,
    follower: () => new RoundAnswers(),
    start: (round, isFirst) => start({ isFirst, observe: (event) => round.observe(event) }),
    compare: async (round) => {
      const answers = round.answers();
      // Pods of a context that failed weren't looked for: their earlier answers are compared with the next round's.
      const missing = before.filter(({ context }) =>
        round.failures.some((failure) => failure.context === "" || failure.context === context)
      );
      const after = [...answers, ...missing];
      const changes = await compareAnswers(before, after);
      before = after;
      const diff = { kind: "run" as const, changes, isDifferent: hasChanged(changes) };
      return { targets: answers.length, diff };
    },
  });
}

/** Collects the answers of one round. */
class RoundAnswers {
  failures: RoundFailure[] = [];
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

  /** Without a match all pods are gone. */
  failed(error: KodamaError): void {
    this.failures = error instanceof NoMatchError ? [] : [{ context: "", error }];
    this.#ended.clear();
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
