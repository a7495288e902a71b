import assert from "node:assert/strict";
import { judge, parseCondition } from "./condition.ts";
import { type AnyObject, causesOf, hasReadiness, readiness, rollout } from "./readiness.ts";
import { kindNamed } from "./testing/kinds.ts";

const object = (status: object, spec: object = {}, metadata: object = {}): AnyObject => ({
  metadata: { name: "web-0", namespace: "n", ...metadata },
  spec,
  status,
});
/** A workload whose controller has seen its second generation. */
const workload = (status: object, spec: object = {}, metadata: object = {}): AnyObject =>
  object({ observedGeneration: 2, ...status }, { replicas: 2, ...spec }, {
    generation: 2,
    ...metadata,
  });
const container = (state: object, lastState: object = {}, restartCount = 0) => ({
  name: "main",
  ready: false,
  state,
  lastState,
  restartCount,
});
const pending = (...containerStatuses: object[]) =>
  object({ phase: "Pending", containerStatuses, conditions: [{ type: "Ready", status: "False" }] });
const waitingFor = (reason: string, message?: string) =>
  container({ waiting: { reason, message } });
const ended = (reason: string, exitCode: number) => ({ terminated: { reason, exitCode } });
const condition = (type: string, status: string, more: object = {}) => ({ type, status, ...more });
const conditions = (...all: object[]) => object({ conditions: all });

const done = { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };
const setDone = { ...done, currentRevision: "b", updateRevision: "b" };
const setOld = { ...done, updatedReplicas: 0, currentRevision: "a", updateRevision: "b" };
const nodesDone = {
  desiredNumberScheduled: 2,
  currentNumberScheduled: 2,
  updatedNumberScheduled: 2,
  numberAvailable: 2,
};
const onDelete = { updateStrategy: { type: "OnDelete" } };
const unobserved = "waiting: its controller has not seen the newest change";

