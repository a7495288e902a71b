/** Ownership: objects that are deleted with a session's state, even if no client is there to delete them. Pure. */
import type { ObjectMeta } from "../kube/types.ts";
import { sessionNames } from "./names.ts";
import type { KeptSession } from "./state.ts";

/** Returns an object with the session's state as its owner: the cluster's garbage collector deletes it afterwards. */
export function ownedBy<T extends { metadata?: ObjectMeta }>(kept: KeptSession, object: T): T {
  const owner = {
    apiVersion: "v1",
    kind: "ConfigMap",
    name: sessionNames(kept.session.name).state,
    uid: kept.uid,
  };
  return { ...object, metadata: { ...object.metadata, ownerReferences: [owner] } };
}
