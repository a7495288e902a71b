/**
 * A container's environment and command, computed from its pod.
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#environment-variables
 */
import type { Container, Pod } from "../../../src/kube/types.ts";
import type { Store } from "../model.ts";
import { resources } from "../resources.ts";
import type { Image, ResolvedImage } from "./images.ts";
import { parseQuantity } from "../../../src/base/quantity.ts";

/** The container can't be created as the pod describes it; the message is the kubelet's. */
export class ContainerConfigError extends Error {
  override readonly name = "ContainerConfigError";
}

/** The default PATH of a Linux image. */
export const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The input of {@link buildEnvironment} besides the container. */
interface EnvironmentSources {
  pod: Pod;
  store: Store;
  image: ResolvedImage;
  hostname: string;
}

/** Returns all variables of a container. Throws {@link ContainerConfigError} if a needed source is missing. */
export function buildEnvironment(
  container: Container,
  sources: EnvironmentSources,
): Record<string, string> {
  const { image, tag } = sources.image;
  const own: Record<string, string> = {};
  for (const source of container.envFrom ?? []) {
    const prefix = source.prefix ?? "";
    for (const [name, value] of Object.entries(fromSource(source, sources))) {
      own[prefix + name] = value;
    }
  }
  for (const entry of container.env ?? []) {
    const value = entry.valueFrom === undefined
      ? expand(entry.value ?? "", own)
      : fromReference(entry.valueFrom, container, sources);
    if (value !== undefined) own[entry.name] = value;
  }
  return {
    PATH: defaultPath,
    HOSTNAME: sources.hostname,
    HOME: "/root",
    ...image.env,
    ...(image.tagVariable === undefined ? {} : { [image.tagVariable]: tag }),
    ...own,
  };
}

type EnvFrom = NonNullable<Container["envFrom"]>[number];
type ValueFrom = NonNullable<NonNullable<Container["env"]>[number]["valueFrom"]>;

function fromSource(source: EnvFrom, sources: EnvironmentSources): Record<string, string> {
  if (source.configMapRef !== undefined) {
    return keyedData("configmap", source.configMapRef, sources) ?? {};
  }
  if (source.secretRef !== undefined) return keyedData("secret", source.secretRef, sources) ?? {};
  return {};
}

function fromReference(
  from: ValueFrom,
  container: Container,
  sources: EnvironmentSources,
): string | undefined {
  if (from.fieldRef !== undefined) {
    const { fieldPath } = from.fieldRef;
    const value = fieldValue(sources.pod, fieldPath);
    if (value === undefined) {
      throw new ContainerConfigError(`unsupported fieldPath: ${fieldPath}`);
    }
    return value;
  }
  if (from.resourceFieldRef !== undefined) {
    return resourceValue(sources.pod, container, from.resourceFieldRef);
  }
  if (from.configMapKeyRef !== undefined) return keyOf("configmap", from.configMapKeyRef, sources);
  if (from.secretKeyRef !== undefined) return keyOf("secret", from.secretKeyRef, sources);
  return undefined;
}

interface Reference {
  name?: string;
  optional?: boolean;
}

function keyOf(
  kind: "configmap" | "secret",
  reference: Reference & { key: string },
  sources: EnvironmentSources,
): string | undefined {
  const data = keyedData(kind, reference, sources);
  const value = data?.[reference.key];
  if (value === undefined && reference.optional !== true) {
    const { namespace = "" } = sources.pod.metadata ?? {};
    const title = kind === "configmap" ? "ConfigMap" : "Secret";
    throw new ContainerConfigError(
      `couldn't find key ${reference.key} in ${title} ${namespace}/${reference.name ?? ""}`,
    );
  }
  return value;
}

/** Returns the data of a config map or secret as text; undefined if it is missing and optional. */
function keyedData(
  kind: "configmap" | "secret",
  { name = "", optional }: Reference,
  { store, pod }: EnvironmentSources,
): Record<string, string> | undefined {
  const type = kind === "configmap" ? resources.configMaps : resources.secrets;
  const object = store.get(type, pod.metadata?.namespace ?? "", name);
  if (object === undefined) {
    if (optional === true) return undefined;
    throw new ContainerConfigError(`${kind} "${name}" not found`);
  }
  const bytes = objectData(object);
  const decoder = new TextDecoder();
  return Object.fromEntries([...bytes].map(([key, value]) => [key, decoder.decode(value)]));
}

/** Returns the values of a ConfigMap or Secret by key: `data` (base64 in a Secret), `binaryData` and `stringData`. */
export function objectData(object: Record<string, unknown>): Map<string, Uint8Array> {
  const encoder = new TextEncoder();
  const found = new Map<string, Uint8Array>();
  const encoded = object["kind"] === "Secret" ? "data" : "binaryData";
  for (const [key, value] of entries(object[encoded])) {
    found.set(key, Uint8Array.fromBase64(value));
  }
  const plain = object["kind"] === "Secret" ? "stringData" : "data";
  for (const [key, value] of entries(object[plain])) found.set(key, encoder.encode(value));
  return found;
}

function entries(value: unknown): [string, string][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).filter((entry): entry is [string, string] =>
    typeof entry[1] === "string"
  );
}

/** `$(NAME)` becomes the variable's value; `$$(NAME)` stays as `$(NAME)`, and so does an unknown name. */
export function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$\$|\$\(([^()$]+)\)/g,
    (whole, name: string | undefined) => name === undefined ? "$" : variables[name] ?? whole,
  );
}

/**
 * Returns the args of a container's main process: the pod's over the image's, as the API describes `command` and
 * `args`.
 */
export function mainCommand(
  container: Container,
  image: Image,
  env: Readonly<Record<string, string>>,
): string[] {
  const entrypoint = container.command ?? image.entrypoint;
  const fromImage = container.command === undefined ? image.cmd : [];
  return [...entrypoint, ...(container.args ?? fromImage)].map((word) => expand(word, env));
}

/*
 * The downward API: the fields of its own pod that a container can read.
 * https://kubernetes.io/docs/concepts/workloads/pods/downward-api/
 */

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
interface ResourceReference {
  containerName?: string;
  resource: string;
  divisor?: string;
}

/** Returns a container's limit or request in units of the divisor, rounded up; `0` if the pod names none. */
function resourceValue(
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
