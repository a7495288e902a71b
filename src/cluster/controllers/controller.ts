/** What a controller is: the kinds that concern it, and one pure function. */
import type { Action } from "./action.ts";
import type { KindName } from "./kinds.ts";
import type { ClusterState } from "./state.ts";

/**
 * A level-triggered controller. `reconcile` compares what is with what is wanted, for all objects of
 * its kinds, and says what to do about it. It must settle: once everything it asked for is done, and
 * nothing else changed, it asks for nothing.
 */
export interface Controller {
  /** As an Event's source names it: `replicaset-controller`. */
  readonly name: string;
  /** A change to any of these is a reason to reconcile. */
  readonly watches: readonly KindName[];
  reconcile(state: ClusterState): Action[];
}
