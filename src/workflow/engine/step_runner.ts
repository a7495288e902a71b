/** Runs lists of steps in sequence: conditions, attempts, time limits, and what runs after a failure. */
import { stepReason } from "../step_events.ts";
import { plainHint } from "../../base/hint.ts";
import * as v from "valibot";
import { Deadline, passed } from "../../base/abort.ts";
import { exitCodeOfKind, KodamaError, NoMatchError } from "../../base/errors.ts";
import { definedOnly, isRecord, type JsonValue } from "../../base/json_value.ts";
import type { Step } from "../model.ts";
import { emptyOutput, resultName } from "../names.ts";
import type { StepOutcome, StepTargetEnd, WorkflowEvent } from "../step_events.ts";
import {
  failed,
  type Intent,
  mayChangeCluster,
  type StepEnd,
  type StepKind,
} from "../step_kind.ts";
import { stepKind } from "../step_registry.ts";
import { namesUsed } from "../../expression/names_used.ts";
import { parseTemplate } from "../../expression/template.ts";
import { evaluateDeep, evaluateFields } from "../templates.ts";
import {
  continuesAfter,
  messageAt,
  nextAttempt,
  noPolicy,
  type Policy,
  policyFields,
  stepPolicyOf,
  stoppedBy,
} from "./policy.ts";
import { evaluatedAs, withoutNull } from "../written.ts";
import { noPlaces } from "../places.ts";
import { namesIn, type Scope } from "./scope.ts";
import type { Attempted, HiddenLines, RunnerOptions, Sequences } from "./attempt.ts";
import { guarded } from "./cut_values.ts";
import type { Target } from "../../kube/select/target.ts";
import { EndedTargets } from "./named_targets.ts";
import { listPrefix } from "../inner_lists.ts";
import type { StepKey } from "../step_events.ts";
import {
  definitionOf,
  identitiesOf,
  inputsOf,
  nothingRetained,
  type RetainedEnd,
  type RetainedInner,
  retainedPart,
} from "./step_identity.ts";
import { isOutdated, ReplacedPods } from "./replaced_pods.ts";
import { failureOf, type InnerEnd, isGood, type StepFailure } from "./failure.ts";
import { makeStepContext, omitSteps } from "./make_step_context.ts";

/** A step with `until` and without a `timeout` of its own ends after this. */
const longestUntilMs = 30 * 60_000;

/** How a step ended, and whether those after it run. */
type StepResult = { outcome: StepOutcome; continues: boolean; failure?: StepFailure };

/** Runs steps. */
export class StepRunner implements Sequences {
  readonly #replaced: ReplacedPods;

