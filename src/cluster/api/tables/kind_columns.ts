/** The columns of the core group's kinds, pods aside. */
import type {
  ConfigMap,
  Event,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Secret,
  Service,
  ServiceAccount,
} from "kubernetes-types/core/v1.d.ts";
import {
  age,
  ageColumn,
  column,
  mapText,
  nameColumn,
  orNone,
  selectorText,
  shortDuration,
  type TableColumn,
} from "./column.ts";
import type { DaemonSet, Deployment, Job, ReplicaSet, StatefulSet } from "../../../kube/types.ts";

const unset = "<unset>";

/** Name, phase, age. */
export const namespaceColumns: readonly TableColumn[] = [
  nameColumn,
  column<Namespace>("Status", ({ status }) => status?.phase ?? ""),
  ageColumn,
];

function nodeStatus({ spec, status }: Node): string {
  const ready = (status?.conditions ?? []).find(({ type }) => type === "Ready");
  const word = ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
  return spec?.unschedulable ? `${word},SchedulingDisabled` : word;
}

function nodeRoles({ metadata }: Node): string {
  const prefix = "node-role.kubernetes.io/";
  const roles = Object.entries(metadata?.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(prefix)) return key.length > prefix.length ? [key.slice(prefix.length)] : [];
    return key === "kubernetes.io/role" && value !== "" ? [value] : [];
  });
  return orNone([...new Set(roles)].sort().join(","));
}

function nodeAddress(type: string): TableColumn {
  return column<Node>(
    type === "InternalIP" ? "Internal-IP" : "External-IP",
    ({ status }) => orNone(status?.addresses?.find((each) => each.type === type)?.address),
    { wide: true },
  );
}

function nodeInfo(
  name: string,
  key: "osImage" | "kernelVersion" | "containerRuntimeVersion",
): TableColumn {
  return column<Node>(name, ({ status }) => status?.nodeInfo?.[key] || "<unknown>", { wide: true });
}

/** Readiness, roles and version; wide: addresses and system. */
export const nodeColumns: readonly TableColumn[] = [
  nameColumn,
  column<Node>("Status", nodeStatus),
  column<Node>("Roles", nodeRoles),
  ageColumn,
  column<Node>("Version", ({ status }) => status?.nodeInfo?.kubeletVersion ?? ""),
  nodeAddress("InternalIP"),
  nodeAddress("ExternalIP"),
  nodeInfo("OS-Image", "osImage"),
  nodeInfo("Kernel-Version", "kernelVersion"),
  nodeInfo("Container-Runtime", "containerRuntimeVersion"),
];

const modes: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

function accessModes(list: readonly string[] | undefined): string {
  return (list ?? []).map((mode) => modes[mode] ?? mode).join(",");
}

/** Capacity, modes, phase and claim. */
export const persistentVolumeColumns: readonly TableColumn[] = [
  nameColumn,
  column<PersistentVolume>("Capacity", ({ spec }) => spec?.capacity?.["storage"] ?? ""),
  column<PersistentVolume>("Access Modes", ({ spec }) => accessModes(spec?.accessModes)),
  column<PersistentVolume>(
    "Reclaim Policy",
    ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? "",
  ),
  column<PersistentVolume>(
    "Status",
    ({ metadata, status }) => metadata?.deletionTimestamp ? "Terminating" : status?.phase ?? "",
  ),
  column<PersistentVolume>(
    "Claim",
    ({ spec }) => spec?.claimRef ? `${spec.claimRef.namespace}/${spec.claimRef.name}` : "",
  ),
  column<PersistentVolume>("StorageClass", ({ spec }) => spec?.storageClassName ?? ""),
  column<PersistentVolume>(
    "VolumeAttributesClass",
    ({ spec }) => spec?.volumeAttributesClassName ?? unset,
  ),
  column<PersistentVolume>("Reason", ({ status }) => status?.reason ?? ""),
  ageColumn,
  column<PersistentVolume>("VolumeMode", ({ spec }) => spec?.volumeMode ?? unset, { wide: true }),
];

