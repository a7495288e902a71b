/** One step of a list, from its condition to its end: what an earlier run has done of it, its attempts, its time limit. */
import * as v from "valibot";
import { Deadline, passed } from "../../base/abort.ts";
import { exitCodeOfKind, KodamaError, NoMatchError } from "../../base/errors.ts";
import { plainHint } from "../../base/hint.ts";
import { definedOnly, isRecord } from "../../base/json_value.ts";
import { namesUsed } from "../../expression/names_used.ts";
import { parseTemplate } from "../../expression/template.ts";
import type { Target } from "../../kube/select/target.ts";
import { listPrefix } from "../inner_lists.ts";
import type { Step } from "../model.ts";
import { emptyOutput, resultName } from "../names.ts";
import { noPlaces } from "../places.ts";
import {
  endData,
  recordedEnd,
  type StepOutcome,
  stepReason,
  type StepTargetEnd,
  targetEnded,
  timeoutAfter,
} from "../step_events.ts";
import {
  failed,
  type Intent,
  mayChangeCluster,
  type StepEnd,
  type StepKind,
} from "../step_kind.ts";
import { stepKind } from "../step_registry.ts";
import { evaluateDeep, evaluateFields } from "../templates.ts";
import { evaluatedAs, withoutNull } from "../written.ts";
import type { HiddenLines, RunnerOptions, RunningStep, Sequences } from "./attempt.ts";
import { guarded } from "./cut_values.ts";
import { failureOf, isGood, type StepFailure } from "./failure.ts";
import { makeStepContext, omitSteps } from "./make_step_context.ts";
import { EndedTargets } from "./named_targets.ts";
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
import { isOutdated } from "./replaced_pods.ts";
import { namesIn, type Scope } from "./scope.ts";
import {
  definitionOf,
  inputsOf,
  nothingRetained,
  type RetainedEnd,
  type RetainedInner,
  retainedPart,
} from "./step_identity.ts";

/** A step with `until` and without a `timeout` of its own ends after this. */
const longestUntilMs = 30 * 60_000;

/** How a step ended, and whether those after it run. */
type StepResult = { outcome: StepOutcome; continues: boolean; failure?: StepFailure };

/** The end of a step's last attempt, with the ends of its targets. */
type SeenEnd = StepEnd & { seen?: readonly StepTargetEnd[] };

/** One step of a list. */
export class StepRun implements RunningStep {
  readonly key: string;
  readonly kind: StepKind;
  /** Its end in an earlier run, which stays its end if none of its pods is there any more. */
  #past: RetainedEnd | undefined;
  #policy: Policy = noPolicy;
  #hidden: LastLines | undefined;
  readonly #options: RunnerOptions;
  readonly #signal: AbortSignal;

  constructor(
    readonly runner: Sequences,
    readonly step: Step,
    /** Of its list. */
    public scope: Scope,
    readonly identity: string,
    { held, signal }: { held: AsyncDisposableStack; signal: AbortSignal },
  ) {
    this.key = scope.prefix + step.id;
    this.kind = stepKind(step.kind);
    this.held = held;
    this.#signal = signal;
    this.#options = runner.options;
  }

  readonly held: AsyncDisposableStack;

  get hidden(): HiddenLines | undefined {
    return this.#hidden;
  }