  constructor(readonly options: RunnerOptions) {
    this.#replaced = new ReplacedPods(options.environment.find);
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
    let found: StepFailure | undefined;
    for (const step of steps) {
      const identity = scope.identity + identities.get(step);
      if (stopper !== undefined && (!whatever || end.kind === "cancelled")) {
        const reason = end.kind === "cancelled"
          ? "the run was cancelled"
          : `${scope.prefix}${stopper.id} ended ${scope.prefix.slice(0, -1) || "the run"}`;
        await this.#skip(step, scope, reason);
        continue;
      }
      const { outcome, continues, failure } = await this.step(step, scope, {
        identity,
        signal,
        held,
      });
      // Past the time limit of the run nothing more is started, whatever the file allows.
      if (continues && !(signal.aborted && outcome.kind === "timeout")) {
        const isFirst = stopper === undefined && end.kind === "ok";
        if (isFirst && outcome.kind === "rescued") [end, found] = [outcome, failure];
        continue;
      }
      if (stopper === undefined || outcome.kind === "cancelled") [end, found] = [outcome, failure];
      stopper ??= step;
    }
    return { outcome: end, ...(stopper && { stopper }), ...(found && { failure: found }) };
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
  ): Promise<StepResult> {
    const { environment, retained: all, uses, emit } = this.options;
    const key = scope.prefix + step.id;
    const { workflow, values } = scope;
    const { readText } = environment.local;
    const places = scope.places === noPlaces ? {} : { places: scope.places };
    const definition = await definitionOf(step, { workflow, values, uses, readText, ...places });
    const retained = scope.isFresh ? nothingRetained : all;
    const inputs = inputsOf(step, namesIn(scope));
    const mark = {
      definition,
      ...(inputs === undefined ? {} : { inputs }),
      ...(identity === key ? {} : { identity }),
    };
    const marks = { key, identity, definition, inputs };
    const past = retainedPart(retained.steps, marks);
    const isStale = past !== undefined && await isOutdated(past, this.#replaced, signal);
    const before = isStale ? undefined : past;
    const unrun = await this.#unrun(step, scope, {
      key,
      identity,
      part: before && { definition, ...before },
      signal,
    });
    if (unrun !== undefined) return unrun;
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
    const once = isOnce(kind, intent) ? { once: true as const } : {};
    await emit({
      kind: "stepStarted",
      step: key,
      stepKind: step.kind,
      title,
      at,
      ...once,
      ...mark,
    });
    if (scope.isAside === true) await this.options.shown();
    await this.options.stored();
    scope.tally.hasRun = true;
    scope.tally.hasChanged ||= mayChangeCluster(intent, workflow.permissions);
    const ended = isStale ? past.ends : retainedPart(retained.targets, marks)?.ends.values();
    const isQuiet = scope.isQuiet || prepared.kind === "ok" && prepared.policy.quiet;
    const hidden = isQuiet ? new LastLines() : undefined;
    const [end, policy]: [StepEnd & { seen?: readonly StepTargetEnd[] }, Policy] =
      prepared.kind === "ok"
        ? [
          await this.#attempts(step, kind, {
            key,
            identity,
            scope: isQuiet ? { ...scope, isQuiet } : scope,
            signal,
            held,
            policy: prepared.policy,
            ...(isStale ? { past } : {}),
            ...(hidden && { hidden }),
          }, new EndedTargets(ended)),
          prepared.policy,
        ]
        : [{ outcome: prepared, output: {} }, noPolicy];
    const continues = continuesAfter(end.outcome, policy.allowFailure);
    await this.#end(step, scope, { key, kind, end, continues, hidden, startedMs });
    const { outcome } = end;
    if (outcome.kind === "ok" || outcome.kind === "skipped") return { outcome, continues };
    const { names } = this.options;
    const record = (target: Target, name: string) => names.record(target, name);
    const failure = end.failure ?? failureOf(step.id, outcome, end.seen, record);
    return { outcome, continues, failure };
  }

  /** Returns how a step ends that isn't run: retained, omitted, or the run was stopped; undefined for one that is. */
  async #unrun(
    step: Step,
    scope: Scope,
    { key, identity, part, signal }: {
      key: StepKey;
      identity: string;
      part: RetainedEnd | undefined;
      signal: AbortSignal;
    },
  ): Promise<StepResult | undefined> {
    if (part !== undefined) {
      await this.#retain(step, scope, { key, identity, part });
      const { outcome } = part;
      return { outcome, continues: this.#continuesAfterKept(outcome, step, scope) };
    }
    const omitted = this.options.omitted.get(key);
    if (omitted !== undefined) {
      await this.#skip(step, scope, omitted);
      return { outcome: { kind: "skipped", reason: omitted }, continues: true };
    }
    if (!signal.aborted) return undefined;
    const outcome = await this.#stopped(step, scope, signal);
    return { outcome, continues: false, failure: failureOf(step.id, outcome) };
  }

  /** Ends a step that has run: stores its output for later ones, and reports its last lines if it failed, and its end. */
  async #end(
    step: Step,
    scope: Scope,
    { key, kind, end, continues, hidden, startedMs }: {
      key: StepKey;
      kind: StepKind;
      end: StepEnd & { seen?: readonly StepTargetEnd[] };
      continues: boolean;
      hidden: LastLines | undefined;
      startedMs: number;
    },
  ): Promise<void> {
    const { environment, emit } = this.options;
    for (const { name, outcome } of end.seen ?? []) {
      if (outcome.kind !== "ok") scope.batch?.failed.add(name);
    }
    const output = { ...emptyOutput(kind), ...end.output, outcome: end.outcome.kind };
    scope.steps[step.id] = guarded(output, end.cut);
    if (hidden !== undefined && !isGood(end.outcome)) {
      for (const line of hidden.lines) await emit(line);
    }
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
      return { kind: "ok", policy: stepPolicyOf(evaluated) };
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      return { kind: "failed", reason: messageAt(error, step.at) };
    }
  }

  #continuesAfterKept(outcome: StepOutcome, step: Step, scope: Scope): boolean {
    if (outcome.kind === "ok" || outcome.kind === "skipped") return true;
    const found = this.#policy(step, scope);
    return found.kind === "ok" && continuesAfter(outcome, found.policy.allowFailure);
  }

  /** Reports what an earlier run has ended, and gives it the outputs that it had. */
  async #retain(
    step: Step,
    scope: Scope,
    { key, identity, part }: { key: StepKey; identity: string; part: RetainedEnd },
  ): Promise<void> {
    const { environment: { clock }, emit } = this.options;
    const { within = [] } = part;
    scope.steps[step.id] = guarded(part.output, part.cut);
    if (stepKind(step.kind).innerStay) retainOutputs(step, scope.steps, within);
    const own: RetainedInner = { ...part, kind: step.kind, key: "", identity: "" };
    // A record that ends here must not have the step without those within it.
    for (const one of [...within, own]) {
      const { outcome, output, cut, definition, inputs, ends = [] } = one;
      const at = { step: key + one.key, identity: identity + one.identity };
      await emit({
        kind: "stepKept",
        step: at.step,
        ...(one.kind === undefined ? {} : { stepKind: one.kind }),
        ...(one.tolerated === true ? { tolerated: true as const } : {}),
        outcome,
        output,
        ...(cut && { cut }),
        definition: definition ?? "",
        ...(inputs === undefined ? {} : { inputs }),
        ...(at.identity === at.step ? {} : { identity: at.identity }),
      });
      for (const end of ends) {
        await emit({ kind: "stepTargetEnded", step: at.step, end, at: clock.now() });
      }
    }
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
    done: EndedTargets,
  ): Promise<StepEnd & { seen: readonly StepTargetEnd[] }> {
    const { environment: { clock }, emit } = this.options;
    // The record of this run alone must list what is done, in case another resumes from it.
    for (const end of done.values()) {
      await emit({ kind: "stepTargetEnded", step: at.key, end, at: clock.now() });
    }
    if (step.until !== undefined) return await this.#attemptsUntil(step, kind, at, done);
    for (let attempt = 1;; attempt++) {
      const seen: StepTargetEnd[] = [];
      const isRepeated = attempt > 1;
      const end = await this.#attempt(step, kind, { ...at, done, seen, isRepeated });
      const delayMs = nextAttempt(at.policy.retry, attempt, end.outcome);
      if (delayMs === undefined || at.signal.aborted) {
        return { ...end, seen: [...done.values(), ...seen] };
      }
      // Successful targets aren't run again.
      for (const target of seen) if (target.outcome.kind === "ok") done.set(target);
      done.retain(({ outcome }) => outcome.kind === "ok");
      const reason = stepReason(end.outcome);
      await emit({ kind: "stepRetried", step: at.key, attempt: attempt + 1, delayMs, reason });
      await passed(clock, delayMs, { signal: at.signal });
    }
  }

  /** Repeats the step, in all of its pods, until it is ok and its `until` is true. */
  async #attemptsUntil(
    step: Step,
    kind: StepKind,
    at: Attempted,
    done: EndedTargets,
  ): Promise<StepEnd & { seen: readonly StepTargetEnd[] }> {
    const { environment: { clock }, emit } = this.options;
    const { policy: { limitMs, everyMs: delayMs } } = at;
    const afterMs = limitMs ?? longestUntilMs;
    using deadline = new Deadline(clock, afterMs, at.signal);
    const { signal } = deadline;
    const each = { ...at, signal, policy: { ...at.policy, limitMs: undefined } };
    let reported = "";
    for (let attempt = 1;; attempt++) {
      const seen: StepTargetEnd[] = [];
      const end = await this.#attempt(step, kind, { ...each, done, seen, isRepeated: attempt > 1 });
      const reason = this.#reasonToRepeat(step, kind, end, at.scope);
      const all = [...done.values(), ...seen];
      if (reason === undefined && !deadline.expired) return { ...end, seen: all };
      if (reason !== undefined && !signal.aborted && reason !== reported) {
        reported = reason;
        await emit({ kind: "stepRetried", step: at.key, attempt: attempt + 1, delayMs, reason });
      }
      done.retain(() => false);
      await passed(clock, delayMs, { signal });
      if (!signal.aborted) continue;
      const limit = limitMs === undefined ? { limit: "default" as const } : {};
      const outcome: StepOutcome = deadline.expired
        ? { kind: "timeout", afterMs, ...limit }
        : stoppedBy(signal);
      return { ...end, outcome, seen: all };
    }
  }

  /** Returns why an attempt isn't the last one; undefined if it is. */
  #reasonToRepeat(
    step: Step,
    kind: StepKind,
    { outcome, output, cut }: StepEnd,
    scope: Scope,
  ): string | undefined {
    if (outcome.kind === "failed" || outcome.kind === "timeout") return stepReason(outcome);
    if (outcome.kind !== "ok") return undefined;
    const result = guarded({ ...emptyOutput(kind), ...output, outcome: outcome.kind }, cut);
    try {
      const isTrue = evaluateDeep(step.until, { ...namesIn(scope), [resultName]: result });
      return isTrue === true ? undefined : `until: ${String(step.until)} isn't true yet`;
    } catch (error) {
      // What it reads may not be there yet.
      if (!(error instanceof KodamaError)) throw error;
      return `until: ${messageAt(error, step.at)}`;
    }
  }

  async #attempt(
    step: Step,
    kind: StepKind,
    at: Attempted & {
      done: EndedTargets;
      seen: StepTargetEnd[];
      isRepeated: boolean;
    },
  ): Promise<StepEnd> {
    const { clock } = this.options.environment;
    const { limitMs } = at.policy;
    using deadline = new Deadline(clock, limitMs, at.signal);
    try {
      const { defaults } = at.scope.workflow;
      const own = Object.entries(defaults).filter(([field]) => Object.hasOwn(kind.entries, field));
      const written = withDefaults(Object.fromEntries(own), step.fields);
      const evaluated = evaluateFields(written, kind, namesIn(at.scope));
      if (kind.entries.targets !== undefined && isEmptyList(evaluated.targets)) {
        return { outcome: { kind: "skipped", reason: "no targets" }, output: {} };
      }
      const fields = evaluatedAs(v.object(kind.entries), withoutNull(evaluated)) as Fields;
      const context = makeStepContext(this, step, {
        ...at,
        signal: deadline.signal,
        runSignal: at.signal,
        expired: () => deadline.expired,
      });
      const end = await kind.run(fields, context);
      const skipped = kind.judges && isGood(end.outcome)
        ? skippedReads(step, kind, at.scope.steps)
        : [];
      const judged = skipped.length === 0 ? end : { ...end, ...failed(groundless(skipped)) };
      return bounded(judged, { deadline, limitMs, signal: at.signal });
    } catch (error) {
      if (error instanceof NoMatchError && at.past !== undefined) {
        const { outcome, output, cut } = at.past;
        return { outcome, output: output as StepEnd["output"], ...definedOnly({ cut }) };
      }
      const end = endOfError(error, step, at.signal.aborted || deadline.expired);
      return bounded(end, { deadline, limitMs, signal: at.signal });
    }
  }

  async #skip(step: Step, scope: Scope, reason: string): Promise<void> {
    omitSteps([step], scope.steps);
    const output = scope.steps[step.id] ?? null;
    await this.#endNow(step, scope, { kind: "skipped", reason }, output);
  }

  async #stopped(step: Step, scope: Scope, signal: AbortSignal): Promise<StepOutcome> {
    const outcome = stoppedBy(signal);
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

