/** The defaults that are filled in when an object is written: by the structures that it consists of, and by its kind. */
import type {
  Container,
  Job,
  KubeObject,
  Pod,
  PodSpec,
  StatefulSet,
  Volume,
} from "../../../src/kube/types.ts";
import type {
  LimitRangeItem,
  Namespace,
  PersistentVolumeClaim,
  ReplicationController,
  Secret,
  Service,
  ServicePort,
  ServiceSpec,
} from "kubernetes-types/core/v1.d.ts";
import type { NetworkPolicySpec } from "kubernetes-types/networking/v1.d.ts";
import type { PriorityClass } from "kubernetes-types/scheduling/v1.d.ts";
import type { Subject } from "kubernetes-types/rbac/v1.d.ts";
import { isRecord } from "../../../src/base/json_value.ts";
import { kubernetesApi, type Property } from "../kubernetes/published.ts";
import type { ResourceType, Stored } from "../model.ts";
import { resources, typeKey } from "../resources.ts";
import type { ApiContext } from "./context.ts";
import { definitionName } from "./schema/definitions.ts";

type Fields = Record<string, unknown>;

/** The modes of files from volumes: readable by all, writable by the owner. */
const files = { defaultMode: 0o644 };
const container = {
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File",
};
const everything = { matchPolicy: "Equivalent", namespaceSelector: {}, objectSelector: {} };
const webhook = { ...everything, failurePolicy: "Fail", timeoutSeconds: 10 };
const device = { allocationMode: "ExactCount" };
const filesystem = { volumeMode: "Filesystem" };

/**
 * Values of fields that are absent, wherever a structure occurs, beside those that the published schema declares.
 * Kubernetes has them as functions `SetDefaults_…` of each group.
 */