/** What it is, its kind, the object, how it is judged, and the words that `--fail-on` knows it by. */
const situations: readonly (readonly [string, string, AnyObject, string, ...string[]])[] = [
  // Containers and pods.
  [
    "killed for its memory again and again",
    "Pod",
    pending(
      container(
        { waiting: { reason: "CrashLoopBackOff", message: "back-off 40s restarting failed" } },
        ended("OOMKilled", 137),
        3,
      ),
    ),
    "stuck: container main: CrashLoopBackOff: back-off 40s restarting failed (OOMKilled, exit code 137, 3 restarts)",
    "CrashLoopBackOff",
    "OOMKilled",
  ],
  [
    "killed for its memory, and started again",
    "Pod",
    pending(container({ running: {} }, ended("OOMKilled", 137), 1)),
    "waiting: container main: running, not ready (OOMKilled, exit code 137, 1 restarts)",
    "OOMKilled",
  ],
  [
    "killed for its memory a moment ago",
    "Pod",
    pending(container(ended("OOMKilled", 137))),
    "waiting: container main: ended (OOMKilled, exit code 137, 0 restarts)",
    "OOMKilled",
  ],
  [
    "killed by its liveness probe: also 137, and no word for it",
    "Pod",
    pending(container({ waiting: { reason: "CrashLoopBackOff" } }, ended("Error", 137), 2)),
    "stuck: container main: CrashLoopBackOff (exit code 137, 2 restarts)",
    "CrashLoopBackOff",
  ],
  [
    "a program that can't be started",
    "Pod",
    pending(container({ waiting: { reason: "CrashLoopBackOff" } }, ended("StartError", 128), 2)),
    "stuck: container main: CrashLoopBackOff (StartError, exit code 128, 2 restarts)",
    "CrashLoopBackOff",
    "StartError",
  ],
  ...["ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError"]
    .map((reason) =>
      [
        reason,
        "Pod",
        pending(waitingFor(reason, "no such")),
        `stuck: container main: ${reason}: no such`,
        reason,
      ] as const
    ),
  [
    "an image that may come with the next attempt",
    "Pod",
    pending(waitingFor("ErrImagePull", "not found")),
    "waiting: container main: ErrImagePull: not found",
    "ErrImagePull",
  ],
  [
    "an init container that crashes",
    "Pod",
    object({
      phase: "Pending",
      initContainerStatuses: [waitingFor("CrashLoopBackOff")],
      containerStatuses: [waitingFor("PodInitializing")],
    }),
    "stuck: container main: CrashLoopBackOff",
    "CrashLoopBackOff",
  ],
  [
    "no node",
    "Pod",
    conditions(
      condition("PodScheduled", "False", { reason: "Unschedulable", message: "0/1 nodes" }),
    ),
    "waiting: Unschedulable: 0/1 nodes",
    "Unschedulable",
  ],
  [
    "a scheduling gate",
    "Pod",
    conditions(condition("PodScheduled", "False", { reason: "SchedulingGated" })),
    "waiting: SchedulingGated",
    "SchedulingGated",
  ],
  [
    "a readiness gate",
    "Pod",
    conditions(condition("Ready", "False", { reason: "ReadinessGatesNotReady", message: "x" })),
    "waiting: ReadinessGatesNotReady: x",
    "ReadinessGatesNotReady",
  ],
  [
    "evicted",
    "Pod",
    object({ phase: "Failed", reason: "Evicted", message: "low on memory" }),
    "stuck: it has failed: Evicted: low on memory",
    "Failed",
    "Evicted",
  ],
  [
    "failed, killed for its memory",
    "Pod",
    object({ phase: "Failed", containerStatuses: [container(ended("OOMKilled", 137))] }),
    "stuck: it has failed: container main: ended (OOMKilled, exit code 137, 0 restarts)",
    "Failed",
    "OOMKilled",
  ],
  ["completed", "Pod", object({ phase: "Succeeded" }), "stuck: it has completed", "Succeeded"],
  [
    "being deleted, and ready until then",
    "Pod",
    object({ conditions: [condition("Ready", "True")] }, {}, { deletionTimestamp: "now" }),
    "waiting: it is terminating",
  ],
  [
    "ready, for the resources that it had before",
    "Pod",
    object({ conditions: [condition("Ready", "True", { observedGeneration: 1 })] }, {}, {
      generation: 2,
    }),
    "waiting: its condition Ready is that of an earlier generation",
  ],

  // Workloads right after a change.
  [
    "a Deployment right after a restart",
    "Deployment",
    workload({ ...done, observedGeneration: 1 }),
    unobserved,
  ],
  [
    "a StatefulSet right after a restart",
    "StatefulSet",
    workload({ ...setDone, observedGeneration: 1 }),
    unobserved,
  ],
  [
    "a DaemonSet right after a restart",
    "DaemonSet",
    workload({ ...nodesDone, observedGeneration: 1 }),
    unobserved,
  ],
  [
    "a ReplicaSet right after it was scaled",
    "ReplicaSet",
    workload({ ...done, observedGeneration: 1 }),
    unobserved,
  ],
  ["a Deployment without a status", "Deployment", object({}, {}, { generation: 1 }), unobserved],
  [
    "a Deployment whose old pods are all there",
    "Deployment",
    workload({ ...done, updatedReplicas: 0 }),
    "waiting: 0 of 2 pods are updated",
  ],
  [
    "a Deployment with an old pod",
    "Deployment",
    workload({ ...done, replicas: 3 }),
    "waiting: 1 old pods are still to be removed",
  ],
  [
    "a Deployment that was scaled down",
    "Deployment",
    workload({ ...done, replicas: 3, updatedReplicas: 3, availableReplicas: 3 }),
    "waiting: 1 more pods than wanted are still to be removed",
  ],
  [
    "a StatefulSet whose old pods are all there",
    "StatefulSet",
    workload(setOld),
    "waiting: 0 of 2 pods are updated",
  ],
  [
    "a StatefulSet that was scaled down",
    "StatefulSet",
    workload({ ...setDone, replicas: 4, readyReplicas: 4, updatedReplicas: 4 }),
    "waiting: 2 more pods than wanted are still to be removed",
  ],
  [
    "a StatefulSet whose pods have to be ready for a time",
    "StatefulSet",
    workload({ ...setDone, availableReplicas: 1 }, { minReadySeconds: 10 }),
    "waiting: 1 of 2 pods are available",
  ],
  [
    "a DaemonSet with an old pod",
    "DaemonSet",
    workload({ ...nodesDone, updatedNumberScheduled: 1 }),
    "waiting: 1 of 2 pods are updated",
  ],
  [
    "a Deployment that is being deleted",
    "Deployment",
    workload(done, {}, { deletionTimestamp: "now", finalizers: ["foregroundDeletion"] }),
    "waiting: it is terminating: held by finalizer foregroundDeletion",
  ],

  // What a controller doesn't do by itself.
  [
    "a StatefulSet without an update by its controller",
    "StatefulSet",
    workload(setOld, onDelete),
    "stuck: OnDelete: 0 of 2 pods have the new template; the others change when they are deleted",
    "OnDelete",
  ],
  [
    "a DaemonSet without an update by its controller",
    "DaemonSet",
    workload({ ...nodesDone, updatedNumberScheduled: 1 }, onDelete),
    "stuck: OnDelete: 1 of 2 pods have the new template; the others change when they are deleted",
    "OnDelete",
  ],
  [
    "a paused Deployment that has changed",
    "Deployment",
    workload({ ...done, updatedReplicas: 0 }, { paused: true }),
    "stuck: it is paused: 0 of 2 pods are updated",
    "DeploymentPaused",
  ],
  [
    "a Deployment that was paused half-way",
    "Deployment",
    workload({ ...done, replicas: 3, updatedReplicas: 1 }, { paused: true }),
    "stuck: it is paused: 1 of 2 pods are updated",
    "DeploymentPaused",
  ],
  [
    "a paused Deployment that is being scaled",
    "Deployment",
    workload({ replicas: 1, updatedReplicas: 1 }, { paused: true }),
    "waiting: it is paused: 1 of 2 pods are updated",
    "DeploymentPaused",
  ],
  [
    "a suspended Job",
    "Job",
    object({}, { suspend: true }),
    "stuck: it is suspended: 0 of 1 pods have completed",
    "Suspended",
  ],
  [
    "a Job that waits in a queue",
    "Job",
    object({}, { suspend: true }, { labels: { "kueue.x-k8s.io/queue-name": "q" } }),
    "waiting: it is suspended: 0 of 1 pods have completed",
    "Suspended",
  ],
  ...[
    "ConfigMap",
    "Service",
    "CronJob",
    "PodDisruptionBudget",
    "HorizontalPodAutoscaler",
    "Ingress",
  ]
    .map((kind) =>
      [
        `a ${kind}`,
        kind,
        conditions(condition("DisruptionAllowed", "True")),
        `stuck: a ${kind} has no state that it could be ready in`,
        "NoState",
      ] as const
    ),

  // Refusals and failures.
  [
    "a rollout whose deadline has passed",
    "Deployment",
    workload({
      ...done,
      conditions: [condition("Progressing", "False", { reason: "ProgressDeadlineExceeded" })],
    }),
    "stuck: ProgressDeadlineExceeded",
    "ProgressDeadlineExceeded",
  ],
  ...[
    'pods "web" is forbidden: exceeded quota',
    'admission webhook "policy.example.com" denied the request: no tag',
    'Pod "web" is invalid: spec.containers[0].image: Required value',
  ].flatMap((message) =>
    (["Deployment", "ReplicaSet"] as const).map((kind) =>
      [
        `a ${kind} whose pods are refused`,
        kind,
        workload({
          conditions: [condition("ReplicaFailure", "True", { reason: "FailedCreate", message })],
        }),
        `stuck: FailedCreate: ${message}`,
        "FailedCreate",
      ] as const
    )
  ),
  [
    "a Job that has failed too often",
    "Job",
    conditions(condition("Failed", "True", { reason: "BackoffLimitExceeded" })),
    "stuck: BackoffLimitExceeded",
    "Failed",
    "BackoffLimitExceeded",
  ],
  [
    "a lost claim",
    "PersistentVolumeClaim",
    object({ phase: "Lost" }),
    "stuck: its volume is lost",
    "Lost",
  ],
  [
    "a released volume",
    "PersistentVolume",
    object({ phase: "Released" }),
    "waiting: it is Released",
  ],

  // Custom resources.
  [
    "a resource that its controller hasn't seen",
    "Thing",
    object({ observedGeneration: 1, conditions: [condition("Ready", "True")] }, {}, {
      generation: 2,
    }),
    unobserved,
  ],
  [
    "a resource with an outdated condition",
    "Thing",
    object({ conditions: [condition("Ready", "True", { observedGeneration: 1 })] }, {}, {
      generation: 2,
    }),
    "waiting: its condition Ready is that of an earlier generation",
  ],
  [
    "a resource with the generation as a text",
    "Thing",
    object({ observedGeneration: "1", conditions: [condition("Available", "True")] }, {}, {
      generation: 2,
    }),
    unobserved,
  ],
  [
    "available, and not ready",
    "Thing",
    conditions(condition("Available", "True"), condition("Ready", "False", { reason: "Syncing" })),
    "waiting: Syncing",
    "Syncing",
  ],
  [
    "stalled",
    "Thing",
    conditions(
      condition("Ready", "False"),
      condition("Stalled", "True", { reason: "BuildFailed", message: "no such file" }),
    ),
    "stuck: BuildFailed: no such file",
    "Stalled",
    "BuildFailed",
  ],
  [
    "a Job of another group",
    "Job.example.com",
    object({ observedGeneration: 2, conditions: [condition("Complete", "True")] }),
    "waiting: it has no condition Ready",
  ],
  [
    "a definition whose names are taken",
    "CustomResourceDefinition",
    conditions(condition("NamesAccepted", "False", { reason: "PluralConflict" })),
    "stuck: PluralConflict",
    "NamesAccepted",
    "PluralConflict",
  ],
];

