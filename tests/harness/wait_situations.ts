/**
 * Situations in which `kodama wait` ends, or knows why it doesn't: objects, a command, and the right end, exit code and
 * reason. Each is measured against what `kubectl get --watch` reports of the same objects, at the same time.
 */
import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { hangLimitMs } from "./hang_limit.ts";
import { KodamaInProcess } from "./kodama_in_process.ts";

type Fields = Record<string, unknown>;

/** An object as kubectl reports it. */
interface Seen {
  kind: string;
  metadata: { name: string; deletionTimestamp?: string };
  spec?: Fields;
  // deno-lint-ignore no-explicit-any -- the fields that a situation looks for
  status?: any;
  // deno-lint-ignore no-explicit-any -- as above
  data?: any;
  /** Of an event. */
  reason?: string;
  message?: string;
}

/** One situation. */
export interface Situation {
  name: string;
  /** The embedded cluster has it too. */
  embedded?: true;
  /** In a namespace with {@link quota}. */
  hasQuota?: true;
  objects?: readonly Fields[];
  /** After `kodama wait`. */
  args: string;
  /** Args of kubectl, run when the waits without such args are over: this one has long started. */
  then?: readonly string[];
  /**
   * Returns whether an object, as the server reports it, is the reason: only after that the wait starts, if it is set.
   */
  after?: (object: Seen) => boolean;
  end: "met" | "timeout" | "stuck";
  /** In the JSON of the end. */
  reason?: RegExp;
  /** Returns whether an object, as the server reports it, is what the wait waits for. Absent for time limits. */
  knows?: (object: Seen, type: string) => boolean;
}

const image = "busybox:1.36";
const main = (more: Fields = {}) => ({
  name: "main",
  image,
  imagePullPolicy: "IfNotPresent",
  command: ["sleep", "2147483647"],
  ...more,
});
const sh = (script: string) => ({ command: ["sh", "-c", script] });
const spec = (container: Fields = {}, more: Fields = {}) => ({
  terminationGracePeriodSeconds: 0,
  dnsPolicy: "Default",
  containers: [main(container)],
  ...more,
});
const pod = (name: string, container: Fields = {}, more: Fields = {}): Fields => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: spec(container, more),
});
const workload = (
  kind: "Deployment" | "StatefulSet" | "DaemonSet",
  name: string,
  container: Fields = {},
  { own = {}, pods = {} }: { own?: Fields; pods?: Fields } = {},
): Fields => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name },
  spec: {
    ...(kind === "DaemonSet" ? {} : { replicas: 1 }),
    ...(kind === "StatefulSet" ? { serviceName: name } : {}),
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: spec(container, pods) },
    ...own,
  },
});
const job = (name: string, container: Fields = {}, own: Fields = {}): Fields => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name },
  spec: {
    backoffLimit: 0,
    template: { spec: spec(container, { restartPolicy: "Never" }) },
    ...own,
  },
});
const claim = (name: string, storageClassName: string): Fields => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name },
  spec: {
    accessModes: ["ReadWriteOnce"],
    storageClassName,
    resources: { requests: { storage: "1Gi" } },
  },
});
const configMap = (name: string, data: Fields = {}): Fields => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});

/** Only pods that request this resource are refused. */
const quota: Fields = {
  apiVersion: "v1",
  kind: "ResourceQuota",
  metadata: { name: "none-of-it" },
  spec: { hard: { "requests.example.com/none": "0" } },
};
const overQuota = {
  resources: { requests: { "example.com/none": "1" }, limits: { "example.com/none": "1" } },
};
/** Without it, a container that ends at once is ready before. */
const neverReady = { readinessProbe: { exec: { command: ["false"] } } };
const nowhere = { nodeSelector: { "example.com/absent": "true" } };

/** Returns whether the object is a pod of this name, or of this workload, one of whose containers waits for a reason. */
const waits = (name: string, ...reasons: string[]) => ({ kind, metadata, status }: Seen) =>
  kind === "Pod" && metadata.name.startsWith(name) &&
  [...status?.containerStatuses ?? [], ...status?.initContainerStatuses ?? []].some((
    { state }: { state?: { waiting?: { reason?: string } } },
  ) => reasons.includes(state?.waiting?.reason ?? ""));
const hasPhase = (name: string, phase: string) => ({ kind, metadata, status }: Seen) =>
  kind === "Pod" && metadata.name === name && status?.phase === phase;
