/**
 * A run of a workflow, from its first event to its last. The environment is passed in; progress is emitted as events;
 * the steps of `finally` always run.
 */
import { Deadline, passed } from "../../base/abort.ts";
import { parseDuration } from "../../base/duration.ts";
import { BoundedQueue } from "../../base/bounded_queue.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import type { JsonValue } from "../../base/json_value.ts";
import { eventsVersion } from "../../exec/event_shapes.ts";
import { namesUsed } from "../../expression/names_used.ts";
import { parseTemplate } from "../../expression/template.ts";
import type { OmittedSteps } from "../choose_steps.ts";
import type { FullWorkflow, Step } from "../model.ts";
import { type Again, endData, type StepOutcome, type WorkflowEvent } from "../step_events.ts";
import { stepKind } from "../step_registry.ts";
import { evaluateDeep, textsWithin, type Values, variablesGranted } from "../templates.ts";
import { finallyPrefix, type Retained } from "./step_identity.ts";
import { Mask } from "./mask.ts";
import { exitCodeOfStep, messageAt, RunTimeUp, stoppedBy } from "./policy.ts";
import type { Scope } from "./scope.ts";
import { StepRunner } from "./step_runner.ts";
import { ReplacedPods } from "./replaced_pods.ts";
import { TargetNames } from "./named_targets.ts";
import { type InnerEnd, isGood, noFailure } from "./failure.ts";
import type { Environment } from "./environment.ts";
import { paramValue } from "../params.ts";
import { noPlaces, type WhereOverrides } from "../places.ts";
import type { Shard } from "../shard.ts";
import { fits, typeNouns } from "../read_frame.ts";
import { concurrencyShape, limitsShape } from "../file_shape.ts";
import { evaluatedAs } from "../written.ts";

/** Input of a run beside the workflow. */
export interface RunInput {
  /** The id of its record. */
  run: string;
  /** Every parameter, with its value; those that aren't set are null. */
  params: Readonly<Record<string, JsonValue>>;
  overrides: WhereOverrides;
  uses: ReadonlyMap<Step, FullWorkflow>;
  yes: boolean;
  /** A time limit in addition to the file's. */
  deadlineMs?: number | undefined;
  retained: Retained;
  /** Only these of the pods; all if absent. */
  shard?: Shard | undefined;
  /** Steps that a person has left out; none if absent. */
  omitted?: OmittedSteps;
  /** Cancels the steps; those of `finally` still run. */
  signal: AbortSignal;
  /** Ends `finally` too. */
  finallySignal: AbortSignal;
}

/** Maximum number of queued events. */
const queuedEvents = 256;

/** Interval at which a run polls for the end of the run that it waits for. */
const pollMs = 500;

/** Maximum depth of workflows that use each other in a run; cycles are found before it. */
const maxDepth = 16;

/**
 * Runs a workflow. `runEnded` is the last event. A slow consumer slows the run; one that stops cancels it, and its
 * `return` resolves when everything has ended.
 *
 * @throws KodamaError `conflict` if another run of its group is running, and the file's mode is to refuse.
 */
export async function* executeWorkflow(
  workflow: FullWorkflow,
  environment: Environment,
  input: RunInput,
): AsyncGenerator<WorkflowEvent, void> {
  const engine = new Engine(workflow, environment, input);
  try {
    yield* engine.events();
  } finally {
    await engine.abandon();
  }
}

class Engine {
  readonly #events = new BoundedQueue<WorkflowEvent>(queuedEvents);
  /** Emitted events, and those of them that the consumer has processed. */
  #emitted = 0;
  #consumed = 0;
  #waiting: (() => void)[] = [];
  readonly #mask = new Mask();
  readonly #abandoned = new AbortController();
  readonly #mainSignal: AbortSignal;
  readonly #lastSignal: AbortSignal;
  readonly #runner: StepRunner;
  readonly #running: Promise<void>;
  /** Steps of `finally` may have changed pods or the cluster after steps failed, and so undone what these have done. */
  #isUndone = false;

