/** The effect of deleting an object. https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/ */
import type { Pod } from "kubernetes-types/core/v1.d.ts";
import type { KubeObject } from "../../../src/kube/types.ts";
import { type ResourceType, type Stored, timestamp } from "../model.ts";
import type { Propagation } from "./action.ts";
import { isFinished } from "./pods.ts";

/** The options of a deletion. */
interface DeletionOptions {
  propagation: Propagation;
  /** A pod's own period if it is absent. */
  graceSeconds?: number | undefined;
  now: Date;
}

/** The object is removed at once, or is marked and removed when its node, its finalizers or its contents allow it. */
export type Deletion = { kind: "removed" } | { kind: "marked"; object: KubeObject };

/** Returns the effect of deleting an object. Deleting it again can only shorten its grace period. */
export function deletionOf(
  type: ResourceType,
  object: Stored,
  options: DeletionOptions,
): Deletion {
  const finalizers = finalizersAfter(object, options.propagation);
  const grace = type.kind === "Pod" ? graceOf(object, options.graceSeconds) : 0;
  const empties = type.kind === "Namespace";
  if (finalizers.length === 0 && grace === 0 && !empties) return { kind: "removed" };
  const before = object.metadata.deletionGracePeriodSeconds;
  if (object.metadata.deletionTimestamp !== undefined && (before ?? 0) <= grace) {
    return { kind: "marked", object: withFinalizers(object, finalizers) };
  }
  const marked = withFinalizers(object, finalizers);
  return {
    kind: "marked",
    object: {
      ...marked,
      ...(empties ? { status: { ...object["status"] as object, phase: "Terminating" } } : {}),
      metadata: {
        ...marked.metadata,
        deletionTimestamp: timestamp(new Date(options.now.getTime() + grace * 1000)),
        deletionGracePeriodSeconds: grace,
      },
    },
  };
}

/** Returns the grace period. A pod without a node, or that has ended, needs no time to stop. */
function graceOf(object: Stored, requested: number | undefined): number {
  const pod = object as Pod;
  if (pod.spec?.nodeName === undefined || isFinished(pod)) return 0;
  return Math.max(0, requested ?? pod.spec.terminationGracePeriodSeconds ?? 30);
}

function finalizersAfter(object: Stored, propagation: Propagation): string[] {
  const kept = (object.metadata.finalizers ?? [])
    .filter((each) => each !== "orphan" && each !== "foregroundDeletion");
  if (propagation === "orphan") return [...kept, "orphan"];
  if (propagation === "foreground") return [...kept, "foregroundDeletion"];
  return kept;
}

function withFinalizers(object: Stored, finalizers: string[]): KubeObject {
  const { finalizers: _before, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: finalizers.length === 0 ? metadata : { ...metadata, finalizers },
  };
}
