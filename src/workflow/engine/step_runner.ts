/** Runs lists of steps in sequence: conditions, attempts, time limits, and what runs after a failure. */
import { plainHint } from "../../base/hint.ts";
import * as v from "valibot";
import { Deadline, passed } from "../../base/abort.ts";
import { exitCodeOfKind, KodamaError } from "../../base/errors.ts";
import type { JsonValue } from "../../base/json_value.ts";
import type { Step } from "../model.ts";
import { emptyOutput } from "../names.ts";
import type { StepOutcome, StepTargetEnd } from "../step_events.ts";
import { type Intent, mayChangeCluster, type StepEnd, type StepKind } from "../step_kind.ts";
import { stepKind } from "../step_registry.ts";
import { evaluateDeep, evaluateFields } from "../templates.ts";
import {
  continuesAfter,
  messageAt,
  nextAttempt,
  noPolicy,
  type Policy,
  policyFields,
  policyOf,
  stepReason,
} from "./policy.ts";
import { evaluatedAs, withoutNull } from "../written.ts";
import { namesIn, type Scope } from "./scope.ts";
import type { Attempted, RunnerOptions, Sequences } from "./attempt.ts";
import type { InnerEnd } from "./step_context.ts";
import { guarded } from "./cut_values.ts";
import { definitionOf, identitiesOf, nothingRetained, retainedPart } from "./step_identity.ts";
import { makeStepContext } from "./make_step_context.ts";

/** Runs steps. */
export class StepRunner implements Sequences {
  readonly options: RunnerOptions;

  constructor(options: RunnerOptions) {
    this.options = options;
  }

  /** Runs a list to its end; resources that its steps hold open are closed then. */
  async sequence(
    steps: readonly Step[],
    scope: Scope,
    { signal, among = steps, whatever = false }: {
      signal: AbortSignal;
      among?: readonly Step[];
      /** The steps after a failed one run, too. */
      whatever?: boolean;
    },
  ): Promise<InnerEnd> {
    await using held = new AsyncDisposableStack();
    const identities = identitiesOf(among);
    let end: StepOutcome = { kind: "ok" };
    let stopper: Step | undefined;
    for (const step of steps) {
      const identity = scope.identity + identities.get(step);
      if (stopper !== undefined && (!whatever || end.kind === "cancelled")) {
        const reason = end.kind === "cancelled"
          ? "the run was cancelled"
          : `${scope.prefix}${stopper.id} ended the run`;
        await this.#skip(step, scope, reason);
        continue;
      }
      const { outcome, continues } = await this.step(step, scope, { identity, signal, held });
      if (continues) continue;
      if (stopper === undefined || outcome.kind === "cancelled") end = outcome;
      stopper ??= step;
    }
    return { outcome: end, ...(stopper && { stopper }) };
  }

  /** Runs one step: all of its attempts, or none if its condition is false. Returns whether those after it run. */
  async step(
    step: Step,
    scope: Scope,
    { identity, signal, held }: {
      /** Identifies it in a rerun. */
      identity: string;
      signal: AbortSignal;
      held: AsyncDisposableStack;
    },
  ): Promise<{ outcome: StepOutcome; continues: boolean }> {
    const { environment, retained: all, uses, emit } = this.options;
    const key = scope.prefix + step.id;
    const { workflow, values } = scope;
    const { readText } = environment.local;
    const definition = await definitionOf(step, { workflow, values, uses, readText });
    const retained = scope.isFresh ? nothingRetained : all;
    const mark = { definition, ...(identity === key ? {} : { identity }) };
    const before = retainedPart(retained.steps, { key, identity, definition });
    if (before !== undefined) {
      const { outcome, output, cut } = before;
      scope.steps[step.id] = guarded(output, cut);
      await emit({ kind: "stepKept", step: key, outcome, output, ...(cut && { cut }), ...mark });
      return { outcome, continues: this.#continuesAfterKept(outcome, step, scope) };
    }
    if (signal.aborted) {
      return { outcome: await this.#cancelled(step, scope), continues: false };
    }
    const kind = stepKind(step.kind);
    const condition = this.#condition(step, scope);
    if (condition.kind === "skipped") {
      await this.#skip(step, scope, condition.reason);
      return { outcome: condition, continues: true };
    }
    const prepared = condition.kind === "ok" ? this.#policy(step, scope) : condition;
    const startedMs = environment.clock.elapsedMs();
    const { title, intent } = this.#intent(step, kind, scope);
    const at = environment.clock.now();
    await emit({ kind: "stepStarted", step: key, stepKind: step.kind, title, at, ...mark });
    scope.tally.hasRun = true;
    scope.tally.hasChanged ||= mayChangeCluster(intent, workflow.permissions);
    const done = retainedPart(retained.targets, { key, identity, definition })?.ends;
    const [end, policy]: [StepEnd, Policy] = prepared.kind === "ok"
      ? [
        await this.#attempts(step, kind, {
          key,
          identity,
          scope,
          signal,
          held,
          policy: prepared.policy,
        }, new Map(done)),
        prepared.policy,
      ]
      : [{ outcome: prepared, output: {} }, noPolicy];
    const output = { ...emptyOutput(kind), ...end.output, outcome: end.outcome.kind };
    scope.steps[step.id] = guarded(output, end.cut);
    const continues = continuesAfter(end.outcome, policy.continueOn);
    await emit({
      kind: "stepEnded",
      step: key,
      outcome: end.outcome,
      tolerated: end.outcome.kind !== "ok" && continues,
      output,
      ...(end.cut && end.cut.length > 0 ? { cut: end.cut } : {}),
      at: environment.clock.now(),
      durationMs: Math.round(environment.clock.elapsedMs() - startedMs),
    });
    return { outcome: end.outcome, continues };
  }