/** Phase, and the volume if it is bound. */
export const persistentVolumeClaimColumns: readonly TableColumn[] = [
  nameColumn,
  column<PersistentVolumeClaim>(
    "Status",
    ({ metadata, status }) => metadata?.deletionTimestamp ? "Terminating" : status?.phase ?? "",
  ),
  column<PersistentVolumeClaim>("Volume", ({ spec }) => spec?.volumeName ?? ""),
  column<PersistentVolumeClaim>(
    "Capacity",
    ({ spec, status }) => spec?.volumeName ? status?.capacity?.["storage"] ?? "" : "",
  ),
  column<PersistentVolumeClaim>(
    "Access Modes",
    ({ spec, status }) => spec?.volumeName ? accessModes(status?.accessModes) : "",
  ),
  column<PersistentVolumeClaim>("StorageClass", ({ spec }) => spec?.storageClassName ?? ""),
  column<PersistentVolumeClaim>(
    "VolumeAttributesClass",
    ({ spec }) => spec?.volumeAttributesClassName ?? unset,
  ),
  ageColumn,
  column<PersistentVolumeClaim>("VolumeMode", ({ spec }) => spec?.volumeMode ?? unset, {
    wide: true,
  }),
];

/** The number of keys. */
export const configMapColumns: readonly TableColumn[] = [
  nameColumn,
  column<ConfigMap>(
    "Data",
    ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
    { type: "integer" },
  ),
  ageColumn,
];

/** The type, and the number of keys; never a value. */
export const secretColumns: readonly TableColumn[] = [
  nameColumn,
  column<Secret>("Type", ({ type }) => type ?? ""),
  column<Secret>("Data", ({ data }) => Object.keys(data ?? {}).length, { type: "integer" }),
  ageColumn,
];

