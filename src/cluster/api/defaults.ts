/** The defaults that are filled in when an object is written, by its kind. */
import type {
  Container,
  DaemonSet,
  Deployment,
  Job,
  KubeObject,
  Pod,
  PodSpec,
  Probe,
  ReplicaSet,
  StatefulSet,
  Volume,
} from "../../kube/types.ts";
import type {
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  Secret,
  Service,
} from "kubernetes-types/core/v1.d.ts";
import type { ResourceType, Stored } from "../model.ts";
import { resources, typeKey } from "../resources.ts";
import type { ApiContext } from "./context.ts";
import type { StorageClass } from "kubernetes-types/storage/v1.d.ts";

/*
 * Kubernetes' defaults for a pod, so that clients read them back.
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
 */

/** Sets the defaults of a pod: the spec as in a template, and what admission adds. */
function defaultPod(pod: Pod): void {
  const spec = pod.spec;
  if (spec === undefined) return;
  defaultPodSpec(spec);
  spec.enableServiceLinks ??= true;
  spec.serviceAccountName ??= spec.serviceAccount ?? "default";
  spec.serviceAccount = spec.serviceAccountName;
  spec.priority ??= 0;
  spec.preemptionPolicy ??= "PreemptLowerPriority";
  spec.tolerations ??= [];
  for (const key of ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]) {
    if (spec.tolerations.some((each) => each.key === key || each.key === undefined)) continue;
    spec.tolerations.push({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 });
  }
}

/** Returns the status of a new pod, whatever its writer sent. */
function newPodStatus(spec: PodSpec | undefined): NonNullable<Pod["status"]> {
  return { phase: "Pending", qosClass: qosClass(spec) };
}

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
function qosClass(spec: PodSpec | undefined): "BestEffort" | "Burstable" | "Guaranteed" {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const set = containers.flatMap(({ resources }) =>
    [...Object.keys(resources?.limits ?? {}), ...Object.keys(resources?.requests ?? {})]
      .filter((name) => name === "cpu" || name === "memory")
  );
  if (set.length === 0) return "BestEffort";
  const guaranteed = containers.every(({ resources }) =>
    ["cpu", "memory"].every((name) => {
      const limit = resources?.limits?.[name];
      return limit !== undefined && resources?.requests?.[name] === limit;
    })
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}

/** Sets the defaults of the spec of a pod, or of a workload's template. */
function defaultPodSpec(spec: PodSpec): void {
  spec.restartPolicy ??= "Always";
  spec.dnsPolicy ??= "ClusterFirst";
  spec.schedulerName ??= "default-scheduler";
  spec.terminationGracePeriodSeconds ??= 30;
  spec.securityContext ??= {};
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    defaultContainer(container);
  }
  for (const volume of spec.volumes ?? []) defaultVolumeSource(volume);
}

function defaultContainer(container: Container): void {
  const tag = /:([^/@]+)$/.exec(container.image ?? "")?.[1];
  const latest = (tag === undefined && !container.image?.includes("@")) || tag === "latest";
  container.imagePullPolicy ??= latest ? "Always" : "IfNotPresent";
  container.terminationMessagePath ??= "/dev/termination-log";
  container.terminationMessagePolicy ??= "File";
  container.resources ??= {};
  const { limits } = container.resources;
  // A limit alone is a request of the same size.
  if (limits) container.resources.requests = { ...limits, ...container.resources.requests };
  for (const port of container.ports ?? []) port.protocol ??= "TCP";
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ??= "v1";
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe) defaultProbe(probe);
  }
}

function defaultProbe(probe: Probe): void {
  probe.timeoutSeconds ??= 1;
  probe.periodSeconds ??= 10;
  probe.successThreshold ??= 1;
  probe.failureThreshold ??= 3;
  if (!probe.httpGet) return;
  probe.httpGet.path ??= "/";
  probe.httpGet.scheme ??= "HTTP";
}

/** Readable by all, writable by the owner: 0644. */
const defaultMode = 0o644;

function defaultVolumeSource(volume: Volume): void {
  const sources = Object.keys(volume).filter((field) => field !== "name");
  if (sources.length === 0) volume.emptyDir = {};
  for (const source of [volume.configMap, volume.secret, volume.downwardAPI, volume.projected]) {
    if (source) source.defaultMode ??= defaultMode;
  }
  if (volume.hostPath) volume.hostPath.type ??= "";
}

/*
 * Kubernetes' defaults for the kinds that create pods.
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/
 */