  /** Runs all of its attempts, or none if its condition is false. Returns whether the steps after it run. */
  async run(): Promise<StepResult> {
    const { environment: { clock }, emit, omitted, retained: all, replaced } = this.#options;
    const { step, scope, kind, key } = this;
    const mark = await this.#mark();
    const retained = scope.isFresh ? nothingRetained : all;
    const past = retainedPart(retained.steps, mark);
    const isStale = past !== undefined && await isOutdated(past, replaced, this.#signal);
    if (past !== undefined && !isStale) {
      await this.#retain({ definition: mark.definition, ...past });
      return { outcome: past.outcome, continues: this.#continuesAfterKept(past.outcome) };
    }
    const reason = omitted.get(key);
    if (reason !== undefined) return await this.skip(reason);
    if (this.#signal.aborted) {
      const outcome = stoppedBy(this.#signal);
      await this.#emitEnd(outcome, { output: null });
      return { outcome, continues: false, failure: failureOf(step.id, outcome) };
    }
    const condition = this.#condition();
    if (condition.kind === "skipped") return await this.skip(condition.reason);
    const unprepared = condition.kind === "failed" ? condition : this.#prepare();
    const startedMs = clock.elapsedMs();
    const { title, intent } = this.#intent();
    const { definition, identity, inputs } = mark;
    await emit({
      event: "stepStarted",
      step: key,
      kind: step.kind,
      title,
      at: clock.now().toISOString(),
      record: {
        ...(isOnce(kind, intent) ? { once: true } : {}),
        ...{ definition, ...definedOnly({ inputs }) },
        ...(identity === key ? {} : { identity }),
      },
    });
    if (scope.isAside === true) await this.#options.shown();
    await this.#options.stored();
    scope.tally.hasRun = true;
    scope.tally.hasChanged ||= mayChangeCluster(intent, scope.workflow.permissions);
    if (isStale) this.#past = past;
    const ended = isStale ? past.ends : retainedPart(retained.targets, mark)?.ends.values();
    const end: SeenEnd = unprepared === undefined
      ? await this.#attempts(new EndedTargets(ended))
      : { outcome: unprepared, output: {} };
    const continues = continuesAfter(end.outcome, this.#policy.allowFailure);
    await this.#end(end, { continues, startedMs });
    const { outcome } = end;
    if (outcome.kind === "ok" || outcome.kind === "skipped") return { outcome, continues };
    const { names } = this.#options;
    const record = (target: Target, name: string) => names.record(target, name);
    const failure = end.failure ?? failureOf(step.id, outcome, end.seen, record);
    return { outcome, continues, failure };
  }

  /** Ends it without running it. */
  async skip(reason: string): Promise<StepResult> {
    const outcome = { kind: "skipped", reason } as const;
    omitSteps([this.step], this.scope.steps);
    await this.#emitEnd(outcome, { output: this.scope.steps[this.step.id] ?? null });
    return { outcome, continues: true };
  }

  /** Returns what identifies it in another run, and whether it does the same there. */
  async #mark() {
    const { environment: { local: { readText } }, uses } = this.#options;
    const { step, identity, scope: { workflow, values, places } } = this;
    const definition = await definitionOf(step, {
      ...{ workflow, values, uses, readText },
      ...(places === noPlaces ? {} : { places }),
    });
    return { identity, definition, inputs: inputsOf(step, namesIn(this.scope)) };
  }

  /** Stores its output for later steps, and reports its last lines if it failed, and its end. */
  async #end(
    end: SeenEnd,
    { continues, startedMs }: { continues: boolean; startedMs: number },
  ): Promise<void> {
    const { environment: { clock }, emit } = this.#options;
    for (const { name, outcome } of end.seen ?? []) {
      if (outcome.kind !== "ok") this.scope.batch?.failed.add(name);
    }
    const output = { ...emptyOutput(this.kind), ...end.output, outcome: end.outcome.kind };
    this.scope.steps[this.step.id] = guarded(output, end.cut);
    if (!isGood(end.outcome)) { for (const line of this.#hidden?.lines ?? []) await emit(line); }
    await this.#emitEnd(end.outcome, {
      ...{ output, tolerated: end.outcome.kind !== "ok" && continues },
      ...(end.cut && end.cut.length > 0 ? { cut: end.cut } : {}),
      durationMs: Math.round(clock.elapsedMs() - startedMs),
    });
  }

  async #emitEnd(
    outcome: StepOutcome,
    { output, tolerated = false, durationMs = 0, ...cut }:
      & Pick<RetainedEnd, "output" | "cut">
      & { tolerated?: boolean; durationMs?: number },
  ): Promise<void> {
    const at = this.#options.environment.clock.now().toISOString();
    await this.#options.emit({
      event: "stepEnded",
      step: this.key,
      ...endData(outcome),
      ...{ tolerated, output, ...cut, at, durationMs },
      record: recordedEnd(outcome),
    });
  }

  /** Evaluates its policy; returns how that failed. */
  #prepare(): Extract<StepOutcome, { kind: "failed" }> | undefined {
    try {
      const fields = policyFields(this.step, this.scope.workflow.defaults);
      if (Object.keys(fields).length > 0) {
        const evaluated = evaluateDeep(fields, namesIn(this.scope)) as Record<string, unknown>;
        this.#policy = stepPolicyOf(evaluated);
      }
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      return { kind: "failed", reason: messageAt(error, this.step.at) };
    } finally {
      if (this.#policy.quiet || this.scope.isQuiet) {
        this.#hidden = new LastLines();
        this.scope = { ...this.scope, isQuiet: true };
      }
    }
    return undefined;
  }

  #continuesAfterKept(outcome: StepOutcome): boolean {
    if (outcome.kind === "ok" || outcome.kind === "skipped") return true;
    return this.#prepare() === undefined && continuesAfter(outcome, this.#policy.allowFailure);
  }

  /** Reports what an earlier run has ended, and gives later steps the outputs that it had. */
  async #retain(part: RetainedEnd): Promise<void> {
    const { environment: { clock }, emit } = this.#options;
    const { within = [] } = part;
    this.scope.steps[this.step.id] = guarded(part.output, part.cut);
    if (this.kind.innerStay) retainOutputs(this.step, this.scope.steps, within);
    const own: RetainedInner = { ...part, kind: this.step.kind, key: "", identity: "" };
    // A record that ends here must not have the step without those within it.
    for (const one of [...within, own]) {
      const { kind, tolerated, outcome, output, cut, definition = "", inputs, ends = [] } = one;
      const [step, identity] = [this.key + one.key, this.identity + one.identity];
      await emit({
        event: "stepKept",
        step,
        ...endData(outcome),
        ...{ output, ...definedOnly({ cut }) },
        record: {
          ...recordedEnd(outcome),
          ...{ definition, ...definedOnly({ kind, tolerated, inputs }) },
          ...(identity === step ? {} : { identity }),
        },
      });
      for (const end of ends) await emit(targetEnded(step, end, clock.now()));
    }
  }

  /** Returns whether it runs: `ok`, `skipped`, or how the condition itself failed. */
  #condition(): Extract<StepOutcome, { kind: "ok" | "skipped" | "failed" }> {
    const { when, at } = this.step;
    if (when === undefined || when === true) return { kind: "ok" };
    try {
      const isTrue = evaluateDeep(when, namesIn(this.scope)) === true;
      return isTrue ? { kind: "ok" } : { kind: "skipped", reason: `when: ${when}` };
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      return { kind: "failed", reason: `when: ${messageAt(error, at)}` };
    }
  }

  /** Returns what it will do, as far as its expressions can be evaluated. */
  #intent(): { title: string; intent: Intent } {
    const intent = this.#plan();
    const { title = intent.does } = this.step;
    if (title === intent.does) return { title, intent };
    try {
      return { title: String(evaluateDeep(title, namesIn(this.scope))), intent };
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      return { title, intent };
    }
  }

  #plan(): Intent {
    const { kind, step } = this;
    try {
      const fields = evaluateFields(step.fields, kind, namesIn(this.scope));
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

  /** @param done targets that an earlier run has ended. */
  async #attempts(done: EndedTargets): Promise<SeenEnd> {
    const { environment: { clock }, emit } = this.#options;
    const { limitMs, retry } = this.#policy;
    const signal = this.#signal;
    // The record of this run alone must list what is done, in case another resumes from it.
    for (const end of done.values()) await emit(targetEnded(this.key, end, clock.now()));
    if (this.step.until !== undefined) return await this.#attemptsUntil(done);
    for (let attempt = 1;; attempt++) {
      const seen: StepTargetEnd[] = [];
      const end = await this.#attempt({ signal, limitMs, done, seen, isRepeated: attempt > 1 });
      const delayMs = nextAttempt(retry, attempt, end.outcome);
      if (delayMs === undefined || signal.aborted) {
        return { ...end, seen: [...done.values(), ...seen] };
      }
      // Successful targets aren't run again.
      for (const target of seen) if (target.outcome.kind === "ok") done.set(target);
      done.retain(({ outcome }) => outcome.kind === "ok");
      await this.#emitRetry(attempt + 1, delayMs, stepReason(end.outcome));
      await passed(clock, delayMs, { signal });
    }
  }

  /** Repeats the step, in all of its pods, until it is ok and its `until` is true. */
  async #attemptsUntil(done: EndedTargets): Promise<SeenEnd> {
    const { clock } = this.#options.environment;
    const { limitMs, everyMs } = this.#policy;
    const afterMs = limitMs ?? longestUntilMs;
    using deadline = new Deadline(clock, afterMs, this.#signal);
    const { signal } = deadline;
    let reported = "";
    for (let attempt = 1;; attempt++) {
      const seen: StepTargetEnd[] = [];
      const isRepeated = attempt > 1;
      const end = await this.#attempt({ signal, limitMs: undefined, done, seen, isRepeated });
      const reason = this.#reasonToRepeat(end);
      const all = [...done.values(), ...seen];
      if (reason === undefined && !deadline.expired) return { ...end, seen: all };
      if (reason !== undefined && !signal.aborted && reason !== reported) {
        reported = reason;
        await this.#emitRetry(attempt + 1, everyMs, reason);
      }
      done.retain(() => false);
      await passed(clock, everyMs, { signal });
      if (!signal.aborted) continue;
      const outcome = deadline.expired
        ? timeoutAfter(afterMs, limitMs === undefined ? "default" : undefined)
        : stoppedBy(signal);
      return { ...end, outcome, seen: all };
    }
  }

  async #emitRetry(attempt: number, delayMs: number, reason: string): Promise<void> {
    const step = this.key;
    await this.#options.emit({ event: "stepRetried", step, attempt, delayMs, reason });
  }

  /** Returns why an attempt isn't the last one; undefined if it is. */
  #reasonToRepeat({ outcome, output, cut }: StepEnd): string | undefined {
    const { kind, step: { until, at } } = this;
    if (outcome.kind === "failed" || outcome.kind === "timeout") return stepReason(outcome);
    if (outcome.kind !== "ok") return undefined;
    const result = guarded({ ...emptyOutput(kind), ...output, outcome: outcome.kind }, cut);
    try {
      const isTrue = evaluateDeep(until, { ...namesIn(this.scope), [resultName]: result });
      return isTrue === true ? undefined : `until: ${String(until)} isn't true yet`;
    } catch (error) {
      // What it reads may not be there yet.
      if (!(error instanceof KodamaError)) throw error;
      return `until: ${messageAt(error, at)}`;
    }
  }

  async #attempt(
    { signal, limitMs, ...targets }: {
      signal: AbortSignal;
      limitMs: number | undefined;
      done: EndedTargets;
      seen: StepTargetEnd[];
      isRepeated: boolean;
    },
  ): Promise<StepEnd> {
    const { kind, step, scope } = this;
    using deadline = new Deadline(this.#options.environment.clock, limitMs, signal);
    try {
      const { defaults } = scope.workflow;
      const own = Object.entries(defaults).filter(([field]) => Object.hasOwn(kind.entries, field));
      const written = withDefaults(Object.fromEntries(own), step.fields);
      const evaluated = evaluateFields(written, kind, namesIn(scope));
      if (kind.entries.targets !== undefined && isEmptyList(evaluated.targets)) {
        return { outcome: { kind: "skipped", reason: "no targets" }, output: {} };
      }
      const fields = evaluatedAs(v.object(kind.entries), withoutNull(evaluated)) as Fields;
      const context = makeStepContext(this, {
        ...{ ...targets, limitMs, signal: deadline.signal, runSignal: signal },
        expired: () => deadline.expired,
      });
      const end = await kind.run(fields, context);
      const skipped = kind.judges && isGood(end.outcome)
        ? skippedReads(step, kind, scope.steps)
        : [];
      const judged = skipped.length === 0 ? end : { ...end, ...failed(groundless(skipped)) };
      return bounded(judged, { deadline, limitMs, signal });
    } catch (error) {
      if (error instanceof NoMatchError && this.#past !== undefined) {
        const { outcome, output, cut } = this.#past;
        return { outcome, output: output as StepEnd["output"], ...definedOnly({ cut }) };
      }
      const end = endOfError(error, step, signal.aborted || deadline.expired);
      return bounded(end, { deadline, limitMs, signal });
    }
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
  readonly lines: Parameters<HiddenLines["push"]>[0][] = [];

  push(line: Parameters<HiddenLines["push"]>[0]): void {
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
    return { ...end, outcome: timeoutAfter(limitMs ?? 0) };
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
