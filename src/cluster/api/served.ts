/** What is served of each kind beside its plain verbs: subresources, and selectable fields. */
import type { ResourceType, Stored } from "../model.ts";
import { resources, resourceTypes, typeKey } from "../resources.ts";
import { parseFieldSelector, parseLabelSelector } from "./selectors.ts";

/** A path below an object. */
interface Subresource {
  name: string;
  /** The kind that is read or sent, with its group and version if they differ from those of the object. */
  kind: string;
  group?: string;
  verbs: readonly string[];
}

/** A kind with all its API data. */
export interface Served {
  type: ResourceType;
  subresources: readonly Subresource[];
  selectableFields: ReadonlySet<string>;
}

function status(type: ResourceType): Subresource {
  return { name: "status", kind: type.kind, verbs: ["get", "patch", "update"] };
}

const scale: Subresource = {
  name: "scale",
  kind: "Scale",
  group: "autoscaling",
  verbs: ["get", "patch", "update"],
};

const withStatus = new Set<ResourceType>([
  resources.namespaces,
  resources.nodes,
  resources.persistentVolumes,
  resources.persistentVolumeClaims,
  resources.pods,
  resources.services,
  resources.deployments,
  resources.replicaSets,
  resources.statefulSets,
  resources.daemonSets,
  resources.jobs,
  resources.volumeSnapshots,
]);

const scalable = new Set<ResourceType>([
  resources.deployments,
  resources.replicaSets,
  resources.statefulSets,
]);

const special = new Map<ResourceType, readonly Subresource[]>([
  [resources.pods, [
    { name: "attach", kind: "PodAttachOptions", verbs: ["create", "get"] },
    { name: "binding", kind: "Binding", verbs: ["create"] },
    { name: "eviction", kind: "Eviction", group: "policy", verbs: ["create"] },
    { name: "exec", kind: "PodExecOptions", verbs: ["create", "get"] },
    { name: "log", kind: "Pod", verbs: ["get"] },
    { name: "portforward", kind: "PodPortForwardOptions", verbs: ["create", "get"] },
  ]],
  [resources.serviceAccounts, [
    { name: "token", kind: "TokenRequest", group: "authentication.k8s.io", verbs: ["create"] },
  ]],
  [resources.namespaces, [{ name: "finalize", kind: "Namespace", verbs: ["update"] }]],
]);

/** Fields beside name and namespace. https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/ */
const selectable = new Map<ResourceType, readonly string[]>([
  [resources.pods, [
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
  ]],
  [resources.events, [
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
  ]],
  [resources.nodes, ["spec.unschedulable"]],
  [resources.secrets, ["type"]],
  [resources.namespaces, ["status.phase"]],
  [resources.jobs, ["status.successful"]],
  [resources.replicaSets, ["status.replicas"]],
]);

/** Every served kind, in the order of discovery. */
export const served: readonly Served[] = resourceTypes.map((type) => ({
  type,
  subresources: [
    ...(special.get(type) ?? []),
    ...(scalable.has(type) ? [scale] : []),
    ...(withStatus.has(type) ? [status(type)] : []),
  ],
  selectableFields: new Set([
    "metadata.name",
    "metadata.namespace",
    ...(selectable.get(type) ?? []),
  ]),
}));

const byKey = new Map(served.map((each) => [typeKey(each.type), each]));

/** Returns the kind that a path names; undefined if none is served there. */
export function servedAt(
  path: { group: string; version: string; plural: string },
): Served | undefined {
  const found = byKey.get(`${path.group}/${path.plural}`);
  return found?.type.version === path.version ? found : undefined;
}

/** Returns the value of a selectable field as text, for comparison with a field selector. */
function fieldText(object: Stored, field: string): string {
  if (field === "status.successful") return String(valueAt(object, "status.succeeded") ?? 0);
  if (field === "source") return String(valueAt(object, "source.component") ?? "");
  if (field === "spec.hostNetwork" || field === "spec.unschedulable") {
    return String(valueAt(object, field) ?? false);
  }
  if (field === "status.replicas") return String(valueAt(object, field) ?? 0);
  return String(valueAt(object, field) ?? "");
}

function valueAt(object: Stored, path: string): unknown {
  return path.split(".").reduce<unknown>(
    (value, field) =>
      typeof value === "object" && value !== null
        ? (value as Record<string, unknown>)[field]
        : undefined,
    object,
  );
}

/** Reads both selectors of a query into one filter. Throws a 400 if either can't be read. */
export function parseSelection(
  { selectableFields }: Served,
  query: URLSearchParams,
): (object: Stored) => boolean {
  const labels = parseLabelSelector(query.get("labelSelector") ?? "");
  const fields = parseFieldSelector(query.get("fieldSelector") ?? "", selectableFields);
  return (object) =>
    labels(object.metadata.labels ?? {}) &&
    fields((field) => fieldText(object, field));
}
