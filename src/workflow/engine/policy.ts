/** Decisions that follow from how a step ended. Pure. */
import type { KodamaError } from "../../base/errors.ts";
import { retryDelayMs, type RetryPolicy } from "../../base/retry.ts";
import type { Outcome } from "../../exec/outcome.ts";
import { ExpressionError } from "../../expression/problem.ts";
import * as v from "valibot";
import { parseDuration } from "../../base/duration.ts";
import { policyEntries } from "../file_shape.ts";
import type { AllowFailure, LineLocation, Step } from "../model.ts";
import { retryOf } from "../read_frame.ts";
import { evaluatedAs, withoutNull } from "../written.ts";
import { type StepOutcome, timeoutAfter } from "../step_events.ts";

/** How a step is repeated and limited, and what follows from its end. */
export interface Policy {
  /** The time limit of each attempt. */
  limitMs: number | undefined;
  retry: RetryPolicy | undefined;
  allowFailure: AllowFailure;
  /** Between attempts of a step with `until`. */
  everyMs: number;
  /** Its output is only shown if it fails. */
  quiet: boolean;
}

/** The policy of a step that sets none of it. */
export const noPolicy: Policy = {
  limitMs: undefined,
  retry: undefined,
  allowFailure: false,
  everyMs: 5000,
  quiet: false,
};

const policyShape = v.object(policyEntries);

/** Returns the fields of a step's policy as written: its own, else those of its workflow's `defaults`. */
export function policyFields(
  { policy: own }: Step,
  defaults: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const inherited = Object.entries(defaults).filter(([field]) =>
    Object.hasOwn(policyEntries, field)
  );
  return { ...Object.fromEntries(inherited), ...own };
}

/** Returns the policy of evaluated fields. @throws KodamaError `config` for a value that doesn't fit its field. */
export function stepPolicyOf(evaluated: Readonly<Record<string, unknown>>): Policy {
  const { timeout, attempts, allowFailure, every, quiet } = evaluatedAs(
    policyShape,
    withoutNull(evaluated),
  );
  return {
    limitMs: timeout === undefined ? undefined : parseDuration(timeout),
    retry: attempts === undefined ? undefined : retryOf(attempts),
    allowFailure: allowFailure ?? false,
    everyMs: parseDuration(every ?? "") ?? noPolicy.everyMs,
    quiet: quiet ?? false,
  };
}

/** Why a signal aborts at the time limit of a run. */
export class RunTimeUp extends Error {
  override readonly name = "RunTimeUp";

  constructor(readonly afterMs: number) {
    super("the time limit of the run has passed");
  }
}

/** Returns the outcome of a step that an aborted signal has ended. */
export function stoppedBy({ reason }: AbortSignal): StepOutcome {
  return reason instanceof RunTimeUp ? timeoutAfter(reason.afterMs, "run") : { kind: "cancelled" };
}

/** Returns the delay before the next attempt; undefined if there is none. `attempt` is the last one, from 1. */
export function nextAttempt(
  retry: RetryPolicy | undefined,
  attempt: number,
  outcome: StepOutcome,
): number | undefined {
  if (retry === undefined || attempt >= (retry.attempts ?? Infinity)) return undefined;
  // What a person or a permission refused would be refused again.
  if (outcome.kind !== "failed" && outcome.kind !== "timeout") return undefined;
  return retryDelayMs(retry, attempt);
}

/** Returns whether the steps after it run. A cancel is never allowed. */
export function continuesAfter(outcome: StepOutcome, allowFailure: AllowFailure): boolean {
  switch (outcome.kind) {
    case "ok":
    case "rescued":
    case "skipped":
      return true;
    case "cancelled":
      return false;
    case "failed":
      return allowFailure !== false;
    default:
      return allowFailure === "any";
  }
}

/** Returns the exit code for targets that weren't ok: the gravest wins, in the order 4, 3, 1, 5. */
export function gravest(outcomes: readonly Outcome["kind"][]): number {
  const kinds = new Set(outcomes);
  if (kinds.has("unreachable") || kinds.has("unknown")) return 4;
  if (kinds.has("timeout")) return 3;
  return kinds.has("forbidden") ? 1 : 5;
}

/** Returns the exit code of a run, by the table of the reference. */
export function exitCodeOfStep(outcome: StepOutcome): number {
  switch (outcome.kind) {
    case "ok":
    case "rescued":
    case "skipped":
      return 0;
    case "denied":
    case "refused":
      return 1;
    case "timeout":
      return 3;
    case "cancelled":
      // 128 + SIGINT, as a shell reports it.
      return 130;
    case "failed":
      return outcome.exitCode ?? 5;
  }
}

/** Returns the message of an error; of an expression, with the file and line that contain it. */
export function messageAt(error: KodamaError, { file, line }: LineLocation): string {
  if (!(error instanceof ExpressionError)) return error.message;
  return `${error.message} (${file.slice(file.lastIndexOf("/") + 1)}:${line})`;
}