Deno.test(`\`readiness()\` knows ${situations.length} situations that aren't ready, and why`, () => {
  for (const [name, kind, object, expected, ...causes] of situations) {
    const verdict = readiness(kindNamed(kind), object);
    const found = verdict.kind === "met" ? "met" : `${verdict.kind}: ${verdict.reason}`;
    assert.deepEqual([found, causesOf(verdict)], [expected, causes], name);
  }
});

Deno.test("`readiness()` takes what its controller is done with", () => {
  const ready: readonly (readonly [string, string, AnyObject])[] = [
    ["a Deployment", "Deployment", workload(done)],
    ["a paused Deployment that hasn't changed", "Deployment", workload(done, { paused: true })],
    ["a Deployment without pods", "Deployment", workload({}, { replicas: 0 })],
    ["a StatefulSet", "StatefulSet", workload(setDone)],
    [
      "a StatefulSet with a partition",
      "StatefulSet",
      workload(setOld, { updateStrategy: { rollingUpdate: { partition: 2 } } }),
    ],
    [
      "a StatefulSet whose pods were all deleted by hand",
      "StatefulSet",
      workload({ ...setOld, updatedReplicas: 2 }, onDelete),
    ],
    ["a DaemonSet", "DaemonSet", workload(nodesDone)],
    ["a DaemonSet of nodes that aren't there", "DaemonSet", workload({}, onDelete)],
    ["a definition", "CustomResourceDefinition", conditions(condition("Established", "True"))],
    ["a node", "Node", conditions(condition("Ready", "True"))],
    ["a volume", "PersistentVolume", object({ phase: "Available" })],
  ];
  for (const [name, kind, object] of ready) {
    assert.deepEqual(readiness(kindNamed(kind), object), { kind: "met" }, name);
  }
});