/** Returns whether only a person can decide to repeat a step that may have been carried out. */
function isOnce({ inPods, inner, name }: StepKind, { effect, where }: Intent): boolean {
  if (effect === "reads" || inPods || Object.keys(inner).length > 0) return false;
  // Applying an object twice is applying it once.
  return where !== "pods" && name !== "apply" && name !== "workflow";
}

/** Gives the steps within a retained one their outputs; those that didn't run have empty ones. */
function retainOutputs(
  step: Step,
  outputs: Scope["steps"],
  within: readonly RetainedInner[],
): void {
  const parts = new Map(within.map((part) => [part.key, part]));
  omitSteps(Object.values(step.inner).flat(), outputs);
  const visit = (outer: Step, prefix: string) => {
    const kind = stepKind(outer.kind);
    if (!kind.innerStay) return;
    for (const [list, steps] of Object.entries(outer.inner)) {
      for (const one of steps) {
        const key = `${prefix}/${listPrefix(kind, list)}${one.id}`;
        const part = parts.get(key);
        if (part !== undefined) outputs[one.id] = guarded(part.output, part.cut);
        visit(one, key);
      }
    }
  };
  visit(step, "");
}

/** How many lines of a quiet step are shown if it fails. */
const linesOfFailure = 20;

/** The last lines of a quiet step. */
class LastLines implements HiddenLines {
  readonly lines: Extract<WorkflowEvent, { kind: "stepLine" }>[] = [];

