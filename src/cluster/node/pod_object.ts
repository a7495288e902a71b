/** Pods as the store holds them. */
import type { KubeObject, Pod } from "../../kube/types.ts";
import type { Stored } from "../model.ts";

/** A pod with the metadata that every stored object has. */
export type StoredPod = Readonly<Omit<Pod, "metadata"> & { metadata: KubeObject["metadata"] }>;

/** Casts an object to a pod: the store holds only objects that the API has checked against their schema. */
export function asPod(object: Stored): StoredPod {
  return object as StoredPod;
}