function servicePorts({ spec }: Service): string {
  const ports = (spec?.ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`
  );
  return orNone(ports.join(","));
}

/** Addresses and ports; wide: the selector. */
export const serviceColumns: readonly TableColumn[] = [
  nameColumn,
  column<Service>("Type", ({ spec }) => spec?.type ?? ""),
  column<Service>("Cluster-IP", ({ spec }) => orNone(spec?.clusterIP)),
  column<Service>("External-IP", ({ spec }) => {
    if (spec?.type === "ExternalName") return orNone(spec.externalName);
    const external = orNone((spec?.externalIPs ?? []).join(","));
    return spec?.type === "LoadBalancer" && external === "<none>" ? "<pending>" : external;
  }),
  column<Service>("Port(s)", servicePorts),
  ageColumn,
  column<Service>("Selector", ({ spec }) => orNone(mapText(spec?.selector)), { wide: true }),
];

/** The number of named secrets. */
export const serviceAccountColumns: readonly TableColumn[] = [
  nameColumn,
  column<ServiceAccount>("Secrets", ({ secrets }) => secrets?.length ?? 0, { type: "integer" }),
  ageColumn,
];

function eventFirst({ firstTimestamp, eventTime }: Event, now: Date): string {
  return age(firstTimestamp ?? eventTime, now);
}

function eventLast(event: Event, now: Date): string {
  const { series, lastTimestamp, count = 0 } = event;
  const last = series?.lastObservedTime ?? lastTimestamp;
  if (last === undefined || last === null) return eventFirst(event, now);
  const times = series?.count ?? count;
  const since = age(last, now);
  return times > 1 ? `${since} (x${times} over ${eventFirst(event, now)})` : since;
}

/** The reason, the object, and the last time; wide: the source and the count. */
export const eventColumns: readonly TableColumn[] = [
  column<Event>("Last Seen", eventLast),
  column<Event>("Type", ({ type }) => type ?? ""),
  column<Event>("Reason", ({ reason }) => reason ?? ""),
  column<Event>(
    "Object",
    ({ involvedObject: { kind = "", name } }) =>
      name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase(),
  ),
  column<Event>("Subobject", ({ involvedObject }) => involvedObject.fieldPath ?? "", {
    wide: true,
  }),
  column<Event>(
    "Source",
    ({ source, reportingComponent, reportingInstance }) =>
      [source?.component || reportingComponent, source?.host || reportingInstance]
        .filter(Boolean).join(", "),
    { wide: true },
  ),
  column<Event>("Message", ({ message }) => (message ?? "").trim()),
  column<Event>("First Seen", eventFirst, { wide: true }),
  column<Event>("Count", ({ series, count }) => series?.count ?? count ?? 1, {
    wide: true,
    type: "integer",
  }),
  { ...nameColumn, priority: 1 },
];

/* The columns of the kinds that create pods. */

interface WithTemplate {
  spec?: {
    selector?: Parameters<typeof selectorText>[0];
    template: { spec?: { containers: readonly { name: string; image?: string }[] } };
  };
}

const containers = column<WithTemplate>(
  "Containers",
  ({ spec }) => (spec?.template.spec?.containers ?? []).map(({ name }) => name).join(","),
  { wide: true },
);
const images = column<WithTemplate>(
  "Images",
  ({ spec }) => (spec?.template.spec?.containers ?? []).map(({ image }) => image ?? "").join(","),
  { wide: true },
);
const selector = column<WithTemplate>("Selector", ({ spec }) => selectorText(spec?.selector), {
  wide: true,
});

function count<T>(name: string, read: (object: T) => number | undefined): TableColumn {
  return column<T>(name, (object) => read(object) ?? 0, { type: "integer" });
}

/** Replicas that are ready, of this revision, available. */
export const deploymentColumns: readonly TableColumn[] = [
  nameColumn,
  column<Deployment>(
    "Ready",
    ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
  ),
  count<Deployment>("Up-to-date", ({ status }) => status?.updatedReplicas),
  count<Deployment>("Available", ({ status }) => status?.availableReplicas),
  ageColumn,
  containers,
  images,
  selector,
];

/** Replicas: desired, existing, ready. */
export const replicaSetColumns: readonly TableColumn[] = [
  nameColumn,
  count<ReplicaSet>("Desired", ({ spec }) => spec?.replicas),
  count<ReplicaSet>("Current", ({ status }) => status?.replicas),
  count<ReplicaSet>("Ready", ({ status }) => status?.readyReplicas),
  ageColumn,
  containers,
  images,
  selector,
];

/** Ready of desired replicas. */
export const statefulSetColumns: readonly TableColumn[] = [
  nameColumn,
  column<StatefulSet>(
    "Ready",
    ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
  ),
  ageColumn,
  containers,
  images,
];

/** Nodes: desired, and pods there in each state. */
export const daemonSetColumns: readonly TableColumn[] = [
  nameColumn,
  count<DaemonSet>("Desired", ({ status }) => status?.desiredNumberScheduled),
  count<DaemonSet>("Current", ({ status }) => status?.currentNumberScheduled),
  count<DaemonSet>("Ready", ({ status }) => status?.numberReady),
  count<DaemonSet>("Up-to-date", ({ status }) => status?.updatedNumberScheduled),
  count<DaemonSet>("Available", ({ status }) => status?.numberAvailable),
  column<DaemonSet>(
    "Node Selector",
    ({ spec }) => selectorText({ matchLabels: spec?.template.spec?.nodeSelector ?? {} }),
  ),
  ageColumn,
  containers,
  images,
  selector,
];

function jobStatus(job: Job): string {
  const holds = (type: string) =>
    (job.status?.conditions ?? []).some((each) => each.type === type && each.status === "True");
  if (holds("Complete")) return "Complete";
  if (holds("Failed")) return "Failed";
  if (job.metadata?.deletionTimestamp) return "Terminating";
  if (holds("Suspended")) return "Suspended";
  if (holds("FailureTarget")) return "FailureTarget";
  return holds("SuccessCriteriaMet") ? "SuccessCriteriaMet" : "Running";
}

function jobCompletions({ spec, status }: Job): string {
  const done = status?.succeeded ?? 0;
  if (spec?.completions !== undefined && spec.completions !== null) {
    return `${done}/${spec.completions}`;
  }
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`;
}

/** Its progress, and its duration. */
export const jobColumns: readonly TableColumn[] = [
  nameColumn,
  column<Job>("Status", jobStatus),
  column<Job>("Completions", jobCompletions),
  column<Job>("Duration", ({ status }, now) => {
    if (!status?.startTime) return "";
    if (!status.completionTime) return age(status.startTime, now);
    return shortDuration(Date.parse(status.completionTime) - Date.parse(status.startTime));
  }),
  ageColumn,
  containers,
  images,
  column<WithTemplate>("Selector", ({ spec }) => orNone(selectorText(spec?.selector)), {
    wide: true,
  }),
];
