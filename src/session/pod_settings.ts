/**
 * What a cluster demands of every pod, from the user's own settings: for the pods of sessions, of runs and schedules in
 * the cluster, and of checks of images. Pure.
 */
import { definedOnly } from "../base/json_value.ts";
import type { PodSpec, Toleration } from "../kube/types.ts";

/** See above. */
export interface PodSettings {
  /** Of every object that is made for the pod, too. */
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
  /** The id of the user and of its groups; `any` leaves them to the cluster, as OpenShift requires. */
  runAsUser?: number | "any";
  priorityClass?: string;
  imagePullSecrets?: readonly string[];
  nodeSelector: Readonly<Record<string, string>>;
  tolerations: readonly Toleration[];
}

/** Returns the ids of a pod's user and groups; `own` is that of kodama's images. */
export function podIds(
  settings: Pick<PodSettings, "runAsUser">,
  own: number,
): NonNullable<PodSpec["securityContext"]> {
  const { runAsUser = own } = settings;
  if (runAsUser === "any") return {};
  return { runAsUser, runAsGroup: runAsUser, fsGroup: runAsUser };
}

/** Returns the fields of a pod's spec that say where it runs, and how its images are pulled. */
export function podPlacement(
  { imagePullSecrets, priorityClass, nodeSelector, tolerations }: PodSettings,
): Partial<PodSpec> {
  return definedOnly({
    imagePullSecrets: imagePullSecrets?.map((name) => ({ name })),
    priorityClassName: priorityClass,
    nodeSelector: Object.keys(nodeSelector).length === 0 ? undefined : { ...nodeSelector },
    tolerations: tolerations.length === 0 ? undefined : [...tolerations],
  });
}
