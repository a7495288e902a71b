/** What the steps of one list have in common: their workflow, their names, and the keys that they are told by. */
import type { JsonValue } from "../../base/json_value.ts";
import type { Selection } from "../../kube/target.ts";
import type { FullWorkflow } from "../model.ts";
import type { PodPlace } from "../selection_fields.ts";
import type { StepKey } from "../step_events.ts";
import type { Values } from "../templates.ts";

/** What was said on the command line in place of the file's. */
export interface WhereOverrides {
  contexts?: readonly string[];
  selection?: Partial<Selection>;
  /** Pods that a person has picked among those of the selection. */
  only?: readonly PodPlace[];
}

/** What has run in this run. Grows. */
export interface Tally {
  /** Any step has; what an earlier run has ended doesn't count. */
  hasRun: boolean;
  /** One that may change pods or the cluster has. */
  hasChanged: boolean;
}

/** The surroundings of a list of steps. */
export interface Scope {
  workflow: FullWorkflow;
  /** Names but `steps`. */
  values: Values;
  /** Outputs of the steps that have ended. Grows. */
  steps: Record<string, JsonValue>;
  /** Before every key: `disks[3]/`; empty at the top. */
  prefix: string;
  /** The same before every identity, by which a rerun knows a step. */
  identity: string;
  /** What has run so far of the workflow's steps, or of those of its `finally`. */
  tally: Tally;
  /** What an earlier run has ended doesn't count here. */
  isFresh: boolean;
  overrides: WhereOverrides;
}

/** The names that expressions of a step have. */
export function namesIn(scope: Scope): Values {
  return { ...scope.values, steps: scope.steps };
}

/** The scope of the steps that lie in a step. */
export function within(
  scope: Scope,
  key: StepKey,
  { names, part, shared, identity }: {
    names: Readonly<Record<string, JsonValue>>;
    part: string;
    /** Of the step, and of the round in it. */
    identity: string;
    /** Steps behind the outer one see what is within it. */
    shared: boolean;
  },
): Scope {
  return {
    ...scope,
    values: { ...scope.values, ...names },
    steps: shared ? scope.steps : { ...scope.steps },
    prefix: `${key}${part === "" ? "" : `[${part}]`}/`,
    identity: `${identity}/`,
  };
}
