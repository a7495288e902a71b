/** The context that the workers of one pod share. */
import type { Semaphore } from "../../../src/base/semaphore.ts";
import type { KubeObject, Pod } from "../../../src/kube/types.ts";
import type { Store, Stored } from "../model.ts";
import type { Clock } from "../../../src/base/clock.ts";
import type { EventRecorder } from "./events.ts";
import type { NodeFiles } from "./files.ts";
import type { ImageStore } from "./images.ts";
import type { ContainerRuntime } from "./runtime.ts";
import type { PreparedVolume } from "./volumes.ts";

/** Parts of the node that every pod uses. */
export interface NodeParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly runtime: ContainerRuntime;
  readonly images: Pick<ImageStore, "resolve">;
  readonly files: NodeFiles;
  readonly events: EventRecorder;
  readonly nodeName: string;
  readonly hostIp: string;
  readonly dataDir: string;
  /** Limits how many containers are created at once. */
  readonly starts: Semaphore;
}

/** A pod, as its containers see it. */
export interface PodContext extends NodeParts {
  /** The newest state that the node has seen. */
  readonly pod: Pod;
  readonly folder: string;
  readonly hostname: string;
  readonly volumes: ReadonlyMap<string, PreparedVolume>;
  /** Something in a container's record has changed. */
  changed(): void;
  /** Throws `Deno.errors.ConnectionRefused` if none of the pod's own processes listens on the port. */
  requireListener(port: number): Promise<void>;
}

/* Pods as the store holds them. */

/** A pod with the metadata that every stored object has. */
export type StoredPod = Readonly<Omit<Pod, "metadata"> & { metadata: KubeObject["metadata"] }>;

/** Casts an object to a pod: the store holds only objects that the API has checked against their schema. */
export function asPod(object: Stored): StoredPod {
  return object as StoredPod;
}
