/** What a step has around it while it runs. */
import type { JsonValue } from "../../base/json_value.ts";
import type { ChangeAction } from "../../gate/change.ts";
import type { Target } from "../../kube/target.ts";
import type { FullWorkflow, Step } from "../model.ts";
import type { StepKey, StepOutcome, StepTargetEnd, WorkflowEvent } from "../step_events.ts";
import type { SelectFields, Where } from "../selection_fields.ts";
import type { Question, World, Writing } from "./world.ts";

/** Targets of a step, each with its name, as short as it can be. */
export interface StageTarget {
  target: Target;
  name: string;
  /** It stands for all pods of a context that can't be asked, and why; its name is `CONTEXT/*`. */
  unreachable?: string;
}

/** What became of steps that lie in a step. */
export interface InnerEnd {
  outcome: StepOutcome;
  /** The step that ended them; absent if all of them were run. */
  stopper?: Step;
}

/** The surroundings of one attempt at one step. */
export interface Stage {
  readonly world: World;
  readonly workflow: FullWorkflow;
  readonly key: StepKey;
  /** Aborts with the run, and when the step's time is up. */
  readonly signal: AbortSignal;
  /** The step's own `timeout`; undefined if it has none. */
  readonly limitMs: number | undefined;
  /** Targets that an earlier run has ended, by name: they aren't run again. */
  readonly kept: ReadonlyMap<string, StepTargetEnd>;
  /** Resolves when the event has its place: awaiting it is the back-pressure. */
  tell(event: WorkflowEvent): Promise<void>;
  /** A line of this step. */
  line(text: string, stream?: "stdout" | "stderr"): void;
  /** What a step's own selection means; without one the workflow's, with what the command line says in its place. */
  where(select: SelectFields | undefined): Where;
  /** The pods of the step. @throws KodamaError `noMatch` where there are none. */
  targets(fields: { select?: unknown; targets?: unknown }): Promise<StageTarget[]>;
  /**
   * Runs the steps of a field; their names are those of the step, and these. `part` tells rounds apart in this run;
   * later runs know them by `item` and how many rounds `before` had an equal one.
   */
  inner(
    field: string,
    round?: {
      names: Readonly<Record<string, JsonValue>>;
      part: string;
      item: JsonValue;
      before: number;
    },
  ): Promise<InnerEnd>;
  /** Runs each step of a field for itself, all at once. */
  innerAtOnce(field: string): Promise<readonly InnerEnd[]>;
  /** Runs the workflow that the step uses, with these parameters; gives its outputs. */
  usedWorkflow(
    params: Readonly<Record<string, JsonValue>>,
  ): Promise<InnerEnd & { outputs: JsonValue }>;
  /** Kept open until the steps beside this one have ended. */
  keep(resource: AsyncDisposable): void;
  /** Whether it may go on: a person's yes, or `--yes`. @throws UsageError where there is nobody to ask. */
  confirm(question: string): Promise<boolean>;
  /** Whether the step may change these targets; those of none are objects of the cluster. Throws as the world does. */
  confirmChange(action: ChangeAction, targets: readonly Target[]): Promise<boolean>;
  ask(question: Question): Promise<string | undefined>;
  /** Makes a file that `permissions.write` grants; a relative path is below the workflow's folder. */
  create(path: string): Promise<Writing>;
  /** Refuses what `permissions` doesn't grant. @throws KodamaError `forbidden`. */
  require(kind: "net" | "run", what: string): void;
  /**
   * The same for a file or folder, wherever links on the way to it lead; gives its absolute path, links and all. A
   * relative one is below the workflow's folder.
   */
  requirePath(kind: "read" | "write", path: string): Promise<string>;
}
