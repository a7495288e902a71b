/** What is served of each kind beside its plain verbs: subresources, and selectable fields. */
import type { Subresource } from "../kubernetes/published.ts";
import { type ResourceType, type Stored, valueAt } from "../model.ts";
import { resources, resourceTypes, typeKey } from "../resources.ts";
import { parseFieldSelector, parseLabelSelector } from "./selectors.ts";

/** A kind with all its API data. */
export interface Served {
  type: ResourceType;
  subresources: readonly Subresource[];
  selectableFields: ReadonlySet<string>;
}

/** The paths below objects that are served. */
const servedBelow = [
  "attach",
  "binding",
  "eviction",
  "exec",
  "finalize",
  "log",
  "portforward",
  "scale",
  "status",
  "token",
];

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
  subresources: type.subresources.filter(({ name }) => servedBelow.includes(name)),
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
