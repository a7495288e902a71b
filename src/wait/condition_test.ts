import assert from "node:assert/strict";
import { UsageError } from "../base/errors.ts";
import { judge, parseCondition } from "./condition.ts";
import { kindNamed } from "./testing/kinds.ts";
import type { AnyObject } from "./readiness.ts";

const pod = (status: object, metadata: object = {}): AnyObject => ({ metadata, status });
const waiting = (reason: string, message?: string) => ({
  name: "main",
  ready: false,
  restartCount: 0,
  state: { waiting: { reason, message } },
});
const workload = (spec: object, status: object, generation = 1): AnyObject => ({
  metadata: { generation },
  spec,
  status: { observedGeneration: 1, ...status },
});
const job = (...conditions: object[]): AnyObject => ({ spec: {}, status: { conditions } });

/** What is waited for, the kind, the object, and the verdict: its kind, and its reason or cause. */
const verdicts: readonly (readonly [
  condition: string,
  kind: string,
  object: AnyObject | undefined,
  verdict: string,
])[] = [
  ["ready", "Pod", undefined, "waiting: it does not exist"],
  ["create", "Pod", pod({}), "met"],
  ["create", "Pod", undefined, "waiting: it does not exist"],
  ["delete", "Pod", undefined, "met"],
  ["delete", "Pod", pod({}), "waiting: it exists"],
  ["delete", "Pod", pod({}, { deletionTimestamp: "now" }), "waiting: it is terminating"],

  ["ready", "Pod", pod({ conditions: [{ type: "Ready", status: "True" }] }), "met"],
  [
    "ready",
    "Pod",
    pod({ conditions: [{ type: "Ready", status: "True" }] }, { deletionTimestamp: "now" }),
    "waiting: it is terminating",
  ],
  ["ready", "Pod", pod({ phase: "Succeeded" }), "stuck: Succeeded"],
  ["ready", "Pod", pod({ phase: "Failed", reason: "Evicted" }), "stuck: Failed"],
  [
    "ready",
    "Pod",
    pod({
      phase: "Pending",
      conditions: [{
        type: "PodScheduled",
        status: "False",
        reason: "Unschedulable",
        message: "0/1 nodes",
      }],
    }),
    "waiting: Unschedulable: 0/1 nodes",
  ],
  [
    "ready",
    "Pod",
    pod({ containerStatuses: [waiting("ContainerCreating")] }),
    "waiting: container main: ContainerCreating",
  ],
  [
    "ready",
    "Pod",
    pod({ containerStatuses: [{ name: "main", ready: false, state: { running: {} } }] }),
    "waiting: container main: running, not ready",
  ],
  ...[
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "InvalidImageName",
    "CreateContainerConfigError",
  ].map((reason) =>
    ["ready", "Pod", pod({ containerStatuses: [waiting(reason)] }), `stuck: ${reason}`] as const
  ),
  [
    "ready",
    "Pod",
    pod({ initContainerStatuses: [waiting("CrashLoopBackOff")] }),
    "stuck: CrashLoopBackOff",
  ],

  [
    "ready",
    "Deployment",
    workload({ replicas: 2 }, { updatedReplicas: 2, replicas: 2, availableReplicas: 2 }),
    "met",
  ],
  ["ready", "Deployment", workload({ replicas: 0 }, {}), "met"],
  [
    "ready",
    "Deployment",
    workload({ replicas: 2 }, { updatedReplicas: 2, availableReplicas: 2 }, 2),
    "waiting: its controller has not seen the newest change",
  ],
  [
    "ready",
    "Deployment",
    workload({ replicas: 2 }, { updatedReplicas: 1, replicas: 2 }),
    "waiting: 1 of 2 pods are updated",
  ],
  [
    "ready",
    "Deployment",
    workload({ replicas: 2 }, { updatedReplicas: 2, replicas: 3, availableReplicas: 2 }),
    "waiting: 1 old pods are still to be removed",
  ],
  [
    "ready",
    "Deployment",
    workload({}, { updatedReplicas: 1, replicas: 1 }),
    "waiting: 0 of 1 pods are available",
  ],
  [
    "condition=Available",
    "Deployment",
    workload({}, {
      conditions: [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" }],
    }),
    "stuck: ProgressDeadlineExceeded",
  ],
  [
    "ready",
    "StatefulSet",
    workload({ replicas: 3 }, { readyReplicas: 2 }),
    "waiting: 2 of 3 pods are ready",
  ],
  [
    "ready",
    "StatefulSet",
    workload({ replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } }, {
      readyReplicas: 3,
      updatedReplicas: 1,
      currentRevision: "a",
      updateRevision: "b",
    }),
    "met",
  ],
  [
    "ready",
    "DaemonSet",
    workload({}, { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 }),
    "waiting: 1 of 2 pods are available",
  ],
  ["ready", "Job", job({ type: "Complete", status: "True" }), "met"],
  [
    "ready",
    "Job",
    job({ type: "Failed", status: "True", reason: "BackoffLimitExceeded" }),
    "stuck: Failed",
  ],
  ["ready", "Job", job({ type: "FailureTarget", status: "True" }), "stuck: Failed"],
  [
    "condition=Failed",
    "Job",
    job({ type: "FailureTarget", status: "True", reason: "DeadlineExceeded" }),
    "waiting: DeadlineExceeded",
  ],
  ["condition=Complete", "Job", job({ type: "Failed", status: "True" }), "stuck: Failed"],
  ["ready", "Job", job({ type: "Failed", status: "False" }), "waiting: 0 of 1 pods have completed"],
  ["ready", "Job", job(), "waiting: 0 of 1 pods have completed"],
  ["ready", "PersistentVolumeClaim", { status: { phase: "Bound" } }, "met"],
  ["ready", "PersistentVolumeClaim", { status: { phase: "Lost" } }, "stuck: Lost"],
  ["ready", "Certificate", { status: { conditions: [{ type: "Ready", status: "True" }] } }, "met"],
  ["ready", "Certificate", {}, "waiting: it has no condition Ready"],

  ["condition=ready=FALSE", "Certificate", {
    status: { conditions: [{ type: "Ready", status: "False" }] },
  }, "met"],
  [
    "condition=Ready",
    "Certificate",
    {
      metadata: { generation: 2 },
      status: { conditions: [{ type: "Ready", status: "True", observedGeneration: 1 }] },
    },
    "waiting: its condition Ready is that of an earlier generation",
  ],
  [
    "jsonpath={.status.phase}=Bound",
    "PersistentVolumeClaim",
    { status: { phase: "Bound" } },
    "met",
  ],
  ["jsonpath='{.status.n}'=2", "Thing", { status: { n: 2 } }, "met"],
  ["jsonpath={.status.n}=2", "Thing", { status: { n: 1 } }, "waiting: the path leads to 1"],
  ["jsonpath=.status.n", "Thing", { status: { n: 1 } }, "met"],
  ["jsonpath={.status.n}", "Thing", {}, "waiting: the path leads to nothing"],
  [
    "jsonpath={.status.a}=c",
    "Secret",
    { status: { a: "b" } },
    "waiting: the path leads to another value",
  ],
  ["jsonpath={.status.a}=b", "Secret", { status: { a: "b" } }, "met"],
];