const hasCondition = (kind: string, name: string, type: string, wanted = "True") => (seen: Seen) =>
  seen.kind === kind && seen.metadata.name === name &&
  (seen.status?.conditions ?? []).some((one: Fields) =>
    one["type"] === type && one["status"] === wanted
  );
/** Returns whether the object is an event about another one, with a reason and a part of its message. */
const hasEvent = (name: string, reason: string, part: string) => (seen: Seen) =>
  seen.kind === "Event" && seen.metadata.name.startsWith(`${name}.`) && seen.reason === reason &&
  (seen.message ?? "").includes(part);
const rolledOut = (kind: string, name: string, field: string) => (seen: Seen) =>
  seen.kind === kind && seen.metadata.name === name && seen.status?.[field] >= 1;

/** All situations. */
export const situations: readonly Situation[] = [
  {
    name: "an image that can't be pulled",
    embedded: true,
    objects: [pod("bad-image", { image: "localhost/none:1" })],
    args: "pod/bad-image --fail-on ImagePullBackOff",
    end: "stuck",
    reason: /"cause": "ImagePullBackOff"/,
    knows: waits("bad-image", "ImagePullBackOff"),
  },
  {
    name: "a deployment whose image can't be pulled",
    objects: [workload("Deployment", "bad-rollout", { image: "localhost/none:1" })],
    args: "deploy/bad-rollout --fail-on any",
    end: "stuck",
    reason: /0 of 1 pods are available; pod\/bad-rollout-.*ImagePullBackOff.*localhost\/none:1/,
    knows: waits("bad-rollout", "ImagePullBackOff"),
  },
  {
    name: "an image that may not be pulled",
    objects: [pod("never-pulled", { image: "localhost/none:1", imagePullPolicy: "Never" })],
    args: "pod/never-pulled --fail-on any",
    end: "stuck",
    reason: /"cause": "ErrImageNeverPull"/,
    knows: waits("never-pulled", "ErrImageNeverPull"),
  },
  {
    name: "an image name that isn't one",
    objects: [pod("wrong-name", { image: "Not An Image" })],
    args: "pod/wrong-name --fail-on any",
    end: "stuck",
    reason: /"cause": "InvalidImageName"/,
    knows: waits("wrong-name", "InvalidImageName"),
  },
  {
    name: "a container that crashes again and again",
    objects: [pod("crashes", { ...sh("echo no database; exit 3"), ...neverReady })],
    args: "pod/crashes --fail-on CrashLoopBackOff",
    end: "stuck",
    reason: /CrashLoopBackOff.*exit code 3[^]*no database/,
    knows: waits("crashes", "CrashLoopBackOff"),
  },
  {
    name: "a deployment that crashes",
    objects: [
      workload("Deployment", "crashing", { ...sh("echo no database; exit 3"), ...neverReady }),
    ],
    args: "deploy/crashing --fail-on any",
    end: "stuck",
    reason: /pod\/crashing-.*CrashLoopBackOff[^]*no database/,
    knows: waits("crashing-", "CrashLoopBackOff"),
  },
  {
    name: "an init container that crashes",
    objects: [
      pod("init-crashes", {}, { initContainers: [{ ...main(sh("exit 4")), name: "prepare" }] }),
    ],
    args: "pod/init-crashes --fail-on any",
    end: "stuck",
    reason: /container prepare: CrashLoopBackOff.*exit code 4/,
    knows: waits("init-crashes", "CrashLoopBackOff"),
  },
  {
    name: "a variable from a ConfigMap that doesn't exist",
    objects: [pod("no-config", { envFrom: [{ configMapRef: { name: "absent" } }] })],
    args: "pod/no-config --fail-on any",
    end: "stuck",
    reason: /CreateContainerConfigError: configmap \\"absent\\" not found/,
    knows: waits("no-config", "CreateContainerConfigError"),
  },
  {
    name: "a variable from a Secret that doesn't exist",
    objects: [pod("no-secret", { envFrom: [{ secretRef: { name: "absent" } }] })],
    args: "pod/no-secret --fail-on CreateContainerConfigError",
    end: "stuck",
    reason: /secret \\"absent\\" not found/,
    knows: waits("no-secret", "CreateContainerConfigError"),
  },
  {
    name: "a program that doesn't exist",
    objects: [pod("no-program", { command: ["/absent"] })],
    args: "pod/no-program --fail-on any",
    end: "stuck",
    reason: /"cause": "(?:RunContainerError|CrashLoopBackOff|CreateContainerError)"/,
    knows: waits("no-program", "RunContainerError", "CrashLoopBackOff", "CreateContainerError"),
  },
  {
    name: "a pod that has failed",
    embedded: true,
    objects: [
      pod("failed", { ...sh("echo no disk; exit 5"), ...neverReady }, { restartPolicy: "Never" }),
    ],
    args: "pod/failed --fail-on Failed",
    end: "stuck",
    reason: /it has failed[^]*no disk/,
    knows: hasPhase("failed", "Failed"),
  },
  {
    name: "a pod that has completed, and won't be ready",
    embedded: true,
    objects: [pod("completed", { ...sh("true"), ...neverReady }, { restartPolicy: "Never" })],
    args: "pod/completed --fail-on any",
    end: "stuck",
    reason: /"cause": "Succeeded"/,
    knows: hasPhase("completed", "Succeeded"),
  },
  {
    name: "a job that completes",
    embedded: true,
    objects: [job("completes", sh("true"))],
    args: "job/completes",
    end: "met",
    knows: hasCondition("Job", "completes", "Complete"),
  },
  {
    name: "a job that fails",
    embedded: true,
    objects: [job("fails", sh("echo no table; exit 3"))],
    args: "job/fails --fail-on Failed",
    end: "stuck",
    reason: /BackoffLimitExceeded[^]*no table/,
    knows: hasCondition("Job", "fails", "Failed"),
  },
  {
    name: "a job that is too slow",
    objects: [job("too-slow", {}, { activeDeadlineSeconds: 2 })],
    args: "job/too-slow --fail-on any",
    end: "stuck",
    reason: /DeadlineExceeded/,
    knows: hasCondition("Job", "too-slow", "FailureTarget"),
  },
  {
    name: "the failure of a job, awaited",
    embedded: true,
    objects: [job("to-fail", sh("exit 3"))],
    args: "job/to-fail --for condition=Failed",
    end: "met",
    knows: hasCondition("Job", "to-fail", "Failed"),
  },
  {
    name: "the completion of a job that fails",
    embedded: true,
    objects: [job("not-completing", sh("exit 3"))],
    args: "job/not-completing --for condition=Complete --fail-on any",
    end: "stuck",
    reason: /"cause": "Failed"/,
    knows: hasCondition("Job", "not-completing", "Failed"),
  },
  {
    name: "a deployment over its quota",
    hasQuota: true,
    objects: [workload("Deployment", "over-quota", overQuota)],
    args: "deploy/over-quota --fail-on FailedCreate",
    end: "stuck",
    reason: /exceeded quota: none-of-it/,
    knows: hasCondition("Deployment", "over-quota", "ReplicaFailure"),
  },
  {
    name: "a job over its quota",
    hasQuota: true,
    objects: [job("job-over-quota", overQuota)],
    args: "job/job-over-quota --fail-on any",
    end: "stuck",
    reason: /FailedCreate: .*exceeded quota: none-of-it/,
    knows: (seen) =>
      seen.kind === "Event" && JSON.stringify(seen).includes('"FailedCreate"') &&
      seen.metadata.name.startsWith("job-over-quota."),
  },
  {
    name: "a stateful set over its quota",
    hasQuota: true,
    objects: [workload("StatefulSet", "set-over-quota", overQuota)],
    args: "sts/set-over-quota --fail-on any",
    end: "stuck",
    reason: /FailedCreate: .*exceeded quota: none-of-it/,
    knows: (seen) =>
      seen.kind === "Event" && JSON.stringify(seen).includes('"FailedCreate"') &&
      seen.metadata.name.startsWith("set-over-quota."),
  },
  {
    name: "a rollout whose deadline has passed",
    objects: [
      workload("Deployment", "too-late", {}, {
        own: { progressDeadlineSeconds: 3 },
        pods: nowhere,
      }),
    ],
    args: "deploy/too-late --fail-on ProgressDeadlineExceeded",
    end: "stuck",
    reason: /ProgressDeadlineExceeded/,
    knows: hasCondition("Deployment", "too-late", "Progressing", "False"),
  },
  {
    name: "a pod that is deleted",
    embedded: true,
    objects: [pod("deleted", neverReady)],
    args: "pod/deleted --fail-on Deleted",
    then: ["delete", "pod/deleted", "--wait=false"],
    end: "stuck",
    reason: /it was deleted/,
    knows: ({ kind, metadata }, type) =>
      kind === "Pod" && metadata.name === "deleted" && type === "DELETED",
  },
  {
    name: "a deletion, awaited",
    embedded: true,
    objects: [configMap("to-delete")],
    args: "configmap/to-delete --for delete",
    then: ["delete", "configmap/to-delete"],
    end: "met",
    knows: ({ metadata }, type) => metadata.name === "to-delete" && type === "DELETED",
  },
  {
    name: "a creation, awaited",
    embedded: true,
    args: "configmap/to-create --for create",
    then: ["create", "configmap", "to-create"],
    end: "met",
    knows: ({ metadata }) => metadata.name === "to-create",
  },
  {
    name: "a field, awaited",
    embedded: true,
    objects: [configMap("field", { mode: "fast" })],
    args: "configmap/field --for jsonpath={.data.mode}=safe",
    then: ["patch", "configmap", "field", "-p", '{"data":{"mode":"safe"}}'],
    end: "met",
    knows: ({ metadata, data }) => metadata.name === "field" && data?.mode === "safe",
  },
  {
    name: "a deployment that is rolled out",
    embedded: true,
    objects: [workload("Deployment", "good")],
    args: "deploy/good",
    end: "met",
    knows: rolledOut("Deployment", "good", "availableReplicas"),
  },
  {
    name: "a stateful set that is rolled out",
    embedded: true,
    objects: [workload("StatefulSet", "good-set")],
    args: "sts/good-set",
    end: "met",
    knows: rolledOut("StatefulSet", "good-set", "readyReplicas"),
  },
  {
    name: "a daemon set that is rolled out",
    objects: [workload("DaemonSet", "good-daemon")],
    args: "ds/good-daemon",
    end: "met",
    knows: rolledOut("DaemonSet", "good-daemon", "numberAvailable"),
  },
  {
    name: "one of several",
    embedded: true,
    objects: [configMap("one-of-them", { mode: "safe" })],
    args: "configmap/one-of-them pod/bad-image --for jsonpath={.data.mode}=safe --any",
    end: "met",
    knows: ({ metadata }) => metadata.name === "one-of-them",
  },
  {
    name: "objects in order",
    embedded: true,
    objects: [job("first", sh("true"))],
    args: "job/first --then deploy/good",
    end: "met",
    knows: hasCondition("Job", "first", "Complete"),
  },
  {
    name: "a claim of a storage class that doesn't exist",
    objects: [claim("unbound", "absent")],
    args: "pvc/unbound --timeout 10s",
    after: hasEvent("unbound", "ProvisioningFailed", "not found"),
    end: "timeout",
    reason: /storageclass.storage.k8s.io \\"absent\\" not found/,
  },
  {
    name: "a pod whose claim isn't bound",
    objects: [
      pod("unbound-pod", { volumeMounts: [{ name: "data", mountPath: "/data" }] }, {
        volumes: [{ name: "data", persistentVolumeClaim: { claimName: "unbound" } }],
      }),
    ],
    args: "pod/unbound-pod --timeout 10s",
    after: hasEvent("unbound-pod", "FailedScheduling", "unbound immediate"),
    end: "timeout",
    reason: /unbound immediate PersistentVolumeClaims/,
  },
  {
    name: "a probe that fails",
    objects: [
      pod("not-ready", {
        readinessProbe: {
          exec: { command: ["sh", "-c", "echo no answer; false"] },
          periodSeconds: 1,
        },
      }, { dnsPolicy: "ClusterFirst" }),
    ],
    args: "pod/not-ready --timeout 10s",
    after: hasEvent("not-ready", "Unhealthy", "Readiness probe failed: no answer"),
    end: "timeout",
    // A cluster without DNS warns about every pod: that is not the reason.
    reason: /^(?![^]*MissingClusterDNS)[^]*running, not ready[^]*Readiness probe failed: no answer/,
  },
  {
    name: "a pod for which there is no node",
    objects: [pod("unschedulable", {}, nowhere)],
    args: "pod/unschedulable --timeout 10s",
    after: hasEvent("unschedulable", "FailedScheduling", "node affinity"),
    end: "timeout",
    reason: /Unschedulable: .*node affinity\/selector/,
  },
  {
    name: "a volume from a ConfigMap that doesn't exist",
    objects: [
      pod("no-volume", { volumeMounts: [{ name: "conf", mountPath: "/conf" }] }, {
        volumes: [{ name: "conf", configMap: { name: "absent" } }],
      }),
    ],
    args: "pod/no-volume --timeout 10s",
    after: hasEvent("no-volume", "FailedMount", "not found"),
    end: "timeout",
    reason: /FailedMount: .*configmap \\"absent\\" not found/,
  },
  {
    name: "a key that a ConfigMap doesn't have",
    objects: [
      configMap("few-keys", { one: "1" }),
      pod("no-key", {
        env: [{
          name: "TWO",
          valueFrom: { configMapKeyRef: { name: "few-keys", key: "two" } },
        }],
      }),
    ],
    args: "pod/no-key --fail-on any",
    end: "stuck",
    reason: /CreateContainerConfigError: couldn't find key two/,
    knows: waits("no-key", "CreateContainerConfigError"),
  },
  {
    name: "root in a container that must not have it",
    objects: [pod("root", { securityContext: { runAsNonRoot: true } })],
    args: "pod/root --fail-on any",
    end: "stuck",
    reason: /CreateContainerConfigError: container has runAsNonRoot/,
    knows: waits("root", "CreateContainerConfigError"),
  },
  {
    name: "an init container whose image can't be pulled",
    objects: [
      pod("init-bad-image", {}, {
        initContainers: [{ ...main({ image: "localhost/none:1" }), name: "prepare" }],
      }),
    ],
    args: "pod/init-bad-image --fail-on ImagePullBackOff",
    end: "stuck",
    reason: /container prepare: ImagePullBackOff/,
    knows: waits("init-bad-image", "ImagePullBackOff"),
  },
  {
    name: "a sidecar that crashes",
    objects: [
      pod("sidecar-crashes", {}, {
        initContainers: [
          {
            ...main({ ...sh("echo no port; exit 6"), restartPolicy: "Always", ...neverReady }),
            name: "sidecar",
          },
        ],
      }),
    ],
    args: "pod/sidecar-crashes --fail-on any",
    end: "stuck",
    reason: /container sidecar: CrashLoopBackOff.*exit code 6/,
    knows: waits("sidecar-crashes", "CrashLoopBackOff"),
  },
  {
    name: "a hook after the start that fails",
    objects: [
      pod("hook-fails", {
        lifecycle: { postStart: { exec: { command: ["false"] } } },
        ...neverReady,
      }),
    ],
    args: "pod/hook-fails --fail-on any",
    end: "stuck",
    reason: /"cause": "(?:PostStartHookError|CrashLoopBackOff)"/,
    knows: waits("hook-fails", "PostStartHookError", "CrashLoopBackOff"),
  },
  {
    name: "a probe of life that fails",
    objects: [
      pod("not-alive", {
        livenessProbe: { exec: { command: ["false"] }, periodSeconds: 1, failureThreshold: 1 },
        ...neverReady,
      }),
    ],
    args: "pod/not-alive --fail-on CrashLoopBackOff",
    end: "stuck",
    reason: /"cause": "CrashLoopBackOff"/,
    knows: waits("not-alive", "CrashLoopBackOff"),
  },
  {
    name: "a probe of the start that fails",
    objects: [
      pod("not-started", {
        startupProbe: {
          exec: { command: ["sh", "-c", "echo no file; false"] },
          periodSeconds: 1,
          failureThreshold: 1000,
        },
      }),
    ],
    args: "pod/not-started --timeout 10s",
    after: hasEvent("not-started", "Unhealthy", "Startup probe failed: no file"),
    end: "timeout",
    reason: /Startup probe failed: no file/,
  },
  {
    name: "a gate of readiness that nobody opens",
    objects: [
      pod("gated", {}, { readinessGates: [{ conditionType: "example.com/open" }] }),
    ],
    args: "pod/gated --fail-on ReadinessGatesNotReady",
    end: "stuck",
    reason: /ReadinessGatesNotReady/,
    knows: hasCondition("Pod", "gated", "ContainersReady"),
  },
  {
    name: "a gate of scheduling that nobody opens",
    objects: [pod("unscheduled", {}, { schedulingGates: [{ name: "example.com/open" }] })],
    args: "pod/unscheduled --fail-on SchedulingGated",
    end: "stuck",
    reason: /SchedulingGated/,
    knows: hasCondition("Pod", "unscheduled", "PodScheduled", "False"),
  },
  {
    name: "more memory than any node has",
    objects: [pod("too-large", { resources: { requests: { memory: "100Ti" } } })],
    args: "pod/too-large --fail-on Unschedulable",
    end: "stuck",
    reason: /Unschedulable: .*Insufficient memory/,
    knows: hasCondition("Pod", "too-large", "PodScheduled", "False"),
  },
  {
    name: "a second pod for which there is no second node",
    objects: [
      workload("Deployment", "apart", {}, {
        own: { replicas: 2 },
        pods: {
          affinity: {
            podAntiAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [{
                labelSelector: { matchLabels: { app: "apart" } },
                topologyKey: "kubernetes.io/hostname",
              }],
            },
          },
        },
      }),
    ],
    args: "deploy/apart --fail-on Unschedulable",
    end: "stuck",
    reason: /\d of 2 pods are available; pod\/apart-.*Unschedulable: .*anti-affinity/,
    knows: (seen) =>
      seen.metadata.name.startsWith("apart-") &&
      hasCondition("Pod", seen.metadata.name, "PodScheduled", "False")(seen),
  },
  {
    name: "a volume from a Secret that doesn't exist",
    objects: [
      pod("no-secret-volume", { volumeMounts: [{ name: "keys", mountPath: "/keys" }] }, {
        volumes: [{ name: "keys", secret: { secretName: "absent" } }],
      }),
    ],
    args: "pod/no-secret-volume --timeout 10s",
    after: hasEvent("no-secret-volume", "FailedMount", "not found"),
    end: "timeout",
    reason: /FailedMount: .*secret \\"absent\\" not found/,
  },
  {
    name: "a folder that the node doesn't have",
    objects: [
      pod("no-folder", { volumeMounts: [{ name: "data", mountPath: "/data" }] }, {
        volumes: [{ name: "data", hostPath: { path: "/absent-folder", type: "Directory" } }],
      }),
    ],
    args: "pod/no-folder --fail-on FailedMount",
    end: "stuck",
    reason: /FailedMount: .*hostPath type check failed/,
    knows: hasEvent("no-folder", "FailedMount", "hostPath type check failed"),
  },
  {
    name: "a service account that doesn't exist",
    objects: [workload("Deployment", "no-account", {}, { pods: { serviceAccountName: "absent" } })],
    args: "deploy/no-account --fail-on FailedCreate",
    end: "stuck",
    reason: /serviceaccount \\"absent\\" not found/,
    knows: hasCondition("Deployment", "no-account", "ReplicaFailure"),
  },
  {
    name: "a daemon set whose image can't be pulled",
    objects: [workload("DaemonSet", "bad-daemon", { image: "localhost/none:1" })],
    args: "ds/bad-daemon --fail-on any",
    end: "stuck",
    reason: /pod\/bad-daemon-.*ImagePullBackOff/,
    knows: waits("bad-daemon", "ImagePullBackOff"),
  },
  {
    name: "a stateful set that crashes, and has more pods to start",
    objects: [
      workload("StatefulSet", "crash-set", { ...sh("echo no disk; exit 7"), ...neverReady }, {
        own: { replicas: 3 },
      }),
    ],
    args: "sts/crash-set --fail-on any",
    end: "stuck",
    reason: /of 3 pods are ready; pod\/crash-set-0.*CrashLoopBackOff.*exit code 7[^]*no disk/,
    knows: waits("crash-set-0", "CrashLoopBackOff"),
  },
  {
    name: "a deployment that is paused",
    embedded: true,
    objects: [workload("Deployment", "paused", {}, { own: { paused: true } })],
    args: "deploy/paused --fail-on any",
    end: "stuck",
    reason: /"cause": "DeploymentPaused"/,
  },
  {
    name: "a job that is suspended",
    objects: [job("suspended", {}, { suspend: true })],
    args: "job/suspended --fail-on any",
    end: "stuck",
    reason: /suspended/i,
  },
  {
    name: "a pod whose time is over",
    objects: [pod("overdue", neverReady, { activeDeadlineSeconds: 2, restartPolicy: "Never" })],
    args: "pod/overdue --fail-on any",
    end: "stuck",
    reason: /DeadlineExceeded/,
    knows: hasPhase("overdue", "Failed"),
  },
  {
    name: "a job whose policy ends it at the first failure",
    objects: [
      job("no-retry", sh("exit 42"), {
        backoffLimit: 6,
        podFailurePolicy: {
          rules: [{ action: "FailJob", onExitCodes: { operator: "In", values: [42] } }],
        },
      }),
    ],
    args: "job/no-retry --fail-on Failed",
    end: "stuck",
    reason: /PodFailurePolicy/,
    knows: hasCondition("Job", "no-retry", "FailureTarget"),
  },
  {
    name: "a job of several pods",
    objects: [job("several", sh("true"), { completions: 3, parallelism: 2 })],
    args: "job/several",
    end: "met",
    knows: hasCondition("Job", "several", "Complete"),
  },
  {
    name: "what comes after a job that fails",
    objects: [job("first-fails", sh("exit 3"))],
    args: "job/first-fails --then deploy/good --fail-on any",
    end: "stuck",
    reason: /"cause": "Failed"[^]*it comes after job\/first-fails/,
    knows: hasCondition("Job", "first-fails", "Failed"),
  },
  {
    name: "a deployment that is deleted",
    embedded: true,
    objects: [workload("Deployment", "deleted-deploy", neverReady)],
    args: "deploy/deleted-deploy --fail-on any",
    then: ["delete", "deploy/deleted-deploy", "--wait=false"],
    end: "stuck",
    reason: /it was deleted/,
    knows: ({ kind, metadata }, type) =>
      kind === "Deployment" && metadata.name === "deleted-deploy" && type === "DELETED",
  },
  {
    name: "an object that gets the awaited label",
    embedded: true,
    objects: [configMap("to-label")],
    args: "configmaps -l made=yes --for create",
    then: ["label", "configmap/to-label", "made=yes"],
    end: "met",
    knows: ({ metadata }) =>
      metadata.name === "to-label" &&
      JSON.stringify((metadata as { labels?: unknown }).labels ?? {}).includes("made"),
  },
  {
    name: "a creation that doesn't come",
    embedded: true,
    args: "configmap/never-created --for create --timeout 2s",
    end: "timeout",
    reason: /it does not exist/,
  },
];