Deno.test("a condition of an earlier generation doesn't count, by the condition or by the status", () => {
  const available = [condition("Available", "True")];
  const verdict = (status: object) =>
    judge([parseCondition("condition=Available")], kindNamed("Deployment"), workload(status)).kind;
  assert.equal(verdict({ conditions: available }), "met");
  assert.equal(verdict({ conditions: available, observedGeneration: 1 }), "waiting");
  // The template of the pods has nothing to do with a condition.
  const paused = workload({ ...done, updatedReplicas: 0 }, { paused: true });
  const other = judge([parseCondition("condition=Available")], kindNamed("Deployment"), paused);
  assert.equal(other.kind, "waiting");
});

Deno.test("a deletion says what it waits for", () => {
  const reason = (object: AnyObject) => {
    const verdict = judge([{ kind: "delete" }], kindNamed("Namespace"), object);
    return verdict.kind === "met" ? "met" : verdict.reason;
  };
  const held = { deletionTimestamp: "now", finalizers: ["example.com/hold", "b"] };
  assert.equal(reason(object({}, {}, { deletionTimestamp: "now" })), "it is terminating");
  assert.equal(
    reason(object({}, {}, held)),
    "it is terminating: held by finalizers example.com/hold, b",
  );
  const remaining = [
    condition("NamespaceDeletionContentFailure", "False", { message: "all deleted" }),
    condition("NamespaceContentRemaining", "True", { message: "Some resources are remaining: cm" }),
    condition("NamespaceFinalizersRemaining", "True", { message: "example.com/hold in 1" }),
  ];
  assert.equal(
    reason(object({ conditions: remaining }, {}, held)),
    "it is terminating: Some resources are remaining: cm; example.com/hold in 1",
  );
});

