/** The columns of the kinds that controllers read, pods aside, by their plurals. */
import type {
  ConfigMap,
  Event,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Secret,
  Service,
} from "kubernetes-types/core/v1.d.ts";
import {
  age,
  ageColumn,
  column,
  containerColumns,
  field,
  mapText,
  nameColumn,
  orNone,
  selectorText,
  shortDuration,
  type TableColumn,
} from "./column.ts";
import type { DaemonSet, Deployment, Job, StatefulSet } from "../../../../src/kube/types.ts";

const unset = "<unset>";

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
    wide,
  );
}

const wide = { wide: true };

const modes: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

function accessModes(list: readonly string[] | undefined): string {
  return (list ?? []).map((mode) => modes[mode] ?? mode).join(",");
}

const volumePhase = column<PersistentVolume | PersistentVolumeClaim>(
  "Status",
  ({ metadata, status }) => metadata?.deletionTimestamp ? "Terminating" : status?.phase ?? "",
);

function servicePorts({ spec }: Service): string {
  const ports = (spec?.ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`
  );
  return orNone(ports.join(","));
}

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

/* The columns of the kinds that create pods. */

interface WithTemplate {
  spec?: {
    selector?: Parameters<typeof selectorText>[0];
  };
}

const template = containerColumns("spec.template.spec.containers", wide);
const selector = column<WithTemplate>("Selector", ({ spec }) => selectorText(spec?.selector), {
  wide: true,
});

function count(name: string, path: string): TableColumn {
  return field(name, path, 0, { type: "integer" });
}

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

/** See the head of this file. */
export const kindColumns: Readonly<Record<string, readonly TableColumn[]>> = {
  namespaces: [
    nameColumn,
    field("Status", "status.phase"),
    ageColumn,
  ],
  nodes: [
    nameColumn,
    column<Node>("Status", nodeStatus),
    column<Node>("Roles", nodeRoles),
    ageColumn,
    field("Version", "status.nodeInfo.kubeletVersion"),
    nodeAddress("InternalIP"),
    nodeAddress("ExternalIP"),
    field("OS-Image", "status.nodeInfo.osImage", "<unknown>", wide),
    field("Kernel-Version", "status.nodeInfo.kernelVersion", "<unknown>", wide),
    field("Container-Runtime", "status.nodeInfo.containerRuntimeVersion", "<unknown>", wide),
  ],
  persistentvolumes: [
    nameColumn,
    field("Capacity", "spec.capacity.storage"),
    column<PersistentVolume>("Access Modes", ({ spec }) => accessModes(spec?.accessModes)),
    field("Reclaim Policy", "spec.persistentVolumeReclaimPolicy"),
    volumePhase,
    column<PersistentVolume>(
      "Claim",
      ({ spec }) => spec?.claimRef ? `${spec.claimRef.namespace}/${spec.claimRef.name}` : "",
    ),
    field("StorageClass", "spec.storageClassName"),
    field("VolumeAttributesClass", "spec.volumeAttributesClassName", unset),
    field("Reason", "status.reason"),
    ageColumn,
    field("VolumeMode", "spec.volumeMode", unset, wide),
  ],
  persistentvolumeclaims: [
    nameColumn,
    volumePhase,
    field("Volume", "spec.volumeName"),
    column<PersistentVolumeClaim>(
      "Capacity",
      ({ spec, status }) => spec?.volumeName ? status?.capacity?.["storage"] ?? "" : "",
    ),
    column<PersistentVolumeClaim>(
      "Access Modes",
      ({ spec, status }) => spec?.volumeName ? accessModes(status?.accessModes) : "",
    ),
    field("StorageClass", "spec.storageClassName"),
    field("VolumeAttributesClass", "spec.volumeAttributesClassName", unset),
    ageColumn,
    field("VolumeMode", "spec.volumeMode", unset, wide),
  ],
  configmaps: [
    nameColumn,
    column<ConfigMap>(
      "Data",
      ({ data, binaryData }) =>
        Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
      { type: "integer" },
    ),
    ageColumn,
  ],
  secrets: [
    nameColumn,
    field("Type", "type"),
    column<Secret>("Data", ({ data }) => Object.keys(data ?? {}).length, { type: "integer" }),
    ageColumn,
  ],
  services: [
    nameColumn,
    field("Type", "spec.type"),
    column<Service>("Cluster-IP", ({ spec }) => orNone(spec?.clusterIP)),
    column<Service>("External-IP", ({ spec }) => {
      if (spec?.type === "ExternalName") return orNone(spec.externalName);
      const external = orNone((spec?.externalIPs ?? []).join(","));
      return spec?.type === "LoadBalancer" && external === "<none>" ? "<pending>" : external;
    }),
    column<Service>("Port(s)", servicePorts),
    ageColumn,
    column<Service>("Selector", ({ spec }) => orNone(mapText(spec?.selector)), wide),
  ],
  serviceaccounts: [
    nameColumn,
    field("Secrets", "secrets", 0, { type: "integer" }),
    ageColumn,
  ],
  events: [
    column<Event>("Last Seen", eventLast),
    field("Type", "type"),
    field("Reason", "reason"),
    column<Event>(
      "Object",
      ({ involvedObject: { kind = "", name } }) =>
        name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase(),
    ),
    field("Subobject", "involvedObject.fieldPath", "", wide),
    column<Event>(
      "Source",
      ({ source, reportingComponent, reportingInstance }) =>
        [source?.component || reportingComponent, source?.host || reportingInstance]
          .filter(Boolean).join(", "),
      wide,
    ),
    column<Event>("Message", ({ message }) => (message ?? "").trim()),
    column<Event>("First Seen", eventFirst, wide),
    column<Event>("Count", ({ series, count }) => series?.count ?? count ?? 1, {
      wide: true,
      type: "integer",
    }),
    { ...nameColumn, priority: 1 },
  ],
  deployments: [
    nameColumn,
    column<Deployment>(
      "Ready",
      ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    ),
    count("Up-to-date", "status.updatedReplicas"),
    count("Available", "status.availableReplicas"),
    ageColumn,
    ...template,
    selector,
  ],
  replicasets: [
    nameColumn,
    count("Desired", "spec.replicas"),
    count("Current", "status.replicas"),
    count("Ready", "status.readyReplicas"),
    ageColumn,
    ...template,
    selector,
  ],
  statefulsets: [
    nameColumn,
    column<StatefulSet>(
      "Ready",
      ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    ),
    ageColumn,
    ...template,
  ],
  daemonsets: [
    nameColumn,
    count("Desired", "status.desiredNumberScheduled"),
    count("Current", "status.currentNumberScheduled"),
    count("Ready", "status.numberReady"),
    count("Up-to-date", "status.updatedNumberScheduled"),
    count("Available", "status.numberAvailable"),
    column<DaemonSet>(
      "Node Selector",
      ({ spec }) => selectorText({ matchLabels: spec?.template.spec?.nodeSelector ?? {} }),
    ),
    ageColumn,
    ...template,
    selector,
  ],
  jobs: [
    nameColumn,
    column<Job>("Status", jobStatus),
    column<Job>("Completions", jobCompletions),
    column<Job>("Duration", ({ status }, now) => {
      if (!status?.startTime) return "";
      if (!status.completionTime) return age(status.startTime, now);
      return shortDuration(Date.parse(status.completionTime) - Date.parse(status.startTime));
    }),
    ageColumn,
    ...template,
    column<WithTemplate>("Selector", ({ spec }) => orNone(selectorText(spec?.selector)), {
      wide: true,
    }),
  ],
};
