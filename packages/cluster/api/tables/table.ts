/**
 * Tables: the server's side of `kubectl get`.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
 */
import { kindColumns } from "./kind_columns.ts";
import { type ResourceType, type Stored, valueAt } from "../../model.ts";
import { apiVersionOf } from "../../resources.ts";
import { age, ageColumn, column, field, nameColumn, orNone, type TableColumn } from "./column.ts";
import { otherColumns } from "./other_columns.ts";
import type { RoleBinding } from "kubernetes-types/rbac/v1.d.ts";
import type { StorageClass } from "kubernetes-types/storage/v1.d.ts";
import type { ContainerStatus, Pod } from "../../../../src/kube/types.ts";

/* The columns of pods. STATUS is a digest of phase, container states and deletion, as `kubectl get` shows it. */

interface Digest {
  ready: number;
  total: number;
  status: string;
  restarts: number;
  lastRestart: string | undefined;
}

function hasCondition(pod: Pod, type: string): boolean {
  return (pod.status?.conditions ?? [])
    .some((condition) => condition.type === type && condition.status === "True");
}

function exitText(terminated: { exitCode: number; signal?: number; reason?: string }): string {
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

function latest(times: readonly (string | undefined)[]): string | undefined {
  return times.filter((time) => time !== undefined).sort().at(-1);
}

function isSidecar(pod: Pod, name: string): boolean {
  return pod.spec?.initContainers?.find((each) => each.name === name)?.restartPolicy === "Always";
}

/** Returns the state of the first init container that isn't done, as text; undefined once all are. */
function initStatus(pod: Pod): string | undefined {
  const total = pod.spec?.initContainers?.length ?? 0;
  const statuses = pod.status?.initContainerStatuses ?? [];
  for (const [index, { name, state, started }] of statuses.entries()) {
    if (state?.terminated?.exitCode === 0 || (isSidecar(pod, name) && started)) continue;
    if (state?.terminated) return `Init:${exitText(state.terminated)}`;
    const waiting = state?.waiting?.reason;
    if (waiting && waiting !== "PodInitializing") return `Init:${waiting}`;
    return `Init:${index}/${total}`;
  }
  return undefined;
}

function containerReason({ state }: ContainerStatus): string | undefined {
  if (state?.waiting?.reason) return state.waiting.reason;
  return state?.terminated ? exitText(state.terminated) : undefined;
}

function mainStatus(pod: Pod, initial: string): string {
  const statuses = pod.status?.containerStatuses ?? [];
  const running = statuses.some(({ ready, state }) => ready && state?.running);
  // The first container with a reason wins.
  const reason = statuses.map(containerReason).find((each) => each !== undefined) ?? initial;
  if (reason !== "Completed" || !running) return reason;
  return hasCondition(pod, "Ready") ? "Running" : "NotReady";
}

function digest(pod: Pod): Digest {
  const sidecars = (pod.status?.initContainerStatuses ?? []).filter(({ name }) =>
    isSidecar(pod, name)
  );
  const main = pod.status?.containerStatuses ?? [];
  const initializing = initStatus(pod);
  const showInit = initializing !== undefined && !hasCondition(pod, "Initialized");
  const counted = showInit ? pod.status?.initContainerStatuses ?? [] : [...sidecars, ...main];
  let status = pod.status?.reason || pod.status?.phase || "Unknown";
  if (pod.status?.conditions?.some(({ reason }) => reason === "SchedulingGated")) {
    status = "SchedulingGated";
  }
  status = showInit ? initializing : mainStatus(pod, status);
  const ended = ["Succeeded", "Failed"].includes(pod.status?.phase ?? "");
  if (pod.metadata?.deletionTimestamp) {
    if (pod.status?.reason === "NodeLost") status = "Unknown";
    else if (!ended) status = "Terminating";
  }
  const restartable = (pod.spec?.initContainers ?? []).filter(({ name }) => isSidecar(pod, name));
  return {
    ready: [...sidecars, ...main].filter(({ ready, state }) => ready && state?.running).length,
    total: (pod.spec?.containers.length ?? 0) + restartable.length,
    status,
    restarts: counted.reduce((sum, { restartCount }) => sum + restartCount, 0),
    lastRestart: latest(counted.map(({ lastState }) => lastState?.terminated?.finishedAt)),
  };
}

function gates(pod: Pod): string {
  const desired = pod.spec?.readinessGates ?? [];
  if (desired.length === 0) return "<none>";
  return `${
    desired.filter(({ conditionType }) => hasCondition(pod, conditionType)).length
  }/${desired.length}`;
}

/** Readiness, digest and restarts; wide: where it runs. */
const podColumns: readonly TableColumn[] = [
  nameColumn,
  column<Pod>("Ready", (pod) => {
    const { ready, total } = digest(pod);
    return `${ready}/${total}`;
  }),
  column<Pod>("Status", (pod) => digest(pod).status),
  column<Pod>("Restarts", (pod, now) => {
    const { restarts, lastRestart } = digest(pod);
    const when = restarts > 0 && lastRestart ? ` (${age(lastRestart, now)} ago)` : "";
    return `${restarts}${when}`;
  }),
  ageColumn,
  column<Pod>("IP", (pod) => orNone(pod.status?.podIP), { wide: true }),
  column<Pod>("Node", (pod) => orNone(pod.spec?.nodeName), { wide: true }),
  column<Pod>("Nominated Node", (pod) => orNone(pod.status?.nominatedNodeName), { wide: true }),
  column<Pod>("Readiness Gates", gates, { wide: true }),
];

/* The columns of bindings and of storage classes. */

/** The columns of kinds that have none of their own. */
const anyColumns: readonly TableColumn[] = [
  nameColumn,
  field("Created At", "metadata.creationTimestamp"),
];

function subjects(name: string, kind: string): TableColumn {
  return column<RoleBinding>(
    name,
    (binding) =>
      (binding.subjects ?? []).filter((each) => each.kind === kind)
        .map((each) => kind === "ServiceAccount" ? `${each.namespace}/${each.name}` : each.name)
        .join(", "),
    { wide: true },
  );
}

/** The columns of bindings: the role; wide: the subjects. */
const bindingColumns: readonly TableColumn[] = [
  nameColumn,
  column<RoleBinding>("Role", ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
  ageColumn,
  subjects("Users", "User"),
  subjects("Groups", "Group"),
  subjects("ServiceAccounts", "ServiceAccount"),
];

const defaultClass = "storageclass.kubernetes.io/is-default-class";

/** The provisioner of volumes; the default class is marked at its name. */
const storageClassColumns: readonly TableColumn[] = [
  column<StorageClass>(
    "Name",
    ({ metadata }) =>
      `${metadata?.name ?? ""}${
        metadata?.annotations?.[defaultClass] === "true" ? " (default)" : ""
      }`,
  ),
  field("Provisioner", "provisioner"),
  field("ReclaimPolicy", "reclaimPolicy", "Delete"),
  field("VolumeBindingMode", "volumeBindingMode", "Immediate"),
  field("AllowVolumeExpansion", "allowVolumeExpansion", false, { type: "boolean" }),
  ageColumn,
];

const columnsOf: Readonly<Record<string, readonly TableColumn[]>> = {
  ...otherColumns,
  ...kindColumns,
  pods: podColumns,
  leases: [nameColumn, field("Holder", "spec.holderIdentity"), ageColumn],
  storageclasses: storageClassColumns,
  rolebindings: bindingColumns,
  clusterrolebindings: bindingColumns,
};

/** Returns the columns of a kind; those of a CustomResourceDefinition are paths in its objects. */
function columnsFor({ plural, columns }: ResourceType): readonly TableColumn[] {
  if (columns === undefined) return columnsOf[plural] ?? anyColumns;
  const own = columns.map(({ name, type, jsonPath }) => {
    const path = jsonPath.slice(1);
    if (type !== "date") return field(name, path, null, type === "boolean" ? { type } : {});
    return column<Stored>(name, (object, now) => {
      const time = valueAt(object, path);
      return typeof time === "string" ? age(time, now) : null;
    });
  });
  return [nameColumn, ...own];
}

/** The content of each row beside its cells. */
export type IncludeObject = "None" | "Metadata" | "Object";

/** The fields of a table beside its rows. */
interface TableOptions {
  includeObject: IncludeObject;
  now: Date;
  metadata: Record<string, unknown>;
  /** A watch sends its columns in its first event alone. */
  withColumns: boolean;
}

/** Returns the table of these objects. */
export function tableOf(
  type: ResourceType,
  objects: readonly Stored[],
  options: TableOptions,
): Record<string, unknown> {
  const columns = columnsFor(type);
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: options.metadata,
    columnDefinitions: options.withColumns ? columns.map(columnDefinition) : null,
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object, options.now)),
      ...included(type, object, options.includeObject),
    })),
  };
}

function columnDefinition({ name, type, format, priority }: TableColumn): Record<string, unknown> {
  return { name, type, format: format ?? "", description: "", priority };
}

function included(
  type: ResourceType,
  object: Stored,
  include: IncludeObject,
): Record<string, unknown> {
  switch (include) {
    case "None":
      return {};
    case "Metadata":
      return { object: partialObject(object) };
    case "Object":
      return { object: { ...object, kind: type.kind, apiVersion: apiVersionOf(type) } };
  }
}

/** Returns the metadata alone. */
export function partialObject({ metadata }: Stored): Record<string, unknown> {
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
}