const presets: Readonly<Record<string, Fields>> = {
  "admissionregistration.v1.MatchResources": everything,
  "admissionregistration.v1.MutatingWebhook": { ...webhook, reinvocationPolicy: "Never" },
  "admissionregistration.v1.NamedRuleWithOperations": { scope: "*" },
  "admissionregistration.v1.RuleWithOperations": { scope: "*" },
  "admissionregistration.v1.ServiceReference": { port: 443 },
  "admissionregistration.v1.ValidatingAdmissionPolicySpec": { failurePolicy: "Fail" },
  "admissionregistration.v1.ValidatingWebhook": webhook,
  "apps.v1.DaemonSetSpec": { revisionHistoryLimit: 10 },
  "apps.v1.DaemonSetUpdateStrategy": { type: "RollingUpdate" },
  "apps.v1.DeploymentSpec": {
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  },
  "apps.v1.DeploymentStrategy": { type: "RollingUpdate" },
  "apps.v1.ReplicaSetSpec": { replicas: 1 },
  "apps.v1.RollingUpdateDaemonSet": { maxUnavailable: 1, maxSurge: 0 },
  "apps.v1.RollingUpdateDeployment": { maxUnavailable: "25%", maxSurge: "25%" },
  "apps.v1.RollingUpdateStatefulSetStrategy": { partition: 0 },
  "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy": {
    whenDeleted: "Retain",
    whenScaled: "Retain",
  },
  "apps.v1.StatefulSetSpec": {
    replicas: 1,
    revisionHistoryLimit: 10,
    podManagementPolicy: "OrderedReady",
    persistentVolumeClaimRetentionPolicy: {},
  },
  "apps.v1.StatefulSetUpdateStrategy": { type: "RollingUpdate" },
  "autoscaling.v2.HorizontalPodAutoscalerSpec": {
    minReplicas: 1,
    metrics: [{
      type: "Resource",
      resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
    }],
  },
  "batch.v1.CronJobSpec": {
    concurrencyPolicy: "Allow",
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  },
  "batch.v1.PodFailurePolicyOnPodConditionsPattern": { status: "True" },
  "core.v1.ConfigMapVolumeSource": files,
  "core.v1.Container": container,
  "core.v1.DownwardAPIVolumeSource": files,
  "core.v1.EndpointPort": { protocol: "TCP" },
  "core.v1.EphemeralContainer": container,
  "core.v1.GRPCAction": { service: "" },
  "core.v1.HTTPGetAction": { path: "/", scheme: "HTTP" },
  "core.v1.HostPathVolumeSource": { type: "" },
  "core.v1.NamespaceStatus": { phase: "Active" },
  "core.v1.ObjectFieldSelector": { apiVersion: "v1" },
  "core.v1.PersistentVolumeClaimSpec": filesystem,
  "core.v1.PersistentVolumeClaimStatus": { phase: "Pending" },
  "core.v1.PersistentVolumeSpec": { ...filesystem, persistentVolumeReclaimPolicy: "Retain" },
  "core.v1.PersistentVolumeStatus": { phase: "Pending" },
  "core.v1.PodSpec": {
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    schedulerName: "default-scheduler",
    terminationGracePeriodSeconds: 30,
    securityContext: {},
  },
  "core.v1.Probe": {
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  },
  "core.v1.ProjectedVolumeSource": files,
  "core.v1.Secret": { type: "Opaque" },
  "core.v1.SecretVolumeSource": files,
  "core.v1.ServiceAccountTokenProjection": { expirationSeconds: 3600 },
  "core.v1.ServiceSpec": { type: "ClusterIP", sessionAffinity: "None" },
  "discovery.v1.EndpointPort": { name: "", protocol: "TCP" },
  "flowcontrol.v1.ExemptPriorityLevelConfiguration": {
    nominalConcurrencyShares: 0,
    lendablePercent: 0,
  },
  "flowcontrol.v1.FlowSchemaSpec": { matchingPrecedence: 1000 },
  "flowcontrol.v1.LimitedPriorityLevelConfiguration": {
    nominalConcurrencyShares: 30,
    lendablePercent: 0,
  },
  "flowcontrol.v1.QueuingConfiguration": { queues: 64, handSize: 8, queueLengthLimit: 50 },
  "networking.v1.IngressClassParametersReference": { scope: "Cluster" },
  "networking.v1.NetworkPolicyPort": { protocol: "TCP" },
  "rbac.v1.RoleRef": { apiGroup: "rbac.authorization.k8s.io" },
  "resource.v1.DeviceSubRequest": device,
  "resource.v1.ExactDeviceRequest": device,
  "scheduling.v1.PriorityClass": { preemptionPolicy: "PreemptLowerPriority" },
  "storage.v1.CSIDriverSpec": {
    attachRequired: true,
    fsGroupPolicy: "ReadWriteOnceWithFSType",
    podInfoOnMount: false,
    requiresRepublish: false,
    seLinuxMount: false,
    storageCapacity: false,
    volumeLifecycleModes: ["Persistent"],
  },
  "storage.v1.StorageClass": { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" },
};

function rule<T>(fill: (value: T) => void): (value: Fields) => void {
  return (value) => fill(value as T);
}

/** The form of strategies that have settings for one of their types. */
interface Strategy {
  type?: string;
  rollingUpdate?: object;
}

const rolling = rule<Strategy>((strategy) => {
  if (strategy.type === "RollingUpdate") strategy.rollingUpdate ??= {};
});

const pullPolicy = rule<Container>((container) => {
  const tag = /:([^/@]+)$/.exec(container.image ?? "")?.[1];
  const latest = (tag === undefined && !container.image?.includes("@")) || tag === "latest";
  container.imagePullPolicy ??= latest ? "Always" : "IfNotPresent";
});

const oneDevice = rule<{ allocationMode: string; count?: number }>((request) => {
  if (request.allocationMode === "ExactCount") request.count ??= 1;
});

/** Defaults that depend on other fields of a structure; they are filled in before those of its parts. */
const rules: Readonly<Record<string, (value: Fields) => void>> = {
  "apps.v1.DaemonSetUpdateStrategy": rolling,
  "apps.v1.DeploymentStrategy": rolling,
  "apps.v1.StatefulSetSpec": rule<NonNullable<StatefulSet["spec"]>>((spec) => {
    for (const claim of spec.volumeClaimTemplates ?? []) {
      Object.assign(claim, { apiVersion: "v1", kind: "PersistentVolumeClaim" });
    }
  }),
  "apps.v1.StatefulSetUpdateStrategy": rolling,
  "batch.v1.Job": rule<Job>(defaultJob),
  "core.v1.Container": pullPolicy,
  "core.v1.EphemeralContainer": pullPolicy,
  "core.v1.LimitRangeItem": rule<LimitRangeItem>((item) => {
    if (item.type !== "Container") return;
    item.default = { ...item.max, ...item.default };
    item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest };
  }),
  "core.v1.Namespace": rule<Namespace>(defaultNamespace),
  "core.v1.Pod": rule<Pod>(defaultPod),
  "core.v1.PodSpec": rule<PodSpec>((spec) => {
    // Two names of the same.
    const account = spec.serviceAccountName || spec.serviceAccount;
    if (account) Object.assign(spec, { serviceAccountName: account, serviceAccount: account });
  }),
  "core.v1.ReplicationController": rule<ReplicationController>((controller) => {
    const { spec } = controller;
    const labels = spec?.template?.metadata?.labels;
    if (spec && labels) spec.selector ??= { ...labels };
    labelAsTemplate(controller);
  }),
  "core.v1.Secret": rule<Secret>(defaultSecret),
  "core.v1.ServiceSpec": rule<ServiceSpec>(defaultService),
  "core.v1.ServicePort": rule<ServicePort>((port) => {
    port.targetPort ||= port.port;
  }),
  "core.v1.Volume": rule<Volume>((volume) => {
    if (Object.keys(volume).every((field) => field === "name")) volume.emptyDir = {};
  }),
  "networking.v1.NetworkPolicySpec": rule<NetworkPolicySpec>((spec) => {
    spec.policyTypes ??= ["Ingress", ...(spec.egress?.length ? ["Egress"] : [])];
  }),
  "rbac.v1.Subject": rule<Subject>((subject) => {
    if (subject.kind !== "ServiceAccount") subject.apiGroup ??= "rbac.authorization.k8s.io";
  }),
  "resource.v1.DeviceSubRequest": oneDevice,
  "resource.v1.ExactDeviceRequest": oneDevice,
};

