/** Where the containers of a selection have secrets, as the specs of their pods say. */
import { absolutePath } from "../../base/absolute_path.ts";
import type { FoundTargets } from "../../kube/select/find_targets.ts";
import type { Selection, Target } from "../../kube/select/target.ts";
import type { Container, Pod, Volume } from "../../kube/types.ts";
import type { Host } from "../host.ts";
import { Discovery, selectIn } from "./discover_targets.ts";

/** The secrets of one container. */
export interface SecretSources {
  /** Absolute paths of folders and files with values of Secrets, tokens or keys. */
  paths: readonly string[];
  /** Names of variables with values of Secrets. */
  variables: readonly string[];
  /** Variables of these names have other values; undefined if the names of all secret ones are known. */
  otherVariables: readonly string[] | undefined;
}

/** Returns the secrets of each target of a selection whose pod could be read. */
export async function secretSources(
  host: Host,
  { contexts, selection, signal }: {
    contexts: readonly string[];
    selection: Selection;
    signal: AbortSignal;
  },
): Promise<SecretSources[]> {
  const sources: SecretSources[] = [];
  const discovery = new Discovery(host, contexts, selectIn(host, selection), { signal });
  for await (const findings of discovery.rest()) {
    if (findings.kind === "found") sources.push(...sourcesOf(findings));
  }
  return sources;
}

/** Returns the secrets of each target that was found with its pod. */
export function sourcesOf(
  { targets, pods = [] }: Pick<FoundTargets, "targets" | "pods">,
): SecretSources[] {
  const byName = new Map(
    pods.map((pod) => [`${pod.metadata?.namespace}/${pod.metadata?.name}`, pod]),
  );
  return targets.flatMap(({ namespace, pod, container }) => {
    const found = byName.get(`${namespace}/${pod}`);
    return found === undefined ? [] : [sourcesIn(found, { container })];
  });
}

/** Returns the secrets of a container of a pod. */
export function sourcesIn(
  { spec = { containers: [] } }: Pod,
  { container: name }: Pick<Target, "container">,
): SecretSources {
  const { initContainers = [], ephemeralContainers = [] } = spec;
  const all: readonly Partial<Container>[] = [
    ...spec.containers,
    ...initContainers,
    ...ephemeralContainers,
  ];
  const container = all.find((one) => one.name === name) ?? {};
  const secret = new Set((spec.volumes ?? []).filter(isSecretVolume).map((volume) => volume.name));
  const { volumeMounts = [], env = [], envFrom = [] } = container;
  const isSecret = ({ valueFrom }: NonNullable<Container["env"]>[number]) =>
    valueFrom?.secretKeyRef !== undefined;
  const hasAllOf = envFrom.some(({ secretRef }) => secretRef !== undefined);
  return {
    paths: volumeMounts.filter((mount) => secret.has(mount.name))
      .map(({ mountPath }) => absolutePath(mountPath, "/")),
    variables: env.filter(isSecret).map((variable) => variable.name),
    otherVariables: hasAllOf
      ? env.filter((variable) => !isSecret(variable)).map((variable) => variable.name)
      : undefined,
  };
}

/**
 * A projected volume counts unless all of it comes from elsewhere; of CSI drivers, those that have to do with secrets.
 */
function isSecretVolume({ secret, projected, csi }: Volume): boolean {
  if (secret !== undefined) return true;
  if (projected !== undefined) {
    return (projected.sources ?? []).some((source) =>
      source.secret !== undefined || source.serviceAccountToken !== undefined
    );
  }
  return csi !== undefined &&
    (csi.nodePublishSecretRef !== undefined || /secret|vault|spiffe|cert/i.test(csi.driver));
}
