/** The defaults that are filled in when an object is written, by its kind. */
import type { Job, Pod } from "../../../kube/types.ts";
import type { PersistentVolumeClaim, Service } from "kubernetes-types/core/v1.d.ts";
import type { KubeObject } from "../../../kube/types.ts";
import type { ResourceType, Stored } from "../../model.ts";
import { resources, typeKey } from "../../resources.ts";
import type { ApiContext } from "../context.ts";
import * as core from "./core.ts";
import { defaultPod, newPodStatus } from "./pod.ts";
import * as workloads from "./workloads.ts";

/** Changes a draft in place. The draft fits its schema, so it is read as the type of its kind. */
type Default = (draft: KubeObject) => void;

function entry<T>(type: ResourceType, fill: (draft: T) => void): [string, Default] {
  return [typeKey(type), (draft) => fill(draft as unknown as T)];
}

const onWrite = new Map<string, Default>([
  entry(resources.pods, defaultPod),
  entry(resources.namespaces, core.defaultNamespace),
  entry(resources.secrets, core.defaultSecret),
  entry(resources.services, core.defaultService),
  entry(resources.persistentVolumes, core.defaultVolume),
  entry(resources.persistentVolumeClaims, core.defaultClaim),
  entry(resources.storageClasses, core.defaultStorageClass),
  entry(resources.deployments, workloads.defaultDeployment),
  entry(resources.replicaSets, workloads.defaultReplicaSet),
  entry(resources.statefulSets, workloads.defaultStatefulSet),
  entry(resources.daemonSets, workloads.defaultDaemonSet),
  entry(resources.jobs, workloads.defaultJob),
]);

/** Applies defaults to a draft that is about to be written, new or not. */
export function applyDefaults(type: ResourceType, draft: KubeObject): void {
  onWrite.get(typeKey(type))?.(draft);
}

/** Applies the defaults of a new object only: its first status, addresses, a class, a selector of its own. */
export function applyCreationDefaults(
  context: ApiContext,
  type: ResourceType,
  draft: KubeObject,
): void {
  switch (typeKey(type)) {
    case typeKey(resources.pods):
      draft["status"] = newPodStatus((draft as unknown as Pod).spec);
      return;
    case typeKey(resources.namespaces):
      draft["status"] = { phase: "Active" };
      return;
    case typeKey(resources.persistentVolumes):
      draft["status"] = { phase: "Pending" };
      return;
    case typeKey(resources.persistentVolumeClaims):
      useDefaultClass(context, draft as unknown as PersistentVolumeClaim);
      draft["status"] = { phase: "Pending" };
      return;
    case typeKey(resources.services): {
      const others = context.store.list(resources.services) as unknown as readonly Service[];
      core.allocateAddresses(draft as unknown as Service, others, context.random);
      draft["status"] = { loadBalancer: {} };
      return;
    }
    case typeKey(resources.jobs):
      selectOwnPods(context, draft);
      draft["status"] = {};
      return;
    default:
      if (type.group === "apps") draft["status"] = {};
  }
}

/** Sets the selector, which is the uid, so the job gets that before it is stored. */
function selectOwnPods(context: ApiContext, draft: KubeObject): void {
  const uid = context.newUid();
  draft.metadata = { ...draft.metadata, uid };
  workloads.selectOwnPods(draft as unknown as Job, uid);
}

const classAnnotation = "storageclass.kubernetes.io/is-default-class";

function useDefaultClass({ store }: ApiContext, claim: PersistentVolumeClaim): void {
  if (claim.spec === undefined || claim.spec.storageClassName !== undefined) return;
  const isDefault = ({ metadata }: Stored) => metadata.annotations?.[classAnnotation] === "true";
  const name = store.list(resources.storageClasses).find(isDefault)?.metadata.name;
  if (name !== undefined) claim.spec.storageClassName = name;
}
