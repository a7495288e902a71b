/** The context of one attempt at a step: the run's services, and the scope of the attempt. */
import type { JsonValue } from "../../base/json_value.ts";
import type { FullWorkflow, Step } from "../model.ts";
import type { StepKey, StepTargetEnd, WorkflowEvent } from "../step_events.ts";
import type { StepKind } from "../step_kind.ts";
import type { Places } from "../places.ts";
import type { Retained } from "./step_identity.ts";
import type { ReplacedPods } from "./replaced_pods.ts";
import type { OmittedSteps } from "../choose_steps.ts";
import type { EndedTargets, TargetNames } from "./named_targets.ts";
import type { Scope } from "./scope.ts";
import type { InnerEnd } from "./failure.ts";
import type { Environment } from "./environment.ts";
import type { Shard } from "../shard.ts";

/** Options of a runner; the same for every list of a run. */
export interface RunnerOptions {
  environment: Environment;
  retained: Retained;
  replaced: ReplacedPods;
  /** Steps that a person has left out of the run. */
  omitted: OmittedSteps;
  names: TargetNames;
  /** Questions whether to continue are answered with yes. */
  yes: boolean;
  /** The workflows that the `workflow` steps use. */
  uses: ReadonlyMap<Step, FullWorkflow>;
  emit(event: WorkflowEvent): Promise<void>;
  /** The part of the pods that this process works in; all of them if absent. */
  shard?: Shard | undefined;
  /** Resolves when all emitted events are shown. */
  shown(): Promise<void>;
  /** Resolves when all emitted events are stored, if starts wait for that. Rejects as `Environment.stored` does. */
  stored(): Promise<void>;
  /** Aborts what runs at the end: `finally`, and `always` of groups. */
  lastSignal: AbortSignal;
  /** Runs a used workflow. */
  runUsed(
    workflow: FullWorkflow,
    params: Readonly<Record<string, JsonValue>>,
    at: {
      key: StepKey;
      identity: string;
      isFresh: boolean;
      isQuiet: boolean;
      isConfirmed: boolean;
      /** Those of the step that uses it. */
      places: Places;
      signal: AbortSignal;
    },
  ): Promise<InnerEnd & Required<Pick<InnerEnd, "outputs">>>;
}

/** Runs the inner steps of a step. */
export interface Sequences {
  readonly options: RunnerOptions;
  /**
   * Runs a list to its end; resources that its steps hold open are closed then. `among` are all the steps of the list's
   * field, if the list is a part of them; with `whatever` the steps after a failed one run, too.
   */
  sequence(
    steps: readonly Step[],
    scope: Scope,
    options: { signal: AbortSignal; among?: readonly Step[]; whatever?: boolean },
  ): Promise<InnerEnd>;
}

/** One step of a list, while it runs. */
export interface RunningStep {
  readonly runner: Sequences;
  readonly step: Step;
  readonly kind: StepKind;
  readonly key: StepKey;
  /** Identifies the step in a rerun. */
  readonly identity: string;
  /** Of its list. */
  readonly scope: Scope;
  /** Ends with the list. */
  readonly held: AsyncDisposableStack;
  /** Receives the lines of a quiet step; undefined for any other. */
  readonly hidden: HiddenLines | undefined;
}

/** One attempt at a step. */
export interface Attempt {
  /** Aborts with the run, and when the attempt's time limit is reached. */
  signal: AbortSignal;
  /** Aborts with the run only. */
  runSignal: AbortSignal;
  limitMs: number | undefined;
  /** Targets that aren't run again. */
  done: EndedTargets;
  /** Targets that this attempt has ended so far. */
  seen: StepTargetEnd[];
  /** It isn't the first attempt in this run. */
  isRepeated: boolean;
  /** Returns whether the attempt's time limit was reached. */
  expired: () => boolean;
}

/** Lines of a quiet step. */
export interface HiddenLines {
  push(line: Extract<WorkflowEvent, { event: "line" }>): void;
}