Deno.test("`judge()` decides whether an object is in the state, and why not", () => {
  for (const [text, kind, object, expected] of verdicts) {
    const verdict = judge([parseCondition(text)], kindNamed(kind), object);
    const found = verdict.kind === "met"
      ? "met"
      : `${verdict.kind}: ${verdict.kind === "stuck" ? verdict.cause : verdict.reason}`;
    assert.equal(found, expected, `${text} of a ${kind}`);
  }
});

Deno.test("`judge()` requires every condition", () => {
  const object: AnyObject = { status: { phase: "Bound" } };
  const both = [parseCondition("ready"), parseCondition("jsonpath={.status.phase}=Lost")];
  assert.equal(judge(both, kindNamed("PersistentVolumeClaim"), object).kind, "waiting");
});

Deno.test("`parseCondition()` refuses what kubectl refuses", () => {
  for (const text of ["", "Ready", "condition=", "jsonpath=", "jsonpath={.a[}", "rollout"]) {
    assert.throws(() => parseCondition(text), UsageError, text);
  }
});

Deno.test("text of the server can't steer a terminal", () => {
  const object = pod({ containerStatuses: [waiting("CrashLoopBackOff", "\u001b[2Jx")] });
  const verdict = judge([{ kind: "ready" }], kindNamed("Pod"), object);
  assert.ok(verdict.kind === "stuck" && !verdict.reason.includes("\u001b"));
});