interface WithTemplate {
  spec?: { template?: { spec?: Parameters<typeof defaultPodSpec>[0] } };
}

function defaultTemplate({ spec }: WithTemplate): void {
  if (spec?.template?.spec) defaultPodSpec(spec.template.spec);
}

/** Sets the defaults: one replica, rolled by quarters. */
function defaultDeployment(deployment: Deployment): void {
  const { spec } = deployment;
  if (spec === undefined) return;
  defaultTemplate(deployment);
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  spec.strategy ??= {};
  spec.strategy.type ??= "RollingUpdate";
  if (spec.strategy.type !== "RollingUpdate") return;
  spec.strategy.rollingUpdate ??= {};
  spec.strategy.rollingUpdate.maxUnavailable ??= "25%";
  spec.strategy.rollingUpdate.maxSurge ??= "25%";
}

/** Sets the defaults: one replica; its labels are its template's, if it has none. */
function defaultReplicaSet(replicaSet: ReplicaSet): void {
  const { spec } = replicaSet;
  if (spec === undefined) return;
  defaultTemplate(replicaSet);
  spec.replicas ??= 1;
  const labels = spec.template?.metadata?.labels;
  if (labels && Object.keys(replicaSet.metadata?.labels ?? {}).length === 0) {
    replicaSet.metadata = { ...replicaSet.metadata, labels: { ...labels } };
  }
}

/** Sets the defaults: one replica, rolled in order; claims are retained. */
function defaultStatefulSet(statefulSet: StatefulSet): void {
  const { spec } = statefulSet;
  if (spec === undefined) return;
  defaultTemplate(statefulSet);
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  spec.podManagementPolicy ??= "OrderedReady";
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ??= "RollingUpdate";
  if (spec.updateStrategy.type === "RollingUpdate") {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.partition ??= 0;
  }
  spec.persistentVolumeClaimRetentionPolicy ??= { whenDeleted: "Retain", whenScaled: "Retain" };
  spec.volumeClaimTemplates &&= spec.volumeClaimTemplates.map((claim) => ({
    status: { phase: "Pending" },
    ...claim,
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    ...(claim.spec ? { spec: { volumeMode: "Filesystem", ...claim.spec } } : {}),
  }));
}

/** Sets the defaults: rolled one node at a time. */
function defaultDaemonSet(daemonSet: DaemonSet): void {
  const { spec } = daemonSet;
  if (spec === undefined) return;
  defaultTemplate(daemonSet);
  spec.revisionHistoryLimit ??= 10;
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ??= "RollingUpdate";
  if (spec.updateStrategy.type !== "RollingUpdate") return;
  spec.updateStrategy.rollingUpdate ??= {};
  spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
  spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
}

/** Sets the defaults: one completion, six retries. */
function defaultJob(job: Job): void {
  const { spec } = job;
  if (spec === undefined) return;
  defaultTemplate(job);
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= 6;
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? "Failed" : "TerminatingOrFailed";
}

