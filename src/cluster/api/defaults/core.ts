/** Kubernetes' defaults for services, volumes, secrets and namespaces. */
import type {
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  Secret,
  Service,
} from "kubernetes-types/core/v1.d.ts";
import type { StorageClass } from "kubernetes-types/storage/v1.d.ts";

/** Sets its name as a label, and the finalizer that holds it until it is empty. */
export function defaultNamespace(namespace: Namespace): void {
  const { metadata = {} } = namespace;
  const labels = { ...metadata.labels, "kubernetes.io/metadata.name": metadata.name ?? "" };
  namespace.metadata = { ...metadata, labels };
  namespace.spec ??= {};
  namespace.spec.finalizers ??= ["kubernetes"];
}

/** `stringData` becomes `data`; it is never read back. */
export function defaultSecret(secret: Secret): void {
  secret.type ??= "Opaque";
  const { stringData } = secret;
  if (stringData === undefined) return;
  const encoded = Object.entries(stringData)
    .map(([key, value]) => [key, new TextEncoder().encode(value).toBase64()]);
  secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
  delete secret.stringData;
}

/** Retained after its claim, with a file system. */
export function defaultVolume(volume: PersistentVolume): void {
  if (volume.spec === undefined) return;
  volume.spec.persistentVolumeReclaimPolicy ??= "Retain";
  volume.spec.volumeMode ??= "Filesystem";
  if (volume.spec.hostPath) volume.spec.hostPath.type ??= "";
}

/** Sets a file system, unless a block device is requested. */
export function defaultClaim(claim: PersistentVolumeClaim): void {
  if (claim.spec) claim.spec.volumeMode ??= "Filesystem";
}

/** Deleted with its claim, bound at once. */
export function defaultStorageClass(storageClass: StorageClass): void {
  storageClass.reclaimPolicy ??= "Delete";
  storageClass.volumeBindingMode ??= "Immediate";
}

/** Sets the defaults of a cluster address; the address itself is assigned by {@link allocateAddresses}. */
export function defaultService({ spec }: Service): void {
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
export function allocateAddresses(
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
