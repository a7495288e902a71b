/**
 * Whether pods are those of the newest templates of their workloads. A pod alone doesn't say so: right after a restart, the
 * pods that are to be replaced are still ready.
 */
import { parseApiVersion } from "../base/api_version.ts";
import { KodamaError } from "../base/errors.ts";
import { inParallel } from "../base/semaphore.ts";
import type { ApiResource, KubeClient } from "../kube/client.ts";
import {
  DAEMON_SETS,
  DEPLOYMENTS,
  kindName,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  STATEFUL_SETS,
} from "../kube/resources.ts";
import type { ObjectMeta, OwnerReference } from "../kube/types.ts";
import { type AnyObject, rollout, type Verdict } from "./readiness.ts";

/** What is known of a pod: whose it is, and of which template. */
export interface OwnedPod extends AnyObject {
  metadata: Pick<ObjectMeta, "name" | "namespace" | "uid" | "labels" | "ownerReferences">;
}

/** A workload that hasn't replaced its pods, or some that are of interest. */
export interface Unfinished {
  /** `deployment/web`. */
  workload: string;
  pods: readonly OwnedPod[];
  verdict: Exclude<Verdict, { kind: "met" }>;
}

/** The kinds that are read to know whether they replace pods. */
export const workloads: readonly ApiResource[] = [
  DEPLOYMENTS,
  STATEFUL_SETS,
  DAEMON_SETS,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
];

/** Workloads are read at most this many at a time. */
const maxReads = 8;

/** Returns what an {@link OwnedPod} needs, of a pod. */
export function ownedPod({ metadata = {} }: AnyObject): OwnedPod {
  const { name = "", namespace = "", uid = "", labels = {}, ownerReferences = [] } = metadata;
  return { metadata: { name, namespace, uid, labels, ownerReferences } };
}

/**
 * Returns the workloads of pods that haven't been rolled out, as the server knows them now. Pods that were listed before
 * that say nothing of the workloads' new pods: who asks lists them again after a rollout is over.
 *
 * @param some the pods are chosen by their names, so that others of their workloads are of no interest.
 * @throws KodamaError of a request, also for a workload that may not be read.
 */
export async function unfinishedRollouts(
  client: Pick<KubeClient, "get">,
  pods: readonly OwnedPod[],
  { some, signal }: { some: boolean; signal: AbortSignal },
): Promise<Unfinished[]> {
  const groups = new Map<string, { namespace: string; owner: OwnerReference; pods: OwnedPod[] }>();
  for (const pod of pods) {
    const { namespace = "" } = pod.metadata;
    const owner = controllerOf(pod);
    if (owner === undefined) continue;
    const group = groups.get(owner.uid) ?? { namespace, owner, pods: [] };
    group.pods.push(pod);
    groups.set(owner.uid, group);
  }
  const all = [...groups.values()];
  const once = readOnce(client);
  const owners = await inParallel(
    all.map((group) => () => workloadOf(once, group, signal)),
    maxReads,
  );
  const found = new Map<string, Unfinished>();
  for (const [index, { namespace, pods }] of all.entries()) {
    const own = owners[index];
    if (own === undefined) continue;
    const { resource, object } = own;
    const verdict = rollout(resource, object, some ? pods : undefined);
    if (verdict.kind === "met") continue;
    const workload = `${resource.kind.toLowerCase()}/${object.metadata?.name ?? ""}`;
    const key = `${namespace}/${workload}`;
    found.set(key, { workload, pods: [...found.get(key)?.pods ?? [], ...pods], verdict });
  }
  return [...found.values()];
}

/** Returns a client that reads each object once. */
export function readOnce(client: Pick<KubeClient, "get">): Pick<KubeClient, "get"> {
  const known = new Map<string, Promise<unknown>>();
  return {
    get<T>(...[resource, name, scope, options]: Parameters<KubeClient["get"]>): Promise<T> {
      const key = JSON.stringify([kindName(resource), scope, name]);
      const answer = known.get(key) ?? client.get(resource, name, scope, options);
      known.set(key, answer);
      return answer as Promise<T>;
    },
  };
}

/** Adds a pod of each owner to those known: between its old pods and its new pods, a workload has none for a moment. */
export function rememberOwners(known: Map<string, OwnedPod>, pods: readonly OwnedPod[]): void {
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (owner !== undefined) known.set(owner.uid, pod);
  }
}

/** Returns the workload that pods belong to: of those of a Deployment's ReplicaSet, the Deployment. */
async function workloadOf(
  client: Pick<KubeClient, "get">,
  { namespace, owner }: { namespace: string; owner: OwnerReference },
  signal: AbortSignal,
): Promise<{ resource: ApiResource; object: AnyObject } | undefined> {
  const resource = workloads.find(({ kind, group }) =>
    kind === owner.kind && group === parseApiVersion(owner.apiVersion).group
  );
  if (resource === undefined) return undefined;
  try {
    const object = await client.get<AnyObject>(resource, owner.name, { namespace }, { signal });
    if (object.metadata?.uid !== owner.uid) return undefined;
    const above = controllerOf(object);
    // An old ReplicaSet has as many pods as its Deployment leaves to it.
    if (above === undefined) return { resource, object };
    return await workloadOf(client, { namespace, owner: above }, signal);
  } catch (error) {
    // Without its owner, a pod is about to be removed, or belongs to nothing that could replace it.
    if (error instanceof KodamaError && error.kind === "notFound") return undefined;
    throw error;
  }
}

function controllerOf({ metadata }: AnyObject): OwnerReference | undefined {
  return metadata?.ownerReferences?.find(({ controller }) => controller === true);
}