Deno.test("a file of manifests isn't held up by kinds without a state", () => {
  const has = (kind: string, object: AnyObject) => hasReadiness(kindNamed(kind), object);
  assert.equal(
    has("HorizontalPodAutoscaler", conditions(condition("ScalingActive", "True"))),
    false,
  );
  assert.equal(has("Thing", conditions(condition("Synced", "True"))), true);
  assert.equal(has("Deployment", {}), true);
});

Deno.test("`rollout()` of some pods asks only whether these are new", () => {
  const pod = (name: string, labels: Record<string, string>) => object({}, {}, { name, labels });
  const old = pod("web-0", { "controller-revision-hash": "a", "pod-template-generation": "1" });
  const renewed = pod("web-1", { "controller-revision-hash": "b", "pod-template-generation": "2" });
  const set = workload({ ...setOld, updatedReplicas: 1 }, onDelete);
  const partition = workload({ ...setOld, updatedReplicas: 0 }, {
    updateStrategy: { rollingUpdate: { partition: 1 } },
  });
  const nodes = workload({ ...nodesDone, updatedNumberScheduled: 1 }, onDelete, {
    annotations: { "deprecated.daemonset.template.generation": "2" },
  });
  const cases: readonly (readonly [string, string, AnyObject, AnyObject[] | undefined, string])[] =
    [
      ["the set", "StatefulSet", set, undefined, "stuck"],
      ["its old pod", "StatefulSet", set, [old], "stuck"],
      ["its new pod", "StatefulSet", set, [renewed], "met"],
      ["both", "StatefulSet", set, [old, renewed], "stuck"],
      ["a pod below the partition", "StatefulSet", partition, [old], "met"],
      ["an old pod of a node", "DaemonSet", nodes, [old], "stuck"],
      ["a new pod of a node", "DaemonSet", nodes, [renewed], "met"],
      ["a missing pod", "ReplicaSet", workload({ replicas: 1 }), undefined, "waiting"],
      ["the others", "ReplicaSet", workload({ replicas: 1 }), [old], "met"],
      ["a resource of another kind", "Thing", workload({}), undefined, "met"],
    ];
  for (const [name, kind, object, pods, expected] of cases) {
    assert.equal(rollout(kindNamed(kind), object, pods).kind, expected, name);
  }
});