const exitCodes = { met: 0, timeout: 1, stuck: 5 } as const;

/** The cluster, and a namespace of it. */
export interface SituationsOn {
  namespace: string;
  kubeconfig: string;
  /** The program. */
  kubectl: string;
}

/** The kinds of all objects, and Events. */
const kinds = [
  "pods",
  "deployments",
  "statefulsets",
  "daemonsets",
  "jobs",
  "configmaps",
  "events",
];

/** The end of one wait. */
interface Ended {
  code: number;
  stdout: string;
  stderr: string;
  startedMs: number;
  endedMs: number;
}

/**
 * Runs all of them at the same time.
 *
 * @returns what is wrong, a line each; and how late each end came, in milliseconds after the server's report to
 *   kubectl, of those that came during the wait.
 */
export async function runSituations(
  all: readonly Situation[],
  on: SituationsOn,
): Promise<{ wrong: string[]; latenessMs: Map<string, number> }> {
  await using server = new ServerReports(all, on);
  const objects = all.flatMap(({ objects = [] }) => objects);
  // A quota holds when its controller has counted: what is created before is admitted.
  if (all.some(({ hasQuota }) => hasQuota)) {
    await kubectl(on, ["create", "-f", "-"], JSON.stringify(quota));
    await kubectl(on, ["wait", "resourcequota", "--all", "--for=jsonpath={.status.hard}"]);
  }
  await kubectl(
    on,
    ["create", "-f", "-"],
    JSON.stringify({
      apiVersion: "v1",
      kind: "List",
      items: objects,
    }),
  );
  const kodama = new KodamaInProcess({ KUBECONFIG: on.kubeconfig, KODAMA_CONFIG_DIR: "/nowhere" });
  const waits = all.map(async (situation): Promise<Ended> => {
    const { args, after } = situation;
    if (after !== undefined) await server.until((seen) => seen.some(after));
    const startedMs = performance.now();
    const limit = args.includes("--timeout") ? [] : ["--timeout", `${hangLimitMs / 1000}s`];
    const result = await kodama.run(
      ["wait", "-n", on.namespace, "-o", "json", ...limit, ...args.split(" ")],
    );
    return { ...result, startedMs, endedMs: performance.now() };
  });
  await Promise.all(waits.filter((_, index) => all[index]?.then === undefined));
  // A watch of kubectl's that starts later wouldn't report what is deleted.
  const changed = all.flatMap(({ then, objects = [] }) => then === undefined ? [] : objects);
  await server.until((seen) => changed.every((one) => seen.some((other) => isSame(one, other))));
  await Promise.all(all.map(({ then }) => then === undefined ? undefined : kubectl(on, then)));
  const ended = await Promise.all(waits);
  // kubectl may be slower than kodama.
  await server.until(() => all.every((one) => one.knows === undefined || server.knownMs.has(one)));
  const latenessMs = new Map<string, number>();
  const wrong = all.flatMap((situation, index): string[] => {
    const result = ended[index];
    assert.ok(result);
    const { name, end, reason } = situation;
    const knownMs = server.knownMs.get(situation);
    // What the server reported before is known at the end of the first list: that is how long all of them take to start.
    if (knownMs !== undefined && knownMs > result.startedMs) {
      latenessMs.set(name, result.endedMs - knownMs);
    }
    const problems = [
      ...(result.code === exitCodes[end] ? [] : [`exit code ${result.code}`]),
      ...(result.stdout.includes(`"end": "${end}"`) ? [] : [`not ${end}`]),
      ...(reason === undefined || reason.test(result.stdout) ? [] : [`not ${reason}`]),
      ...(situation.knows === undefined || knownMs !== undefined ? [] : ["kubectl never saw it"]),
    ];
    return problems.map((one) => `${name}: ${one}: ${result.stdout}${result.stderr}`);
  });
  return { wrong, latenessMs };
}

