/** StatefulSets: numbered pods with volumes of their own. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/ */
import type { StatefulSet, StatefulSetStatus } from "kubernetes-types/apps/v1.d.ts";
import type { PersistentVolumeClaim, Pod, Volume } from "kubernetes-types/core/v1.d.ts";
import { sameJson } from "../store/equality.ts";
import { type ControllerAction, createAction, deleteAction, note, updateAction } from "./action.ts";
import { claim } from "./claim.ts";
import type { ClusterSnapshot, Controller } from "./state.ts";
import type { Live } from "./kinds.ts";
import {
  isActive,
  isAvailable,
  isFinished,
  isReady,
  nextAvailability,
  podFromTemplate,
} from "./pods.ts";
import { hashLabel } from "./naming.ts";

/** Maintains each StatefulSet's pods, in their order. */
export const statefulSetController: Controller = {
  name: "statefulset-controller",
  watches: ["statefulSets", "pods", "persistentVolumeClaims"],
  reconcile: (state) => state.active("statefulSets").flatMap((set) => reconcileSet(set, state)),
};

/** A set at one moment. `pods` are by ordinal. */
interface Members {
  set: Live<StatefulSet>;
  pods: ReadonlyMap<number, Live<Pod>>;
  first: number;
  /** The ordinal after the last desired one. */
  end: number;
  revision: string;
  ordered: boolean;
  state: ClusterSnapshot;
}

function reconcileSet(set: Live<StatefulSet>, state: ClusterSnapshot): ControllerAction[] {
  const { owned, actions } = claim(state, "pods", set, (pod) => ordinalOf(set, pod) >= 0);
  if (actions.length > 0) return actions;
  const first = set.spec?.ordinals?.start ?? 0;
  const members: Members = {
    set,
    pods: new Map(owned.map((pod) => [ordinalOf(set, pod), pod])),
    first,
    end: first + (set.spec?.replicas ?? 1),
    revision: revisionName(set),
    ordered: set.spec?.podManagementPolicy !== "Parallel",
    state,
  };
  const status = statusOf(members, owned);
  const moment = nextAvailability(owned, set.spec?.minReadySeconds ?? 0, state.now);
  return [
    ...(set.metadata.deletionTimestamp === undefined ? stepsOf(members) : []),
    ...(sameJson(status, set.status) ? [] : [updateAction("statefulSets", { ...set, status })]),
    ...(moment === undefined ? [] : [{ kind: "requeue", at: moment } as const]),
  ];
}

/**
 * First the desired pods in ascending order, then the surplus in descending order, then those of an old revision in
 * descending order.
 */
function stepsOf(members: Members): ControllerAction[] {
  const { ordered } = members;
  const filled = fillUp(members);
  if (filled.actions.length > 0 || (ordered && filled.waiting)) return filled.actions;
  const surplus = takeDown(members);
  if (surplus.actions.length > 0 || (ordered && surplus.waiting)) return surplus.actions;
  return filled.waiting ? [] : replaceOutdated(members);
}

/** The actions of a stage, and whether it waits for a pod before the next stage may start. */
interface Stage {
  actions: ControllerAction[];
  waiting: boolean;
}

function fillUp(members: Members): Stage {
  const { set, pods, first, end, ordered, state } = members;
  const stage: Stage = { actions: [], waiting: false };
  for (let ordinal = first; ordinal < end; ordinal++) {
    const pod = pods.get(ordinal);
    if (pod === undefined) stage.actions.push(...createMember(members, ordinal));
    else if (isFinished(pod) && pod.metadata.deletionTimestamp === undefined) {
      stage.actions.push(...deleteMember(set, pod));
    } else if (isActive(pod) && isAvailable(pod, set.spec?.minReadySeconds ?? 0, state.now)) {
      continue;
    }
    stage.waiting = true;
    if (ordered) break;
  }
  return stage;
}

