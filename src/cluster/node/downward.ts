/** The downward API: what a container may learn of its own pod. https://kubernetes.io/docs/concepts/workloads/pods/downward-api/ */
import type { Container, Pod } from "../../kube/types.ts";

/** The value of a field path, or undefined where the API allows no such path. */
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

/** Which resource of which container, divided by what. */
export interface ResourceReference {
  containerName?: string;
  resource: string;
  divisor?: string;
}

/** A container's limit or request in units of the divisor, rounded up; `0` where the pod names none. */
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
  const amount = quantity(values?.[name.join(".")] ?? "0");
  const unit = quantity(divisor) || 1;
  return String(Math.ceil(amount / unit));
}

const suffixes: Record<string, number> = {
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** A Kubernetes quantity as a number: `500m`, `64Mi`. NaN where it isn't one. */
export function quantity(text: string): number {
  const match = /^([0-9.]+(?:e[0-9]+)?)([a-zA-Z]*)$/.exec(text);
  return Number(match?.[1]) * (suffixes[match?.[2] ?? ""] ?? Number.NaN);
}
