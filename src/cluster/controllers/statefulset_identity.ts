/** The identity of a member of a StatefulSet: its number, its name, its volumes. */
import type { StatefulSet } from "kubernetes-types/apps/v1.d.ts";
import type { PersistentVolumeClaim, Pod, Volume } from "kubernetes-types/core/v1.d.ts";
import type { Live } from "./kinds.ts";
import { hashLabel } from "./naming.ts";
import { podFromTemplate } from "./pods.ts";

/** The label with the revision of the template that a pod was created from. */
export const revisionLabel = "controller-revision-hash";

/** Returns the name of the present template's revision. */
export function revisionName(set: Live<StatefulSet>): string {
  return `${set.metadata.name}-${hashLabel(set.spec?.template)}`;
}

/** Returns the number in a member's name; -1 for a pod that was not named by the set. */
export function ordinalOf(set: Live<StatefulSet>, pod: Live<Pod>): number {
  const prefix = `${set.metadata.name}-`;
  const number = pod.metadata.name.slice(prefix.length);
  return pod.metadata.name.startsWith(prefix) && /^\d+$/.test(number) ? Number(number) : -1;
}

/** Returns the member with this number. */
export function identityOf(set: Live<StatefulSet>, ordinal: number, revision: string) {
  const name = `${set.metadata.name}-${ordinal}`;
  const pod = podFromTemplate(set.spec?.template ?? {}, set, name);
  const volumes: Volume[] = (set.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => ({
    name: metadata?.name ?? "",
    persistentVolumeClaim: { claimName: `${metadata?.name}-${name}` },
  }));
  const own = new Set(volumes.map((volume) => volume.name));
  const others = (pod.spec?.volumes ?? []).filter((volume) => !own.has(volume.name));
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      generateName: `${set.metadata.name}-`,
      labels: {
        ...pod.metadata.labels,
        [revisionLabel]: revision,
        "statefulset.kubernetes.io/pod-name": name,
        "apps.kubernetes.io/pod-index": String(ordinal),
      },
    },
    spec: {
      ...pod.spec ?? { containers: [] },
      hostname: name,
      ...(set.spec?.serviceName === undefined ? {} : { subdomain: set.spec.serviceName }),
      ...(volumes.length + others.length === 0 ? {} : { volumes: [...volumes, ...others] }),
    },
  } satisfies Pod;
}

/** Returns the claims of a member. They outlive it, so that its successor finds its data. */
export function claimsOf(
  set: Live<StatefulSet>,
  podName: string,
): (PersistentVolumeClaim & { metadata: { name: string } })[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: `${template.metadata?.name}-${podName}`,
      namespace: set.metadata.namespace ?? "",
      labels: { ...template.metadata?.labels, ...set.spec?.selector.matchLabels },
    },
    spec: structuredClone(template.spec ?? {}),
    status: { phase: "Pending" },
  }));
}
