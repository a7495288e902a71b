/** Carries out the actions of controllers. */
import type { KubeObject } from "../../kube/types.ts";
import type { ResourceType, Store } from "../model.ts";
import { resources } from "../resources.ts";
import { StoreError } from "../store/store_error.ts";
import type { Action } from "./action.ts";
import { deletionOf } from "./deletion.ts";
import { recordEvent } from "./events.ts";

/** Applies actions to the store. */
export interface ActionTarget {
  store: Store;
  /** Admits a new object: defaults, a service account's volume. */
  admit: (type: ResourceType, object: KubeObject) => KubeObject;
}

/**
 * Carries out one action. Writes that came too late (the object changed, was created or deleted meanwhile) aren't
 * errors: the change that overtook them triggers another reconcile itself. Returns false for those.
 */
export function applyAction(
  target: ActionTarget,
  action: Action,
  { component, now }: { component: string; now: Date },
): boolean {
  try {
    perform(target, action, { component, now });
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.reason !== "expired") return false;
    throw error;
  }
}

function perform(
  { store, admit }: ActionTarget,
  action: Action,
  { component, now }: { component: string; now: Date },
): void {
  switch (action.kind) {
    case "create": {
      const type = resources[action.type];
      store.create(type, admit(type, action.object as unknown as KubeObject));
      return;
    }
    case "update":
      store.update(resources[action.type], action.object as unknown as KubeObject);
      return;
    case "delete":
      return performDeletion(store, action, now);
    case "remove":
      store.remove(resources[action.type], action.namespace, action.name);
      return;
    case "event":
      return recordEvent(store, { component, action, now });
    case "lookAgain":
      // Handled by the driver: it writes nothing.
      return;
  }
}

function performDeletion(
  store: Store,
  action: Extract<Action, { kind: "delete" }>,
  now: Date,
): void {
  const type = resources[action.type];
  const object = store.get(type, action.namespace, action.name);
  if (object === undefined) return;
  const { propagation, graceSeconds } = action;
  const deletion = deletionOf(type, object, { propagation, graceSeconds, now });
  if (deletion.kind === "gone") store.remove(type, action.namespace, action.name);
  else store.update(type, deletion.object);
}
