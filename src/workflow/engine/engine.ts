/**
 * A run of a workflow, from its first event to its last. The world is handed in; what happens is told as events; the
 * steps of `finally` run whatever became of the others.
 */
import { passed } from "../../base/abort.ts";
import { BoundedQueue } from "../../base/bounded_queue.ts";
import { KodamaError } from "../../base/errors.ts";
import type { JsonValue } from "../../base/json_value.ts";
import { namesUsed } from "../../expression/names_used.ts";
import { parseTemplate } from "../../expression/template.ts";
import type { FullWorkflow, Step } from "../model.ts";
import type { Again, StepOutcome, WorkflowEvent } from "../step_events.ts";
import { stepKind } from "../steps/registry.ts";
import { evaluateDeep, textsWithin, type Values } from "../templates.ts";
import { variablesGranted } from "../variables_named.ts";
import type { Kept } from "./kept.ts";
import { Mask } from "./mask.ts";
import { exitCodeOfStep, messageAt } from "./policy.ts";
import type { Scope, WhereOverrides } from "./scope.ts";
import { finallyPrefix } from "./step_identity.ts";
import { StepRunner } from "./step_runner.ts";
import { usedParams } from "./used_params.ts";
import type { World } from "./world.ts";

/** What a run is given beside the workflow. */
export interface RunInput {
  /** Under which it is recorded. */
  run: string;
  /** Every parameter, with its value; those that nobody said are null. */
  params: Readonly<Record<string, JsonValue>>;
  overrides: WhereOverrides;
  uses: ReadonlyMap<Step, FullWorkflow>;
  yes: boolean;
  kept: Kept;
  /** Cancels the steps; those of `finally` follow. */
  signal: AbortSignal;
  /** Ends `finally` too. */
  finallySignal: AbortSignal;
}

/** Events that may wait for the consumer. */
const queuedEvents = 256;

/** How often a run looks whether the one that it waits for is over. */
const lookAgainMs = 500;

/** How deeply workflows may use each other in a run; cycles are found before it. */
const maxDepth = 16;

/**
 * Runs a workflow. `workflowEnded` is the last event. A consumer that is slow slows the run; one that stops cancels
 * it, and its `return` resolves when all is ended.
 *
 * @throws KodamaError `conflict` where another run of its group goes on, and the file says to refuse.
 */
export async function* runWorkflow(
  workflow: FullWorkflow,
  world: World,
  input: RunInput,
): AsyncGenerator<WorkflowEvent, void> {
  const engine = new Engine(workflow, world, input);
  try {
    yield* engine.told();
  } finally {
    await engine.abandon();
  }
}

class Engine {
  readonly #events = new BoundedQueue<WorkflowEvent>(queuedEvents);
  /** Events that were told, and those of them that the consumer is done with. */
  #given = 0;
  #taken = 0;
  #waiting: (() => void)[] = [];
  readonly #workflow: FullWorkflow;
  readonly #world: World;
  readonly #input: RunInput;
  readonly #mask = new Mask();
  readonly #abandoned = new AbortController();
  readonly #mainSignal: AbortSignal;
  readonly #lastSignal: AbortSignal;
  readonly #runner: StepRunner;
  readonly #running: Promise<void>;
  /** Steps of `finally` may have changed pods or the cluster behind steps that failed: what these have done may be undone. */
  #isUndone = false;