  /** Returns its policy, or how evaluating that failed. */
  #policy(
    step: Step,
    scope: Scope,
  ): { kind: "ok"; policy: Policy } | Extract<StepOutcome, { kind: "failed" }> {
    try {
      const fields = policyFields(step, scope.workflow.defaults);
      if (Object.keys(fields).length === 0) return { kind: "ok", policy: noPolicy };
      const evaluated = evaluateDeep(fields, namesIn(scope)) as Record<string, unknown>;
      return { kind: "ok", policy: policyOf(evaluated) };
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      return { kind: "failed", reason: messageAt(error, step.at) };
    }
  }

  #continuesAfterKept(outcome: StepOutcome, step: Step, scope: Scope): boolean {
    if (outcome.kind === "ok" || outcome.kind === "skipped") return true;
    const found = this.#policy(step, scope);
    return found.kind === "ok" && continuesAfter(outcome, found.policy.continueOn);
  }

  /** Returns whether it runs: `ok`, `skipped`, or how the condition itself failed. */
  #condition(
    step: Step,
    scope: Scope,
  ): Extract<StepOutcome, { kind: "ok" | "skipped" | "failed" }> {
    if (step.when === undefined || step.when === true) return { kind: "ok" };
    try {
      const value = evaluateDeep(step.when, namesIn(scope));
      return value === true ? { kind: "ok" } : { kind: "skipped", reason: `when: ${step.when}` };
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      return { kind: "failed", reason: `when: ${messageAt(error, step.at)}` };
    }
  }

  /** Returns what it will do, as far as its expressions can be evaluated. */
  #intent(step: Step, kind: StepKind, scope: Scope): { title: string; intent: Intent } {
    const intent = this.#plan(step, kind, scope);
    const { title = intent.does } = step;
    if (title === intent.does) return { title, intent };
    try {
      return { title: String(evaluateDeep(title, namesIn(scope))), intent };
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      return { title, intent };
    }
  }

  #plan(step: Step, kind: StepKind, scope: Scope): Intent {
    try {
      const fields = evaluateFields(step.fields, kind, namesIn(scope));
      // A line for a shell is shown as written, as its values are variables; so is a condition.
      const asWritten = [kind.command ?? "", ...kind.conditions].flatMap((field) => {
        const written = step.fields[field];
        return typeof written === "string" ? [[field, written]] : [];
      });
      return kind.plan({ ...fields, ...Object.fromEntries(asWritten) });
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      return kind.plan(step.fields);
    }
  }

  /** @param done targets that an earlier run has ended, by name. */
  async #attempts(
    step: Step,
    kind: StepKind,
    at: Attempted,
    done: Map<string, StepTargetEnd>,
  ): Promise<StepEnd> {
    const { environment, emit } = this.options;
    // The record of this run alone must list what is done, in case another resumes from it.
    for (const end of done.values()) {
      await emit({ kind: "stepTargetEnded", step: at.key, end, at: environment.clock.now() });
    }
    for (let attempt = 1;; attempt++) {
      const seen: StepTargetEnd[] = [];
      const end = await this.#attempt(step, kind, { ...at, done, seen });
      const delayMs = nextAttempt(at.policy.retry, attempt, end.outcome);
      if (delayMs === undefined || at.signal.aborted) {
        return end;
      }
      // Successful targets aren't run again.
      for (const target of seen) if (target.outcome.kind === "ok") done.set(target.name, target);
      for (const [name, { outcome }] of done) if (outcome.kind !== "ok") done.delete(name);
      const reason = stepReason(end.outcome);
      await emit({ kind: "stepRetried", step: at.key, attempt: attempt + 1, delayMs, reason });
      await passed(environment.clock, delayMs, { signal: at.signal });
    }
  }

  async #attempt(
    step: Step,
    kind: StepKind,
    at: Attempted & { done: ReadonlyMap<string, StepTargetEnd>; seen: StepTargetEnd[] },
  ): Promise<StepEnd> {
    const { clock } = this.options.environment;
    const { limitMs } = at.policy;
    using deadline = new Deadline(clock, limitMs, at.signal);
    try {
      const { defaults } = at.scope.workflow;
      const own = Object.entries(defaults).filter(([field]) => Object.hasOwn(kind.entries, field));
      const written = { ...Object.fromEntries(own), ...step.fields };
      const evaluated = evaluateFields(written, kind, namesIn(at.scope));
      if (kind.entries.targets !== undefined && isEmptyList(evaluated.targets)) {
        return { outcome: { kind: "skipped", reason: "no targets" }, output: {} };
      }
      const fields = evaluatedAs(v.object(kind.entries), withoutNull(evaluated)) as Fields;
      const context = makeStepContext(this, step, { ...at, signal: deadline.signal });
      return bounded(await kind.run(fields, context), { deadline, limitMs, signal: at.signal });
    } catch (error) {
      const end = endOfError(error, step, at.signal.aborted || deadline.expired);
      return bounded(end, { deadline, limitMs, signal: at.signal });
    }
  }

  async #skip(step: Step, scope: Scope, reason: string): Promise<void> {
    const output = { ...emptyOutput(stepKind(step.kind)), outcome: "skipped" };
    scope.steps[step.id] = output;
    await this.#endNow(step, scope, { kind: "skipped", reason }, output);
  }

  async #cancelled(step: Step, scope: Scope): Promise<StepOutcome> {
    const outcome: StepOutcome = { kind: "cancelled" };
    await this.#endNow(step, scope, outcome, null);
    return outcome;
  }

  async #endNow(step: Step, scope: Scope, outcome: StepOutcome, output: JsonValue): Promise<void> {
    const { environment, emit } = this.options;
    await emit({
      kind: "stepEnded",
      step: scope.prefix + step.id,
      outcome,
      tolerated: false,
      output,
      at: environment.clock.now(),
      durationMs: 0,
    });
  }
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** Applies the limits to its end: a step that succeeded in time stays a success, even if a cancel came meanwhile. */
function bounded(
  end: StepEnd,
  { deadline, limitMs, signal }: {
    deadline: Deadline;
    limitMs: number | undefined;
    signal: AbortSignal;
  },
): StepEnd {
  if (end.outcome.kind === "ok" || end.outcome.kind === "skipped") return end;
  if (deadline.expired) {
    return { ...end, outcome: { kind: "timeout", afterMs: limitMs ?? 0 } };
  }
  return signal.aborted ? { ...end, outcome: { kind: "cancelled" } } : end;
}

/** Converts a thrown error to an outcome; rethrows what is a bug of kodama. */
function endOfError(error: unknown, { at }: Step, ended: boolean): StepEnd {
  if (error instanceof KodamaError) {
    const { kind, hint } = error;
    const message = messageAt(error, at);
    const reason = hint === undefined ? message : `${message} (${plainHint(hint)})`;
    const outcome: StepOutcome = kind === "forbidden"
      ? { kind: "denied", reason }
      : { kind: "failed", reason, exitCode: exitCodeOfKind(kind) };
    return { outcome, output: {} };
  }
  // Anything that the signal aborted rejects with the signal's reason.
  if (ended) return { outcome: { kind: "cancelled" }, output: {} };
  throw error;
}

/** Fields that the shape of a kind has accepted. */
type Fields = Readonly<Record<string, unknown>>;
