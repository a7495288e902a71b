/**
 * Kubernetes' defaults for a pod, so that clients read them back.
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
 */
import type { Container, Pod, PodSpec, Probe, Volume } from "../../../kube/types.ts";

/** Sets the defaults of a pod: the spec as in a template, and what admission adds. */
export function defaultPod(pod: Pod): void {
  const spec = pod.spec;
  if (spec === undefined) return;
  defaultPodSpec(spec);
  spec.enableServiceLinks ??= true;
  spec.serviceAccountName ??= spec.serviceAccount ?? "default";
  spec.serviceAccount = spec.serviceAccountName;
  spec.priority ??= 0;
  spec.preemptionPolicy ??= "PreemptLowerPriority";
  spec.tolerations ??= [];
  for (const key of ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]) {
    if (spec.tolerations.some((each) => each.key === key || each.key === undefined)) continue;
    spec.tolerations.push({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 });
  }
}

/** Returns the status of a new pod, whatever its writer sent. */
export function newPodStatus(spec: PodSpec | undefined): NonNullable<Pod["status"]> {
  return { phase: "Pending", qosClass: qosClass(spec) };
}

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
function qosClass(spec: PodSpec | undefined): "BestEffort" | "Burstable" | "Guaranteed" {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const set = containers.flatMap(({ resources }) =>
    [...Object.keys(resources?.limits ?? {}), ...Object.keys(resources?.requests ?? {})]
      .filter((name) => name === "cpu" || name === "memory")
  );
  if (set.length === 0) return "BestEffort";
  const guaranteed = containers.every(({ resources }) =>
    ["cpu", "memory"].every((name) => {
      const limit = resources?.limits?.[name];
      return limit !== undefined && resources?.requests?.[name] === limit;
    })
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}

/** Sets the defaults of the spec of a pod, or of a workload's template. */
export function defaultPodSpec(spec: PodSpec): void {
  spec.restartPolicy ??= "Always";
  spec.dnsPolicy ??= "ClusterFirst";
  spec.schedulerName ??= "default-scheduler";
  spec.terminationGracePeriodSeconds ??= 30;
  spec.securityContext ??= {};
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    defaultContainer(container);
  }
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
}

function defaultContainer(container: Container): void {
  const tag = /:([^/@]+)$/.exec(container.image ?? "")?.[1];
  const latest = (tag === undefined && !container.image?.includes("@")) || tag === "latest";
  container.imagePullPolicy ??= latest ? "Always" : "IfNotPresent";
  container.terminationMessagePath ??= "/dev/termination-log";
  container.terminationMessagePolicy ??= "File";
  container.resources ??= {};
  const { limits } = container.resources;
  // A limit alone is a request of the same size.
  if (limits) container.resources.requests = { ...limits, ...container.resources.requests };
  for (const port of container.ports ?? []) port.protocol ??= "TCP";
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ??= "v1";
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe) defaultProbe(probe);
  }
}

function defaultProbe(probe: Probe): void {
  probe.timeoutSeconds ??= 1;
  probe.periodSeconds ??= 10;
  probe.successThreshold ??= 1;
  probe.failureThreshold ??= 3;
  if (!probe.httpGet) return;
  probe.httpGet.path ??= "/";
  probe.httpGet.scheme ??= "HTTP";
}

/** Readable by all, writable by the owner: 0644. */
const defaultMode = 0o644;

function defaultVolume(volume: Volume): void {
  const sources = Object.keys(volume).filter((field) => field !== "name");
  if (sources.length === 0) volume.emptyDir = {};
  for (const source of [volume.configMap, volume.secret, volume.downwardAPI, volume.projected]) {
    if (source) source.defaultMode ??= defaultMode;
  }
  if (volume.hostPath) volume.hostPath.type ??= "";
}