  constructor(
    private readonly workflow: FullWorkflow,
    private readonly environment: Environment,
    private readonly input: RunInput,
  ) {
    this.#mainSignal = AbortSignal.any([input.signal, this.#abandoned.signal]);
    this.#lastSignal = AbortSignal.any([input.finallySignal, this.#abandoned.signal]);
    this.#runner = new StepRunner({
      environment,
      retained: input.retained,
      omitted: input.omitted ?? new Map(),
      names: new TargetNames(input.retained.names),
      yes: input.yes,
      uses: input.uses,
      emit: (event) => this.#emit(event),
      replaced: new ReplacedPods(environment.find),
      shard: input.shard,
      shown: () => this.#shown(),
      stored: async () => {
        if (environment.stored === undefined) return;
        await this.#shown();
        await environment.stored();
      },
      lastSignal: this.#lastSignal,
      runUsed: async (used, params, { signal, ...outer }) => {
        const { key, identity } = outer;
        if (key.split("/").length > maxDepth * 4) {
          throw new KodamaError("config", "workflows use each other too deeply");
        }
        return await this.#whole(used, {
          values: this.#values(used, usedParams(used, params, environment.env)),
          ...outer,
          prefix: `${key}/`,
          identity: `${identity}/`,
          overrides: {},
        }, { main: signal, last: this.#lastSignal });
      },
    });
    this.#running = this.#run().then(
      () => this.#events.close(),
      (error) => this.#events.fail(error),
    );
  }

  /** Yields every event; when the next one is requested, the consumer has processed the one before. */
  async *events(): AsyncGenerator<WorkflowEvent, void> {
    for await (const event of this.#events) {
      yield event;
      this.#consumed += 1;
      this.#wake();
    }
  }

  /** Resolves when the consumer has processed all events emitted so far: a question comes after them. */
  async #shown(): Promise<void> {
    const emitted = this.#emitted;
    while (this.#consumed < emitted && !this.#abandoned.signal.aborted) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }

  /** Called when the consumer stops. */
  async abandon(): Promise<void> {
    this.#events.discard();
    this.#abandoned.abort(new DOMException("the run was abandoned", "AbortError"));
    this.#wake();
    await this.#running;
  }

  async #emit(event: WorkflowEvent): Promise<void> {
    this.#emitted += 1;
    await this.#events.push(this.#mask.hide(event));
  }

  async #run(): Promise<void> {
    const { clock } = this.environment;
    await using _turn = await this.#turn();
    const startedMs = clock.elapsedMs();
    const { name, steps } = this.workflow;
    await this.#emit({
      ...{ event: "runStarted", version: eventsVersion, at: clock.now().toISOString() },
      ...{ command: null, workflow: name, steps: steps.length, targets: [] },
    });
    const { outcome, outputs, stopper } = await this.#whole(this.workflow, {
      values: this.#values(this.workflow, this.input.params),
      prefix: "",
      identity: "",
      overrides: this.input.overrides,
      places: noPlaces,
      isFresh: false,
      isQuiet: false,
      isConfirmed: false,
    }, { main: this.#mainSignal, last: this.#lastSignal });
    await this.#emit({
      event: "runEnded",
      at: clock.now().toISOString(),
      durationMs: Math.round(clock.elapsedMs() - startedMs),
      ...{ exitCode: exitCodeOfStep(outcome), ...endData(outcome), counts: null, outputs },
      again: this.#again(outcome, stopper),
    });
  }

  /** Runs all steps of a workflow, those of `finally`, and evaluates its outputs. */
  async #whole(
    workflow: FullWorkflow,
    outer: Omit<Scope, "workflow" | "steps" | "tally">,
    { main, last }: { main: AbortSignal; last: AbortSignal },
  ): Promise<InnerEnd & Required<Pick<InnerEnd, "outputs">>> {
    const tally = { hasRun: false, hasChanged: false };
    const scope: Scope = { ...outer, workflow, steps: {}, tally };
    let result = await this.#main(workflow, scope, main);
    if (workflow.finally.length > 0) {
      await this.#emit({ event: "finallyStarted", at: this.environment.clock.now().toISOString() });
      const undoing = { hasRun: false, hasChanged: false };
      const end = await this.#runner.sequence(workflow.finally, {
        ...scope,
        values: {
          ...scope.values,
          outcome: result.outcome.kind,
          failure: { ...result.failure ?? noFailure },
        },
        prefix: scope.prefix + finallyPrefix,
        identity: scope.identity + finallyPrefix,
        tally: undoing,
        // It belongs to the steps of this run: it runs even if an earlier run has ended it.
        isFresh: scope.isFresh || tally.hasRun,
      }, { signal: last, whatever: true });
      if (!isGood(result.outcome)) this.#isUndone ||= undoing.hasChanged;
      else if (
        end.outcome.kind !== "ok" && (!isGood(end.outcome) || result.outcome.kind === "ok")
      ) {
        result = { outcome: end.outcome };
      }
    }
    if (!isGood(result.outcome)) return { ...result, outputs: {} };
    const { outcome, outputs } = outputsOf(workflow, { ...scope.values, steps: scope.steps });
    return outcome.kind === "ok" ? { ...result, outputs } : { outcome, outputs };
  }

  /** Runs the steps that come before `finally`, within the time limit of the run. */
  async #main(workflow: FullWorkflow, scope: Scope, main: AbortSignal): Promise<InnerEnd> {
    const { clock } = this.environment;
    const own = workflow.limits && evaluatedAs(
      limitsShape,
      evaluateDeep(workflow.limits, scope.values),
      ["limits"],
    );
    const limits = [own && parseDuration(own.time), scope.prefix === "" && this.input.deadlineMs]
      .filter((limitMs) => typeof limitMs === "number");
    const limitMs = limits.length === 0 ? undefined : Math.min(...limits);
    using deadline = new Deadline(clock, limitMs, main, new RunTimeUp(limitMs ?? 0));
    const { signal } = deadline;
    const end = await this.#runner.sequence(workflow.steps, scope, { signal });
    return deadline.expired && end.outcome.kind === "cancelled"
      ? { ...end, outcome: stoppedBy(signal) }
      : end;
  }

  /** Returns the point from which a rerun makes sense. */
  #again(outcome: StepOutcome, stopper: Step | undefined): Again | null {
    if (outcome.kind === "ok") return null;
    if (this.#isUndone) return { kind: "all" };
    if (outcome.kind === "cancelled") return { kind: "rest" };
    if (stopper === undefined || !stepKind(stopper.kind).judges) return { kind: "failed" };
    // It would judge the same values the same way again.
    const read = new Set(
      textsWithin(stopper).flatMap(({ text }) =>
        namesUsed(parseTemplate(text).template).flatMap(({ path: [first, id] }) =>
          first === "steps" && id !== undefined ? [id] : []
        )
      ),
    );
    const source = this.workflow.steps.find(({ id, named }) => named && read.has(id));
    return source === undefined ? { kind: "failed" } : { kind: "from", step: source.id };
  }

  #values(workflow: FullWorkflow, params: Readonly<Record<string, JsonValue>>): Values {
    this.#mask.add(workflow, params);
    const env = variablesGranted(workflow).map((name) => [name, this.environment.env(name) ?? ""]);
    const run = { id: this.input.run, workflow: workflow.name };
    return { params, env: Object.fromEntries(env), run };
  }

  /** Waits for its turn among the runs of its group, or throws. */
  async #turn(): Promise<AsyncDisposable> {
    const { concurrency } = this.workflow;
    const { run } = this.input;
    if (concurrency === undefined) return new AsyncDisposableStack();
    const values = this.#values(this.workflow, this.input.params);
    const { group, mode } = evaluatedAs(concurrencyShape, evaluateDeep(concurrency, values), [
      "concurrency",
    ]);
    for (let reported = false;; reported = true) {
      const turn = await this.environment.local.hold(group, run);
      if (!("heldBy" in turn)) return turn;
      if (mode === "refuse") {
        throw new KodamaError("conflict", `run ${turn.heldBy} of "${group}" is still running`, {
          hint: "wait for its end; `concurrency: wait` in the file does that",
        });
      }
      if (!reported) await this.#emit({ event: "runWaits", group, holder: turn.heldBy });
      const waited = await passed(this.environment.clock, pollMs, { signal: this.#mainSignal });
      if (!waited) throw new KodamaError("cancelled", "cancelled before it started");
    }
  }
}

