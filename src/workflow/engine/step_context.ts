/** The context of a running step. */
import type { DraftFile } from "../../base/draft_file.ts";
import type { JsonValue } from "../../base/json_value.ts";
import type { ChangeAction } from "../../gate/change.ts";
import type { Target } from "../../kube/select/target.ts";
import type { FullWorkflow } from "../model.ts";
import type { StepKey, WorkflowEvent } from "../step_events.ts";
import type { SelectFields, Where } from "../selection_fields.ts";
import type { InnerEnd } from "./failure.ts";
import type { EndedTargets, StepTarget, TargetRecord } from "./named_targets.ts";
import type { Environment, Question } from "./environment.ts";

/** Some of the pods of a step, for its inner steps. */
export interface Batch {
  targets: readonly StepTarget[];
  /** From 0. */
  index: number;
  /** The fields of the step that selects them. */
  fields: { select?: unknown };
}

/** How the steps of a list are run. */
export interface InnerOptions {
  /** Names of their expressions, in addition to the step's own. */
  names?: Readonly<Record<string, JsonValue>>;
  /**
   * One of several rounds. `part` identifies it in this run. A rerun identifies it by its `item`, and by how many
   * earlier rounds (`before`) have an equal item.
   */
  round?: { part: string; item: JsonValue; before: number };
  /** The pods of steps that don't select others. A rerun identifies them by these. */
  batch?: Batch;
  /** Templates that are evaluated at the end, by name. */
  outputs?: Readonly<Record<string, string>>;
  /** The step's time limit doesn't apply. */
  unlimited?: boolean;
  /** A person has confirmed all changes of these steps. */
  isConfirmed?: boolean;
  /** All of them run, whatever fails, and also after a cancel, as those of `finally`. */
  last?: boolean;
}

/** The context of one attempt at one step. */
export interface StepContext {
  readonly environment: Environment;
  readonly workflow: FullWorkflow;
  readonly key: StepKey;
  /** Aborts with the run, and when the step's time limit is reached. */
  readonly signal: AbortSignal;
  /** The step's own `timeout`; undefined if it has none. */
  readonly limitMs: number | undefined;
  /** Targets that an earlier run has ended: they aren't run again. */
  readonly retained: Pick<EndedTargets, "get">;
  /** Returns a target as expressions see it. */
  record(target: Target, name: string): TargetRecord;
  /** Resolves when the event is queued: awaiting it is the back-pressure. */
  emit(event: WorkflowEvent): Promise<void>;
  /** Records that a command that may change something is about to be sent; resolves when that is stored. */
  starts(target: StepTarget): Promise<void>;
  /** Emits a line of this step. */
  line(text: string, stream?: "stdout" | "stderr"): void;
  /** The number of pods of the batch that the step runs in; undefined outside of one. */
  readonly batchSize: number | undefined;
  /** Resolves a step's own selection; without one that of its batch, or the workflow's with the command line's overrides. */
  where(select: SelectFields | undefined): Where;
  /** Returns the pods of the step. @throws KodamaError `noMatch` if there are none. */
  targets(fields: { select?: unknown; targets?: unknown }): Promise<StepTarget[]>;
  /** Runs the steps of a list once. */
  inner(list: string, options?: InnerOptions): Promise<InnerEnd>;
  /** Runs each step of a list separately, all at once. */
  innerAtOnce(list: string): Promise<readonly InnerEnd[]>;
  /** Gives the steps of a list, which don't run, empty outputs. */
  omit(list: string): void;
  /** Returns the titles of the steps of a list, or what they do. */
  titlesOf(list: string): string[];
  /** Runs the workflow that the step uses, with these parameters; returns its outputs. */
  usedWorkflow(
    params: Readonly<Record<string, JsonValue>>,
  ): Promise<InnerEnd & Required<Pick<InnerEnd, "outputs">>>;
  /** Holds a resource open until the steps of the same list have ended. */
  holdOpen(resource: AsyncDisposable): void;
  /** Returns whether to continue: a person's yes, or `--yes`. @throws UsageError if no one can be asked. */
  confirm(question: string): Promise<boolean>;
  /** Returns whether the step may change these targets or, if there are none, objects of the cluster. Throws as `confirm`. */
  confirmChange(
    action: ChangeAction,
    targets: readonly Target[],
    options?: { isUnplanned?: boolean },
  ): Promise<boolean>;
  ask(question: Question): Promise<string | undefined>;
  /** Returns the parameters that the expressions of one of its fields name. */
  paramsIn(field: string): string[];
  /** Creates a file that `permissions.write` grants; a relative path is below the workflow's folder. */
  create(path: string): Promise<DraftFile>;
  /** Checks that `permissions` grants it. @throws KodamaError `forbidden` if not. */
  require(kind: "net" | "run", what: string): void;
  /**
   * Checks that `permissions` grants a file or folder, with its links resolved. Returns its absolute path, with links
   * as they are. A relative path is below the workflow's folder.
   */
  requirePath(kind: "read" | "write", path: string): Promise<string>;
}
