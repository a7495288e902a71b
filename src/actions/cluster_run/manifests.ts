/** The objects of a run in the cluster: a Job, or a CronJob, and what its pods need. Pure. */
import type { NeededRole } from "../workflow/automation.ts";
import { definedOnly } from "../../base/json_value.ts";
import type { KubeObject, OwnerReference, Pod, PodSpec } from "../../kube/types.ts";
import { requestsWithin } from "../../session/manifests/pod.ts";
import { podIds, podPlacement, type PodSettings } from "../../session/pod_settings.ts";
import {
  runLabels,
  scheduleLabel,
  scheduleLabels,
  shardContainer,
  workflowAnnotation,
} from "./names.ts";
import { type MountedKey, mountFolder, requestKey, secretFolder } from "./request.ts";
import { chunkName, maxChunks } from "./shard_record.ts";

/** The exit code of a shard that couldn't record its end: it is started again. From sysexits.h: a temporary failure. */
export const tryAgainExitCode = 75;

/** Exit codes of a process that was stopped: by kodama after a signal, or by the signal itself. */
const stoppedExitCodes = [tryAgainExitCode, 130, 137, 143];

/** How often a shard may be killed before it is given up. Drained nodes don't count. */
const maxRestarts = 6;

/** For the steps of `finally` after a stop. */
const graceSeconds = 60;

/** What a Job depends on. */
export interface RunSpec {
  workflow: string;
  image: string;
  shards: number;
  serviceAccount: string;
  /** Keys of the ConfigMap. */
  items: readonly MountedKey[];
  /** The ConfigMap's name, and of the Secret if there is one. */
  configMap: string;
  secret?: string;
  /** The Job and its records are removed after this. */
  retainSeconds: number;
  /** Kubernetes ends the Job after this time, also if it has started nothing; no limit if absent. */
  limitSeconds?: number;
  pods: PodSettings;
  /** Limits of each pod. */
  limits: { cpu: string; memory: string };
}

/** The user of kodama's image. */
const userId = 65532;

/** A mesh's proxy would outlive the shard, and its pod the run. The user's settings may say otherwise. */
const withoutMesh = { "sidecar.istio.io/inject": "false" };

/** A rule of a Role, as Kubernetes has it. */
export interface PolicyRule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

/** Returns the Job of a run; it doesn't start before it is resumed. */
export function jobObject(
  name: string,
  namespace: string,
  spec: RunSpec,
): KubeObject {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name,
      namespace,
      labels: { ...spec.pods.labels, ...runLabels(name, "run") },
      annotations: { [workflowAnnotation]: spec.workflow },
    },
    spec: { suspend: true, ...jobSpec(spec, {}) },
  };
}

/** Returns the CronJob of a schedule; it doesn't start before it is resumed. */
export function cronJobObject(
  name: string,
  namespace: string,
  { cron, timeZone, schedule, ...spec }: RunSpec & {
    /** The name that people use. */
    schedule: string;
    cron: string;
    timeZone?: string;
  },
): KubeObject {
  const labels = { ...spec.pods.labels, ...scheduleLabels(schedule, "run") };
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name, namespace, labels, annotations: { [workflowAnnotation]: spec.workflow } },
    spec: {
      suspend: true,
      schedule: cron,
      ...(timeZone === undefined ? {} : { timeZone }),
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: 300,
      // Their time to live alone decides.
      successfulJobsHistoryLimit: maxHistory,
      failedJobsHistoryLimit: maxHistory,
      jobTemplate: {
        metadata: { labels, annotations: { [workflowAnnotation]: spec.workflow } },
        spec: jobSpec(spec, { [scheduleLabel]: schedule }),
      },
    },
  };
}

/** The largest that the API takes. */
const maxHistory = 2 ** 31 - 1;