  push(line: Extract<WorkflowEvent, { kind: "stepLine" }>): void {
    this.lines.push(line);
    if (this.lines.length > linesOfFailure) this.lines.shift();
  }
}

/** Returns the fields of a step and those of `defaults` that it doesn't have; both sets of variables together. */
function withDefaults(defaults: Fields, own: Fields): Fields {
  const env = [defaults.env, own.env].filter((one) => one !== undefined);
  return { ...defaults, ...own, ...(env.length === 0 ? {} : { env: Object.assign({}, ...env) }) };
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
  const { kind } = end.outcome;
  if (kind === "ok" || kind === "skipped" || end.isFinal === true) return end;
  if (deadline.expired) {
    return { ...end, outcome: { kind: "timeout", afterMs: limitMs ?? 0 } };
  }
  return signal.aborted ? { ...end, outcome: stoppedBy(signal) } : end;
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

/**
 * Returns the steps that a judgement reads, if all of them were skipped: their outputs are empty, so that what holds for
 * them says nothing. A judgement that reads their outcome knows that.
 */
function skippedReads(step: Step, kind: StepKind, steps: Scope["steps"]): string[] {
  const paths = kind.conditions.filter((field) => field !== "when").flatMap((field) => {
    const written = step.fields[field];
    if (typeof written !== "string") return [];
    return namesUsed(parseTemplate(written).template).map(({ path }) => path);
  }).filter(([first]) => first === "steps");
  const isAware = paths.some(([, id, field]) => id === undefined || field === "outcome");
  const ids = [...new Set(paths.map(([, id = ""]) => id))];
  const isSkipped = (id: string) => {
    const output = steps[id];
    return isRecord(output) && output.outcome === "skipped";
  };
  return !isAware && ids.every(isSkipped) ? ids : [];
}

function groundless(skipped: readonly string[]): string {
  const [first = ""] = skipped;
  const were = skipped.length === 1 ? "was skipped, and has" : "were skipped, and have";
  return `it says nothing: ${skipped.join(", ")} ${were} no outputs; ` +
    `a check that reads \`steps.${first}.outcome\` may allow that`;
}