/**
 * Fills in the fields of a structure that are absent: its defaults, and what Go writes of fields that aren't pointers.
 * `skipped` aren't touched.
 */
function complete(value: Fields, name: string, skipped: readonly string[] = []): void {
  const key = name.replace("io.k8s.api.", "");
  const fields = Object.entries(kubernetesApi.definitions[name]?.properties ?? {})
    .filter(([field]) => !skipped.includes(field));
  for (const [field, property] of fields) {
    const preset = presets[key]?.[field] ?? property.default;
    if (preset !== undefined) value[field] ??= structuredClone(preset);
    else if (isStructure(property)) value[field] ??= {};
  }
  rules[key]?.(value);
  for (const [field, property] of fields) {
    if (value[field] === undefined) {
      const zero = zeroOf(property);
      if (zero !== undefined) value[field] = zero;
    } else completePart(value[field], property);
  }
}

function completePart(value: unknown, { $ref, items, additionalProperties }: Property): void {
  if ($ref !== undefined && isRecord(value)) complete(value, definitionOf($ref));
  else if (items !== undefined && Array.isArray(value)) {
    value.forEach((each) => completePart(each, items));
  } else if (additionalProperties !== undefined && isRecord(value)) {
    Object.values(value).forEach((each) => completePart(each, additionalProperties));
  }
}

function definitionOf(reference: string): string {
  return reference.slice("#/definitions/".length);
}

function isStructure({ $ref, structure }: Property): boolean {
  return structure === true &&
    kubernetesApi.definitions[definitionOf($ref ?? "")]?.properties !== undefined;
}

/** What Go writes of plain values that were never set. */
const zeros: Readonly<Record<string, unknown>> = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": "0",
  "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": null,
  "io.k8s.apimachinery.pkg.apis.meta.v1.Time": null,
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": 0,
  "boolean": false,
  "integer": 0,
  "string": "",
};

function zeroOf({ $ref, type = "", structure, always, pointer }: Property): unknown {
  if (structure) return zeros[definitionOf($ref ?? "")];
  return always && !pointer ? zeros[type] : undefined;
}

/** Returns the status of a new object whose kind has one; undefined for another kind. */
function newStatus(type: ResourceType): Fields | undefined {
  const { $ref, structure } =
    kubernetesApi.definitions[definitionName(type)]?.properties?.["status"] ??
      {};
  if (!structure || $ref === undefined) return undefined;
  const status: Fields = {};
  complete(status, definitionOf($ref));
  return status;
}

/* The defaults of kinds. */