async function kubectl(on: SituationsOn, args: readonly string[], stdin = ""): Promise<void> {
  const child = new Deno.Command(on.kubectl, {
    args: ["--kubeconfig", on.kubeconfig, "-n", on.namespace, ...args],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  await writer.close();
  const { success, stderr } = await child.output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

function isSame({ kind, metadata }: Fields, seen: Seen): boolean {
  return seen.kind === kind && seen.metadata.name === (metadata as Seen["metadata"]).name;
}

/** When the server reported what each situation waits for, by `kubectl get --watch`. */
class ServerReports implements AsyncDisposable {
  readonly knownMs = new Map<Situation, number>();
  readonly #all: readonly Situation[];
  readonly #seen: Seen[] = [];
  #changed = Promise.withResolvers<void>();
  readonly #watches: Deno.ChildProcess[];
  readonly #reading: Promise<void>[];

  constructor(all: readonly Situation[], { kubectl, kubeconfig, namespace }: SituationsOn) {
    this.#all = all;
    this.#watches = kinds.map((kind) =>
      new Deno.Command(kubectl, {
        args: [
          ...["--kubeconfig", kubeconfig, "-n", namespace, "get", kind],
          ...["--watch", "--output-watch-events", "-o", "json"],
        ],
        stdout: "piped",
        stderr: "null",
      }).spawn()
    );
    this.#reading = this.#watches.map(({ stdout }) => this.#read(stdout));
  }

  async #read(stdout: ReadableStream<Uint8Array>): Promise<void> {
    let text = "";
    for await (const chunk of stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (text + chunk).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) this.#take(JSON.parse(line));
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }

  /** Waits until what kubectl has printed fulfils a condition, or for so long that it never will. */
  async until(condition: (seen: readonly Seen[]) => boolean): Promise<void> {
    const late = Promise.withResolvers<void>();
    using _limit = systemClock.timer(hangLimitMs, late.resolve);
    const isOver = late.promise.then(() => true);
    while (!condition(this.#seen)) {
      if (await Promise.race([this.#changed.promise, isOver])) return;
    }
  }

  #take({ type, object }: { type: string; object: Seen }): void {
    this.#seen.push(object);
    for (const situation of this.#all) {
      if (this.knownMs.has(situation) || situation.knows?.(object, type) !== true) continue;
      this.knownMs.set(situation, performance.now());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const watch of this.#watches) watch.kill("SIGTERM");
    await Promise.all(this.#watches.map(({ status }) => status));
    await Promise.all(this.#reading);
  }
}
