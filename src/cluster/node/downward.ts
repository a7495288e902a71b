/**
 * The downward API: the fields of its own pod that a container can read.
 * https://kubernetes.io/docs/concepts/workloads/pods/downward-api/
 */
import { parseQuantity } from "../../base/quantity.ts";
import type { Container, Pod } from "../../kube/types.ts";

/** Returns the value of a field path, or undefined if the API doesn't allow it. */
export function fieldValue(pod: Pod, path: string): string | undefined {
  const { metadata = {}, spec, status } = pod;
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (keyed !== null) {
    const [, field, key = ""] = keyed;
    return (field === "labels" ? metadata.labels : metadata.annotations)?.[key] ?? "";
  }
  switch (path) {
    case "metadata.name":
      return metadata.name ?? "";
    case "metadata.namespace":
      return metadata.namespace ?? "";
    case "metadata.uid":
      return metadata.uid ?? "";
    case "metadata.labels":
      return keyedLines(metadata.labels);
    case "metadata.annotations":
      return keyedLines(metadata.annotations);
    case "spec.nodeName":
      return spec?.nodeName ?? "";
    case "spec.serviceAccountName":
      return spec?.serviceAccountName ?? "default";
    case "status.podIP":
    case "status.podIPs":
      return status?.podIP ?? "";
    case "status.hostIP":
    case "status.hostIPs":
      return status?.hostIP ?? "";
    default:
      return undefined;
  }
}

function keyedLines(values: Readonly<Record<string, string>> = {}): string {
  return Object.entries(values).map(([key, value]) => `${key}=${JSON.stringify(value)}`).join("\n");
}

/** The resource, its container and its divisor. */
export interface ResourceReference {
  containerName?: string;
  resource: string;
  divisor?: string;
}

/** Returns a container's limit or request in units of the divisor, rounded up; `0` if the pod names none. */
export function resourceValue(
  pod: Pod,
  container: Container,
  { containerName, resource, divisor = "1" }: ResourceReference,
): string {
  const of = containerName === undefined
    ? container
    : pod.spec?.containers.find(({ name }) => name === containerName);
  const [kind, ...name] = resource.split(".");
  const values = kind === "limits" ? of?.resources?.limits : of?.resources?.requests;
  const amount = parseQuantity(String(values?.[name.join(".")] ?? "0")) ?? NaN;
  const unit = parseQuantity(String(divisor)) || 1;
  return String(Math.ceil(amount / unit));
}
