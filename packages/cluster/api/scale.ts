/** Scales: the replicas of a workload, apart from its other fields. */
import type { KubeObject } from "../../../src/kube/types.ts";
import type { ResourceType, Stored } from "../model.ts";
import type { ApiContext } from "./context.ts";
import type { Manager } from "./patch/managed_fields.ts";
import { replaceObject } from "./stored_object.ts";
import { mapText } from "./tables/column.ts";

/** Returns an object's Scale. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/scale-v1/ */
export function scaleOf(object: Stored): Stored {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const spec = object["spec"] as { replicas?: number; selector?: Record<string, unknown> };
  const state = object["status"] as { replicas?: number } | undefined;
  const { matchLabels: labels = {} } = spec.selector ?? {};
  // A ReplicationController's selector is the labels themselves.
  const selector = mapText(
    (object.kind === "ReplicationController" ? spec.selector ?? {} : labels) as Record<
      string,
      string
    >,
  );
  const metadata = { name, namespace, uid, resourceVersion, creationTimestamp };
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: metadata as Stored["metadata"],
    spec: { replicas: spec.replicas ?? 0 },
    status: { replicas: state?.replicas ?? 0, ...(selector === "" ? {} : { selector }) },
  };
}

/** Writes the replicas of a Scale into its object. */
export function scaleTo(
  context: ApiContext,
  type: ResourceType,
  object: Stored,
  desired: KubeObject,
  options: { dryRun: boolean; manager: Manager },
): Stored {
  const { replicas = 0 } = (desired["spec"] ?? {}) as { replicas?: number };
  const { resourceVersion } = desired.metadata;
  const next = {
    ...object,
    metadata: { ...object.metadata, ...(resourceVersion ? { resourceVersion } : {}) },
    spec: { ...object["spec"] as object, replicas },
  };
  return scaleOf(replaceObject(context, type, next, object, { half: "all", ...options }));
}