  constructor(workflow: FullWorkflow, world: World, input: RunInput) {
    this.#workflow = workflow;
    this.#world = world;
    this.#input = input;
    this.#mainSignal = AbortSignal.any([input.signal, this.#abandoned.signal]);
    this.#lastSignal = AbortSignal.any([input.finallySignal, this.#abandoned.signal]);
    this.#runner = new StepRunner({
      world,
      kept: input.kept,
      yes: input.yes,
      uses: input.uses,
      tell: (event) => this.#tell(event),
      heard: () => this.#heard(),
      runUsed: async (used, params, { key, identity, isFresh, signal }) => {
        if (key.split("/").length > maxDepth * 4) {
          throw new KodamaError("config", "workflows use each other too deeply");
        }
        return await this.#whole(used, {
          values: this.#values(used, usedParams(used, params, world.env)),
          prefix: `${key}/`,
          identity: `${identity}/`,
          overrides: {},
          isFresh,
        }, { main: signal, last: this.#lastSignal });
      },
    });
    this.#running = this.#run().then(
      () => this.#events.close(),
      (error) => this.#events.fail(error),
    );
  }

  /** Every event; when the next one is asked for, the consumer is done with the one before. */
  async *told(): AsyncGenerator<WorkflowEvent, void> {
    for await (const event of this.#events) {
      yield event;
      this.#taken += 1;
      this.#wake();
    }
  }

  /** Resolves when the consumer is done with all that was told: a question stands behind it. */
  async #heard(): Promise<void> {
    while (this.#taken < this.#given && !this.#abandoned.signal.aborted) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }

  /** Nobody listens any more. */
  async abandon(): Promise<void> {
    this.#events.discard();
    this.#abandoned.abort(new DOMException("the run was abandoned", "AbortError"));
    this.#wake();
    await this.#running;
  }

  async #tell(event: WorkflowEvent): Promise<void> {
    this.#given += 1;
    await this.#events.push(this.#mask.hide(event));
  }

  async #run(): Promise<void> {
    const { clock } = this.#world;
    await using _turn = await this.#turn();
    const beganMs = clock.elapsedMs();
    const { name, steps } = this.#workflow;
    await this.#tell({
      kind: "workflowStarted",
      workflow: name,
      run: this.#input.run,
      steps: steps.length,
      at: clock.now(),
    });
    const { outcome, outputs, stopper } = await this.#whole(this.#workflow, {
      values: this.#values(this.#workflow, this.#input.params),
      prefix: "",
      identity: "",
      overrides: this.#input.overrides,
      isFresh: false,
    }, { main: this.#mainSignal, last: this.#lastSignal });
    await this.#tell({
      kind: "workflowEnded",
      outcome,
      outputs,
      exitCode: exitCodeOfStep(outcome),
      again: this.#again(outcome, stopper),
      at: clock.now(),
      durationMs: Math.round(clock.elapsedMs() - beganMs),
    });
  }

  /** All steps of a workflow, those of `finally`, and its outputs. */
  async #whole(
    workflow: FullWorkflow,
    surroundings: Omit<Scope, "workflow" | "steps" | "tally">,
    { main, last }: { main: AbortSignal; last: AbortSignal },
  ): Promise<{ outcome: StepOutcome; outputs: JsonValue; stopper?: Step }> {
    const tally = { hasRun: false, hasChanged: false };
    const scope: Scope = { ...surroundings, workflow, steps: {}, tally };
    const { outcome: mainOutcome, stopper } = await this.#runner.sequence(workflow.steps, scope, {
      signal: main,
    });
    let outcome = mainOutcome;
    if (workflow.finally.length > 0) {
      await this.#tell({ kind: "finallyStarted", at: this.#world.clock.now() });
      const undoing = { hasRun: false, hasChanged: false };
      const end = await this.#runner.sequence(workflow.finally, {
        ...scope,
        values: { ...scope.values, outcome: outcome.kind },
        prefix: scope.prefix + finallyPrefix,
        identity: scope.identity + finallyPrefix,
        tally: undoing,
        // It belongs to what has run now: that an earlier run has ended it is no reason to leave it out.
        isFresh: scope.isFresh || tally.hasRun,
      }, { signal: last, whatever: true });
      if (outcome.kind !== "ok") this.#isUndone ||= undoing.hasChanged;
      else outcome = end.outcome;
    }
    if (outcome.kind !== "ok") return { outcome, outputs: {}, ...(stopper && { stopper }) };
    return outputsOf(workflow, { ...scope.values, steps: scope.steps });
  }

  /** From where a rerun makes sense. */
  #again(outcome: StepOutcome, stopper: Step | undefined): Again | null {
    if (outcome.kind === "ok") return null;
    if (this.#isUndone) return { kind: "all" };
    if (outcome.kind === "cancelled") return { kind: "rest" };
    if (stopper === undefined || !stepKind(stopper.kind).judges) return { kind: "failed" };
    // What it has judged would be the same again.
    const read = new Set(
      textsWithin(stopper).flatMap(({ text }) =>
        namesUsed(parseTemplate(text).template).flatMap(({ path: [first, id] }) =>
          first === "steps" && id !== undefined ? [id] : []
        )
      ),
    );
    const source = this.#workflow.steps.find(({ id, named }) => named && read.has(id));
    return source === undefined ? { kind: "failed" } : { kind: "from", step: source.id };
  }

  #values(workflow: FullWorkflow, params: Readonly<Record<string, JsonValue>>): Values {
    this.#mask.add(workflow, params);
    const env = variablesGranted(workflow).map((name) => [name, this.#world.env(name) ?? ""]);
    const run = { id: this.#input.run, workflow: workflow.name };
    return { params, env: Object.fromEntries(env), run };
  }

  /** Its turn among the runs of its group: waited for, or refused. */
  async #turn(): Promise<AsyncDisposable> {
    const { concurrency } = this.#workflow;
    const { run } = this.#input;
    if (concurrency === undefined) return new AsyncDisposableStack();
    const { mode } = concurrency;
    const values = this.#values(this.#workflow, this.#input.params);
    const group = String(evaluateDeep(concurrency.group, values));
    for (let told = false;; told = true) {
      const turn = await this.#world.local.hold(group, run);
      if (!("heldBy" in turn)) return turn;
      if (mode === "refuse") {
        throw new KodamaError("conflict", `run ${turn.heldBy} of "${group}" goes on`, {
          hint: "wait for its end; `concurrency: wait` in the file does that",
        });
      }
      if (!told) await this.#tell({ kind: "workflowWaits", group, holder: turn.heldBy });
      const waited = await passed(this.#world.clock, lookAgainMs, { signal: this.#mainSignal });
      if (!waited) throw new KodamaError("cancelled", "cancelled before it began");
    }
  }
}

function outputsOf(
  { outputs }: FullWorkflow,
  values: Values,
): { outcome: StepOutcome; outputs: JsonValue } {
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