function createMember(members: Members, ordinal: number): ControllerAction[] {
  const { set, revision, state } = members;
  const pod = identityOf(set, ordinal, revision);
  const namespace = set.metadata.namespace ?? "";
  const claims = claimsOf(set, pod.metadata.name)
    .filter(({ metadata }) =>
      state.get("persistentVolumeClaims", namespace, metadata.name) === undefined
    );
  const made = `StatefulSet ${set.metadata.name}`;
  return [
    ...claims.flatMap((each) => [
      createAction("persistentVolumeClaims", each),
      note(
        "Normal",
        set,
        "SuccessfulCreate",
        `create Claim ${each.metadata.name} Pod ${pod.metadata.name} in ${made} success`,
      ),
    ]),
    createAction("pods", pod),
    note(
      "Normal",
      set,
      "SuccessfulCreate",
      `create Pod ${pod.metadata.name} in ${made} successful`,
    ),
  ];
}

function deleteMember(set: Live<StatefulSet>, pod: Live<Pod>): ControllerAction[] {
  const message = `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`;
  return [deleteAction("pods", pod), note("Normal", set, "SuccessfulDelete", message)];
}

function fromAbove(pods: ReadonlyMap<number, Live<Pod>>): [number, Live<Pod>][] {
  return [...pods].sort(([a], [b]) => b - a);
}

function takeDown({ set, pods, first, end, ordered }: Members): Stage {
  const surplus = fromAbove(pods).filter(([ordinal]) => ordinal < first || ordinal >= end);
  const next = ordered ? surplus.slice(0, 1) : surplus;
  const actions = next.filter(([, { metadata }]) => metadata.deletionTimestamp === undefined)
    .flatMap(([, pod]) => deleteMember(set, pod));
  return { actions, waiting: surplus.length > 0 };
}

function replaceOutdated({ set, pods, first, end, revision }: Members): ControllerAction[] {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type === "OnDelete") return [];
  const lowest = Math.max(first, rollingUpdate?.partition ?? 0);
  const outdated = fromAbove(pods).find(([ordinal, pod]) =>
    ordinal >= lowest && ordinal < end && pod.metadata.labels?.[revisionLabel] !== revision
  );
  if (outdated === undefined || outdated[1].metadata.deletionTimestamp !== undefined) return [];
  return deleteMember(set, outdated[1]);
}

function statusOf(members: Members, owned: readonly Live<Pod>[]): StatefulSetStatus {
  const { set, revision, state } = members;
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const before = set.status?.currentRevision ?? revision;
  const at = (desired: string) =>
    owned.filter((pod) => isActive(pod) && pod.metadata.labels?.[revisionLabel] === desired).length;
  const ready = owned.filter((pod) => isActive(pod) && isReady(pod)).length;
  const updated = at(revision);
  const through = updated === (set.spec?.replicas ?? 1) && owned.length === updated &&
    ready === updated;
  const currentRevision = through ? revision : before;
  const counts = {
    readyReplicas: ready,
    currentReplicas: at(currentRevision),
    updatedReplicas: updated,
  };
  return {
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    observedGeneration: set.metadata.generation ?? 0,
    replicas: owned.length,
    availableReplicas:
      owned.filter((pod) => isActive(pod) && isAvailable(pod, minReadySeconds, state.now)).length,
    currentRevision,
    updateRevision: revision,
    collisionCount: 0,
  };
}

/* The identity of a member of a StatefulSet: its number, its name, its volumes. */

/** The label with the revision of the template that a pod was created from. */
const revisionLabel = "controller-revision-hash";

/** Returns the name of the present template's revision. */
function revisionName(set: Live<StatefulSet>): string {
  return `${set.metadata.name}-${hashLabel(set.spec?.template)}`;
}

/** Returns the number in a member's name; -1 for a pod that was not named by the set. */
function ordinalOf(set: Live<StatefulSet>, pod: Live<Pod>): number {
  const prefix = `${set.metadata.name}-`;
  const number = pod.metadata.name.slice(prefix.length);
  return pod.metadata.name.startsWith(prefix) && /^\d+$/.test(number) ? Number(number) : -1;
}

/** Returns the member with this number. */
function identityOf(set: Live<StatefulSet>, ordinal: number, revision: string) {
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
function claimsOf(
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