/** Gives a new job a selector of its own, from its uid, unless its writer manages that. */
function addSelector(job: Job, uid: string): void {
  if (!job.spec?.template || job.spec.manualSelector) return;
  const labels = {
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": job.metadata?.name ?? "",
    "controller-uid": uid,
    "job-name": job.metadata?.name ?? "",
  };
  const { metadata } = job.spec.template;
  job.spec.template.metadata = { ...metadata, labels: { ...metadata?.labels, ...labels } };
  job.spec.selector ??= { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
}

/* Kubernetes' defaults for services, volumes, secrets and namespaces. */

/** Sets its name as a label, and the finalizer that holds it until it is empty. */
function defaultNamespace(namespace: Namespace): void {
  const { metadata = {} } = namespace;
  const labels = { ...metadata.labels, "kubernetes.io/metadata.name": metadata.name ?? "" };
  namespace.metadata = { ...metadata, labels };
  namespace.spec ??= {};
  namespace.spec.finalizers ??= ["kubernetes"];
}

/** `stringData` becomes `data`; it is never read back. */
function defaultSecret(secret: Secret): void {
  secret.type ??= "Opaque";
  const { stringData } = secret;
  if (stringData === undefined) return;
  const encoded = Object.entries(stringData)
    .map(([key, value]) => [key, new TextEncoder().encode(value).toBase64()]);
  secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
  delete secret.stringData;
}

/** Retained after its claim, with a file system. */
function defaultVolume(volume: PersistentVolume): void {
  if (volume.spec === undefined) return;
  volume.spec.persistentVolumeReclaimPolicy ??= "Retain";
  volume.spec.volumeMode ??= "Filesystem";
  if (volume.spec.hostPath) volume.spec.hostPath.type ??= "";
}

/** Sets a file system, unless a block device is requested. */
function defaultClaim(claim: PersistentVolumeClaim): void {
  if (claim.spec) claim.spec.volumeMode ??= "Filesystem";
}

/** Deleted with its claim, bound at once. */
function defaultStorageClass(storageClass: StorageClass): void {
  storageClass.reclaimPolicy ??= "Delete";
  storageClass.volumeBindingMode ??= "Immediate";
}

/** Sets the defaults of a cluster address; the address itself is assigned by {@link allocateAddresses}. */
function defaultService({ spec }: Service): void {
  if (spec === undefined) return;
  spec.type ??= "ClusterIP";
  spec.sessionAffinity ??= "None";
  for (const port of spec.ports ?? []) {
    port.protocol ??= "TCP";
    if (spec.type !== "ExternalName") port.targetPort ??= port.port;
  }
  if (spec.type === "ExternalName") return;
  spec.internalTrafficPolicy ??= "Cluster";
  spec.ipFamilies ??= ["IPv4"];
  spec.ipFamilyPolicy ??= "SingleStack";
  if (spec.type !== "ClusterIP") spec.externalTrafficPolicy ??= "Cluster";
  if (spec.type === "LoadBalancer") spec.allocateLoadBalancerNodePorts ??= true;
}

/** Assigns an address of 10.96.0.0/16, and ports of 30000–32767, that no other service has. */
function allocateAddresses(
  service: Service,
  others: readonly Service[],
  random: () => number,
): void {
  const { spec } = service;
  if (spec === undefined || spec.type === "ExternalName") return;
  const addresses = new Set(others.map((other) => other.spec?.clusterIP));
  spec.clusterIP ||= unused(
    addresses,
    () => `10.96.${Math.floor(random() * 256)}.${1 + Math.floor(random() * 254)}`,
  );
  spec.clusterIPs ??= [spec.clusterIP];
  if (spec.type === "ClusterIP") return;
  const ports = new Set(
    others.flatMap((other) => (other.spec?.ports ?? []).map(({ nodePort }) => nodePort)),
  );
  for (const port of spec.ports ?? []) {
    port.nodePort ||= unused(ports, () => 30_000 + Math.floor(random() * 2768));
    ports.add(port.nodePort);
  }
}

/** This many guesses fail only if nearly all are taken; then a value is assigned twice rather than never. */
const guesses = 1000;

function unused<T>(taken: ReadonlySet<T | undefined>, guess: () => T): T {
  let value = guess();
  for (let tries = 1; taken.has(value) && tries < guesses; tries++) value = guess();
  return value;
}

/** Changes a draft in place. The draft fits its schema, so it is read as the type of its kind. */
type Default = (draft: KubeObject) => void;

function entry<T>(type: ResourceType, fill: (draft: T) => void): [string, Default] {
  return [typeKey(type), (draft) => fill(draft as unknown as T)];
}

const onWrite = new Map<string, Default>([
  entry(resources.pods, defaultPod),
  entry(resources.namespaces, defaultNamespace),
  entry(resources.secrets, defaultSecret),
  entry(resources.services, defaultService),
  entry(resources.persistentVolumes, defaultVolume),
  entry(resources.persistentVolumeClaims, defaultClaim),
  entry(resources.storageClasses, defaultStorageClass),
  entry(resources.deployments, defaultDeployment),
  entry(resources.replicaSets, defaultReplicaSet),
  entry(resources.statefulSets, defaultStatefulSet),
  entry(resources.daemonSets, defaultDaemonSet),
  entry(resources.jobs, defaultJob),
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
      allocateAddresses(draft as unknown as Service, others, context.random);
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
  addSelector(draft as unknown as Job, uid);
}

const classAnnotation = "storageclass.kubernetes.io/is-default-class";

function useDefaultClass({ store }: ApiContext, claim: PersistentVolumeClaim): void {
  if (claim.spec === undefined || claim.spec.storageClassName !== undefined) return;
  const isDefault = ({ metadata }: Stored) => metadata.annotations?.[classAnnotation] === "true";
  const name = store.list(resources.storageClasses).find(isDefault)?.metadata.name;
  if (name !== undefined) claim.spec.storageClassName = name;
}
