/** The scope that the steps of one list share: their workflow, their names, and the prefix of their keys. */
import type { JsonValue } from "../../base/json_value.ts";
import type { FullWorkflow } from "../model.ts";
import type { StepTarget } from "./named_targets.ts";
import type { Places, WhereOverrides } from "../places.ts";
import type { Where } from "../selection_fields.ts";
import type { StepKey } from "../step_events.ts";
import type { Values } from "../templates.ts";

/** What has run in this run. Grows. */
interface Tally {
  /** A step has run; steps that an earlier run has ended don't count. */
  hasRun: boolean;
  /** A step that may change pods or the cluster has run. */
  hasChanged: boolean;
}

/** The context of a list of steps. */
export interface Scope {
  workflow: FullWorkflow;
  /** Names other than `steps`. */
  values: Values;
  /** Outputs of the steps that have ended. Grows. */
  steps: Record<string, JsonValue>;
  /** Prefix of every key: `disks[3]/`; empty at the top. */
  prefix: string;
  /** Prefix of every identity, by which a rerun identifies a step. */
  identity: string;
  /** What has run so far of the workflow's steps, or of those of its `finally`. */
  tally: Tally;
  /** Steps that an earlier run has ended run again here. */
  isFresh: boolean;
  /** In `rescue` or `always`: a step starts after the record has that, as a rerun then repeats the group. */
  isAside?: boolean;
  /** A step around these is quiet. */
  isQuiet: boolean;
  /** A person has confirmed the group around these, with all changes in it. */
  isConfirmed: boolean;
  overrides: WhereOverrides;
  /** The contexts and namespaces that the workflow's own selection takes from a step that uses it. */
  places: Places;
  /** The pods of steps that don't select others; absent for those of the workflow. */
  batch?: ScopeBatch;
}

/** A batch, and what is known of its pods so far. */
export interface ScopeBatch {
  where: Where;
  targets: readonly StepTarget[];
  /** Names of those in which a step wasn't ok. Grows. */
  failed: Set<string>;
}

/** Returns the names that expressions of a step have. */
export function namesIn(scope: Scope): Values {
  return { ...scope.values, steps: scope.steps };
}

/** Returns the scope of a step's inner steps. */
export function within(
  scope: Scope,
  key: StepKey,
  { names, part, prefix, shared, identity, isFresh, batch, isConfirmed }: {
    names: Readonly<Record<string, JsonValue>>;
    part: string;
    /** The prefix of the keys of the list's steps. */
    prefix: string;
    /** The identity of the step, and of the round in it. */
    identity: string;
    /** Steps after the outer one see the outputs of its inner steps. */
    shared: boolean;
    isFresh: boolean;
    batch: ScopeBatch | undefined;
    isConfirmed: boolean;
  },
): Scope {
  return {
    ...scope,
    values: { ...scope.values, ...names },
    steps: shared ? scope.steps : { ...scope.steps },
    prefix: `${key}${part === "" ? "" : `[${part}]`}/${prefix}`,
    identity: `${identity}/${prefix}`,
    isFresh: scope.isFresh || isFresh,
    isAside: scope.isAside === true || prefix !== "",
    ...(batch && { batch }),
    isConfirmed: scope.isConfirmed || isConfirmed,
  };
}