/** A limit alone is a request of the same size. Of a pod in the network of its node, ports are the node's. */
function defaultPod({ spec }: Pod): void {
  if (spec === undefined) return;
  spec.enableServiceLinks ??= true;
  for (const { resources, ports } of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    if (resources?.limits) resources.requests = { ...resources.limits, ...resources.requests };
    for (const port of ports ?? []) {
      if (spec.hostNetwork) port.hostPort ||= port.containerPort;
    }
  }
  spec.serviceAccountName ??= spec.serviceAccount ?? "default";
  spec.tolerations ??= [];
  for (const key of ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]) {
    if (spec.tolerations.some((each) => each.key === key || each.key === undefined)) continue;
    spec.tolerations.push({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 });
  }
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

/** Copies the labels of a template to its object, if that has none. */
function labelAsTemplate(
  { metadata, spec }: Pick<Job | ReplicationController, "metadata" | "spec">,
): void {
  const labels = spec?.template?.metadata?.labels;
  if (metadata && labels && Object.keys(metadata.labels ?? {}).length === 0) {
    metadata.labels = { ...labels };
  }
}

/** Sets the defaults: one completion, six retries. */
function defaultJob(job: Job): void {
  const { spec } = job;
  if (spec === undefined) return;
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1;
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? "Failed" : "TerminatingOrFailed";
  labelAsTemplate(job);
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
  labelAsTemplate(job);
}

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
  const { stringData } = secret;
  if (stringData === undefined) return;
  const encoded = Object.entries(stringData)
    .map(([key, value]) => [key, new TextEncoder().encode(value).toBase64()]);
  secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
  delete secret.stringData;
}

/** Sets the defaults of a cluster address; the address itself is assigned by {@link allocateAddresses}. */
function defaultService(spec: ServiceSpec): void {
  if (spec.sessionAffinity === "ClientIP") {
    spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: 10_800 } };
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

/**
 * Applies defaults to a draft that is about to be written, new or not. Its status isn't touched: a write that changes
 * nothing is then none.
 */
export function applyDefaults(type: ResourceType, draft: KubeObject): void {
  complete(draft as Fields, definitionName(type), ["apiVersion", "kind", "metadata", "status"]);
}

/** Applies the defaults of a new object only: its first status, addresses, a class, a selector of its own. */
export function applyCreationDefaults(
  context: ApiContext,
  type: ResourceType,
  draft: KubeObject,
): void {
  const status = newStatus(type);
  if (status !== undefined) draft["status"] = status;
  switch (typeKey(type)) {
    case typeKey(resources.pods):
      usePriority(context, (draft as unknown as Pod).spec);
      draft["status"] = { phase: "Pending", qosClass: qosClass((draft as unknown as Pod).spec) };
      return;
    case typeKey(resources.persistentVolumeClaims):
      useDefaultClass(context, draft as unknown as PersistentVolumeClaim);
      return;
    case typeKey(resources.services): {
      const others = context.store.list(resources.services) as unknown as readonly Service[];
      allocateAddresses(draft as unknown as Service, others, context.random);
      return;
    }
    case typeKey(resources.jobs):
      selectOwnPods(context, draft);
  }
}

/** Sets the selector, which is the uid, so the job gets that before it is stored. */
function selectOwnPods(context: ApiContext, draft: KubeObject): void {
  const uid = context.newUid();
  draft.metadata = { ...draft.metadata, uid };
  addSelector(draft as unknown as Job, uid);
}

/** Copies the priority of a pod's class, or of the class that is the default of the cluster. */
function usePriority({ store }: ApiContext, spec: PodSpec | undefined): void {
  if (spec === undefined) return;
  const classes = store.list(resources.priorityClasses) as unknown as readonly PriorityClass[];
  const chosen = classes.find(({ metadata, globalDefault }) =>
    spec.priorityClassName ? metadata?.name === spec.priorityClassName : globalDefault === true
  );
  if (chosen?.metadata?.name) spec.priorityClassName = chosen.metadata.name;
  spec.priority = chosen?.value ?? 0;
  spec.preemptionPolicy = chosen?.preemptionPolicy ?? "PreemptLowerPriority";
}

const classAnnotation = "storageclass.kubernetes.io/is-default-class";

function useDefaultClass({ store }: ApiContext, claim: PersistentVolumeClaim): void {
  if (claim.spec === undefined || claim.spec.storageClassName !== undefined) return;
  const isDefault = ({ metadata }: Stored) => metadata.annotations?.[classAnnotation] === "true";
  const name = store.list(resources.storageClasses).find(isDefault)?.metadata.name;
  if (name !== undefined) claim.spec.storageClassName = name;
}
