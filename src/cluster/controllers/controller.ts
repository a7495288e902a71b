/** A controller: the kinds that concern it, and one pure function. */
import type { Action } from "./action.ts";
import type { KindName } from "./kinds.ts";
import type { ClusterState } from "./state.ts";

/**
 * A level-triggered controller. `reconcile` compares the actual with the desired state, for all objects of its kinds,
 * and returns the actions. It must converge: once all its actions are done, and nothing else changed, it returns none.
 */
export interface Controller {
  /** As an Event's source names it: `replicaset-controller`. */
  readonly name: string;
  /** A change to any of these triggers a reconcile. */
  readonly watches: readonly KindName[];
  reconcile(state: ClusterState): Action[];
}