function outputsOf(
  { outputs }: FullWorkflow,
  values: Values,
): { outcome: StepOutcome; outputs: Record<string, JsonValue> } {
  const found: Record<string, JsonValue> = {};
  for (const { name, template, at } of outputs) {
    try {
      found[name] = evaluateDeep(template, values) as JsonValue;
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      const reason = `outputs.${name}: ${messageAt(error, at)}`;
      return { outcome: { kind: "failed", reason }, outputs: found };
    }
  }
  return { outcome: { kind: "ok" }, outputs: found };
}

/** Returns all parameters with their values. @throws UsageError for one that is missing or of another type. */
function usedParams(
  { name: workflow, params }: FullWorkflow,
  given: Readonly<Record<string, JsonValue>>,
  env: (name: string) => string | undefined,
): Record<string, JsonValue> {
  return Object.fromEntries(params.map((param) => {
    const { name, type, required } = param;
    const value = given[name];
    if (value !== undefined && value !== null) {
      if (fits(value, type)) return [name, value];
      throw new UsageError(`${workflow}: parameter ${name}: expected ${typeNouns[type]}`);
    }
    const text = param.env === undefined ? undefined : env(param.env);
    if (text !== undefined) return [name, paramValue(param, text)];
    if (param.default === undefined && required) {
      throw new UsageError(`${workflow} needs the parameter "${name}"`);
    }
    return [name, param.default ?? null];
  }));
}
