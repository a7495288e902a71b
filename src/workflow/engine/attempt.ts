/** What one attempt at a step stands in: the run's means, and the place of the attempt. */
import type { JsonValue } from "../../base/json_value.ts";
import type { FullWorkflow, Step } from "../model.ts";
import type { StepKey, WorkflowEvent } from "../step_events.ts";
import type { Kept } from "./kept.ts";
import type { Scope } from "./scope.ts";
import type { InnerEnd } from "./stage.ts";
import type { World } from "./world.ts";

/** What a runner is given; the same for every list of a run. */
export interface RunnerOptions {
  world: World;
  kept: Kept;
  /** Questions whether to go on are answered with yes. */
  yes: boolean;
  /** What the `workflow` steps use. */
  uses: ReadonlyMap<Step, FullWorkflow>;
  tell(event: WorkflowEvent): Promise<void>;
  /** Resolves when all that was told is shown. */
  heard(): Promise<void>;
  /** Runs a used workflow. */
  runUsed(
    workflow: FullWorkflow,
    params: Readonly<Record<string, JsonValue>>,
    at: { key: StepKey; identity: string; isFresh: boolean; signal: AbortSignal },
  ): Promise<InnerEnd & { outputs: JsonValue }>;
}

/** Runs the steps that a step has within it. */
export interface Sequences {
  readonly options: RunnerOptions;
  /**
   * Runs a list to its end; what its steps hold open is closed then. `among` are all the steps of the list's field,
   * if the list is a part of them.
   */
  sequence(
    steps: readonly Step[],
    scope: Scope,
    options: { signal: AbortSignal; among?: readonly Step[] },
  ): Promise<InnerEnd>;
}

/** Where an attempt is made. */
export interface Attempted {
  key: StepKey;
  /** By what a rerun knows the step. */
  identity: string;
  scope: Scope;
  signal: AbortSignal;
  held: AsyncDisposableStack;
}