function jobSpec(spec: RunSpec, labels: Record<string, string>): Record<string, unknown> {
  const { shards, retainSeconds, limitSeconds } = spec;
  // A namespace in which a Job with a limit for each index is unfinished is never deleted (Kubernetes 1.34).
  const isOne = shards === 1;
  return {
    completionMode: "Indexed",
    completions: shards,
    parallelism: shards,
    ...(isOne ? { backoffLimit: maxRestarts } : { backoffLimitPerIndex: maxRestarts }),
    ...definedOnly({ activeDeadlineSeconds: limitSeconds }),
    podFailurePolicy: {
      rules: [
        { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
        {
          // A run that ended isn't repeated because its pods weren't ok.
          action: isOne ? "FailJob" : "FailIndex",
          onExitCodes: {
            containerName: shardContainer,
            operator: "NotIn",
            values: stoppedExitCodes,
          },
        },
      ],
    },
    ttlSecondsAfterFinished: retainSeconds,
    template: shardPod(spec, labels),
  };
}

/** Returns the template of a shard's pod: kodama, its request in a volume, and a folder to write to. */
export function shardPod(
  { image, serviceAccount, items, configMap, secret, pods, limits }: RunSpec,
  labels: Record<string, string>,
): Pod {
  const field = (name: string, fieldPath: string) => ({
    name,
    valueFrom: { fieldRef: { fieldPath } },
  });
  const metadata = {
    labels: {
      ...withoutMesh,
      ...pods.labels,
      "app.kubernetes.io/managed-by": "kodama",
      ...labels,
    },
    annotations: { ...withoutMesh, "linkerd.io/inject": "disabled", ...pods.annotations },
  };
  const spec: PodSpec = {
    restartPolicy: "Never",
    serviceAccountName: serviceAccount,
    terminationGracePeriodSeconds: graceSeconds,
    securityContext: {
      runAsNonRoot: true,
      ...podIds(pods, userId),
      seccompProfile: { type: "RuntimeDefault" },
    },
    ...podPlacement(pods),
    containers: [{
      name: shardContainer,
      image,
      args: [
        "runs",
        "shard",
        "--job=$(JOB_NAME)",
        "--job-uid=$(JOB_UID)",
        "--namespace=$(JOB_NAMESPACE)",
        "--holder=$(POD_UID)",
        "--index=$(JOB_COMPLETION_INDEX)",
      ],
      env: [
        field("JOB_NAME", "metadata.labels['batch.kubernetes.io/job-name']"),
        field("JOB_UID", "metadata.labels['batch.kubernetes.io/controller-uid']"),
        field("JOB_NAMESPACE", "metadata.namespace"),
        field("POD_UID", "metadata.uid"),
        field(
          "JOB_COMPLETION_INDEX",
          "metadata.annotations['batch.kubernetes.io/job-completion-index']",
        ),
        { name: "HOME", value: "/tmp" },
        { name: "KODAMA_CONFIG_DIR", value: "/tmp/kodama" },
      ],
      resources: { requests: requestsWithin(limits), limits },
      securityContext: {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        readOnlyRootFilesystem: true,
      },
      terminationMessagePolicy: "FallbackToLogsOnError",
      volumeMounts: [
        { name: "request", mountPath: mountFolder, readOnly: true },
        ...(secret === undefined
          ? []
          : [{ name: "secret", mountPath: secretFolder, readOnly: true }]),
        { name: "tmp", mountPath: "/tmp" },
      ],
    }],
    volumes: [
      { name: "request", configMap: { name: configMap, items: [...items] } },
      ...(secret === undefined ? [] : [{
        name: "secret",
        secret: {
          secretName: secret,
          defaultMode: 0o440,
          items: [{ key: requestKey, path: requestKey }],
        },
      }]),
      { name: "tmp", emptyDir: { sizeLimit: "1Gi" } },
    ],
  };
  return { metadata, spec };
}

/** An object that goes with its owner. */
export interface OwnedObjects {
  /** The name of each of the objects: they differ in their kinds. */
  name: string;
  namespace: string;
  labels: Record<string, string>;
  owner: OwnerReference;
}

/** Returns the ConfigMap of a request, and the Secret if there are secret values. */
export function requestObjects(
  { name, namespace, labels, owner }: OwnedObjects,
  { data, secrets }: { data: Record<string, string>; secrets?: string },
): KubeObject[] {
  const metadata = { name, namespace, labels, ownerReferences: [owner] };
  const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata, immutable: true, data };
  if (secrets === undefined) return [configMap];
  return [configMap, {
    apiVersion: "v1",
    kind: "Secret",
    metadata,
    immutable: true,
    stringData: { [requestKey]: secrets },
  }];
}

/** Returns a ServiceAccount with exactly these rights in its namespace. */
export function accountObjects(
  { name, namespace, labels, owner }: OwnedObjects,
  rules: readonly PolicyRule[],
): KubeObject[] {
  const group = "rbac.authorization.k8s.io";
  const metadata = { name, namespace, labels, ownerReferences: [owner] };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    { apiVersion: `${group}/v1`, kind: "Role", metadata, rules },
    {
      apiVersion: `${group}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: group, kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
  ];
}

/** Returns the rules of a workflow's role. */
export function rulesOf(roles: readonly NeededRole[]): PolicyRule[] {
  return roles.flatMap(({ rules }) =>
    rules.map(({ group, resources, verbs }) => ({
      apiGroups: [group],
      resources: [...resources],
      verbs: [...verbs],
    }))
  );
}

/** The rights on records: of a Job only on its own ones; the names of those of a schedule aren't known before. */
export function recordRules(job: { name: string; shards: number } | undefined): PolicyRule[] {
  const configMaps = { apiGroups: [""], resources: ["configmaps"] };
  if (job === undefined) return [{ ...configMaps, verbs: ["create", "get", "update"] }];
  return [
    // A right to create can't be limited to names.
    { ...configMaps, verbs: ["create"] },
    { ...configMaps, verbs: ["get", "update"], resourceNames: recordNames(job) },
  ];
}

/** Returns the names that the records of a Job may have. */
export function recordNames({ name, shards }: { name: string; shards: number }): string[] {
  return Array.from(
    { length: shards * maxChunks },
    (_, index) => chunkName(name, Math.floor(index / maxChunks), index % maxChunks),
  );
}
