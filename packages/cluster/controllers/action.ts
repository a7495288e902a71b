/**
 * The actions of a controller. A reconcile returns a list of these and changes nothing itself; the driver carries them
 * out in order.
 */
import type { AnyLive, KindMap, KindName, Live } from "./kinds.ts";

/** The deletion policy for dependents. https://kubernetes.io/docs/concepts/architecture/garbage-collection/ */
export type Propagation = "background" | "foreground" | "orphan";

/** The object of an Event. */
interface EventSubject {
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
  uid: string;
}

/** One action of a controller. */
export type ControllerAction =
  | { kind: "create"; type: KindName; object: KindMap[KindName] }
  /** Replaces the object that was read: its resourceVersion is in `object`. */
  | { kind: "update"; type: KindName; object: Live<KindMap[KindName]> }
  /** As a client's delete does: pods gracefully, finalizers respected. */
  | {
    kind: "delete";
    type: KindName;
    namespace: string;
    name: string;
    propagation: Propagation;
    /** Set if a pod is deleted with another grace period than its own. */
    graceSeconds?: number;
  }
  /** Ignores every finalizer: as a namespace's finalize call does. */
  | { kind: "remove"; type: KindName; namespace: string; name: string }
  | {
    kind: "event";
    type: "Normal" | "Warning";
    subject: EventSubject;
    reason: string;
    message: string;
  }
  /** Nothing to do now, but at `at` there may be. */
  | { kind: "requeue"; at: Date };

/** Creates an object. */
export function createAction<K extends KindName>(type: K, object: KindMap[K]): ControllerAction {
  return { kind: "create", type, object };
}

/** Replaces an object that was read. */
export function updateAction<K extends KindName>(
  type: K,
  object: Live<KindMap[K]>,
): ControllerAction {
  return { kind: "update", type, object };
}

/** Deletes an object; its dependents follow in the background by default. */
export function deleteAction(
  type: KindName,
  object: AnyLive,
  options: { propagation?: Propagation; graceSeconds?: number } = {},
): ControllerAction {
  const { namespace = "", name } = object.metadata;
  const { propagation = "background", graceSeconds } = options;
  const base = { kind: "delete", type, namespace, name, propagation } as const;
  return graceSeconds === undefined ? base : { ...base, graceSeconds };
}

/** Records an event. The same message about the same object is counted, not repeated. */
export function note(
  type: "Normal" | "Warning",
  about: AnyLive,
  reason: string,
  message: string,
): ControllerAction {
  const { namespace = "", name, uid } = about.metadata;
  const subject = {
    apiVersion: about.apiVersion ?? "",
    kind: about.kind ?? "",
    namespace,
    name,
    uid,
  };
  return { kind: "event", type, subject, reason, message };
}
