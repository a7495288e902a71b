import assert from "node:assert/strict";
import { hangTimeout } from "../harness/hang_limit.ts";
import { waitingPod } from "../harness/waiting_pod.ts";
import { deploymentManifest, wireTest } from "./wire_test_case.ts";

wireTest("a rollout: status, history, undo, pause, resume, restart", async ({ kubectl }) => {
  const rollout = (verb: string, ...args: string[]) =>
    kubectl.ok("rollout", verb, "deployment/web", ...args);
  const image = () =>
    kubectl.ok(
      "get",
      "deployment",
      "web",
      "-o",
      "jsonpath={.spec.template.spec.containers[0].image}",
    );
  await kubectl.apply(deploymentManifest("web", 3));
  assert.match(
    await rollout("status", hangTimeout),
    /deployment "web" successfully rolled out$/,
  );
  await kubectl.ok("set", "image", "deployment/web", "main=busybox:2");
  await kubectl.ok("annotate", "deployment", "web", "kubernetes.io/change-cause=second image");
  await rollout("status", hangTimeout);
  assert.match(await rollout("history"), /^1 +<none>\n2 +second image/m);
  assert.match(await rollout("history", "--revision=1"), /Image:\s+busybox:1\.36/);
  assert.equal(await rollout("undo"), "deployment.apps/web rolled back");
  await rollout("status", hangTimeout);
  assert.equal(await image(), "busybox:1.36");
  assert.equal(await rollout("pause"), "deployment.apps/web paused");
  await kubectl.ok("set", "image", "deployment/web", "main=busybox:3");
  assert.equal(await rollout("resume"), "deployment.apps/web resumed");
  await rollout("status", hangTimeout);
  assert.equal(await rollout("restart"), "deployment.apps/web restarted");
  await rollout("status", hangTimeout);
  const images = await kubectl.ok(
    "get",
    "pods",
    "--field-selector=status.phase=Running",
    "-o",
    "jsonpath={.items[*].spec.containers[0].image}",
  );
  assert.deepEqual(new Set(images.split(" ")), new Set(["busybox:3"]));
});

wireTest("a stuck rollout is reported as such", async ({ kubectl }) => {
  const manifest = deploymentManifest("web", 1);
  await kubectl.apply(manifest);
  await kubectl.ok("rollout", "status", "deployment/web", hangTimeout);
  await kubectl.ok("patch", "deployment", "web", "-p", '{"spec":{"progressDeadlineSeconds":1}}');
  await kubectl.ok("set", "image", "deployment/web", "main=nowhere.example/none:1");
  assert.match(
    await kubectl.fails("rollout", "status", "deployment/web", hangTimeout),
    /error: deployment "web" exceeded its progress deadline$/,
  );
  {
    // The deadline may pass before the node has tried to pull it.
    await using pods = kubectl.start("get", "pods", "-w");
    await pods.writes(({ stdout }) => /(ErrImagePull|ImagePullBackOff)/.test(stdout));
  }
  const ready = await kubectl.ok(
    "get",
    "deployment",
    "web",
    "-o",
    "jsonpath={.status.readyReplicas}",
  );
  assert.equal(ready, "1");
});

wireTest("scale, wait and autoscaled names of a StatefulSet", async ({ kubectl }) => {
  const { spec } = waitingPod("db");
  const claim = {
    metadata: { name: "data" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
  };
  const volumeMounts = [{ name: "data", mountPath: "/data" }];
  const [main] = (spec as { containers: Record<string, unknown>[] }).containers;
  await kubectl.apply({
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db" },
    spec: {
      replicas: 2,
      serviceName: "db",
      selector: { matchLabels: { app: "db" } },
      template: {
        metadata: { labels: { app: "db" } },
        spec: { ...spec as object, containers: [{ ...main, volumeMounts }] },
      },
      volumeClaimTemplates: [claim],
    },
  });
  await kubectl.ok("rollout", "status", "statefulset/db", hangTimeout);
  assert.equal(await kubectl.ok("get", "pods", "-o", "name"), "pod/db-0\npod/db-1");
  assert.match(await kubectl.ok("get", "pvc"), /^data-db-0 +Bound +pvc-\S+ +1Mi +RWO +standard/m);
  await kubectl.ok("exec", "db-0", "--", "sh", "-c", "echo kept > /data/file");
  await kubectl.ok("scale", "statefulset", "db", "--replicas=0");
  await kubectl.ok("wait", "--for=delete", "pod/db-0", "pod/db-1", hangTimeout);
  await kubectl.ok("scale", "statefulset", "db", "--replicas=1");
  await kubectl.ok("rollout", "status", "statefulset/db", hangTimeout);
  assert.equal(await kubectl.ok("exec", "db-0", "--", "cat", "/data/file"), "kept");
  assert.match(
    await kubectl.fails("scale", "statefulset", "db", "--replicas=2", "--current-replicas=9"),
    /Expected replicas to be 9, was 1/,
  );
});

wireTest(
  "a Job comes to its end and its log stays; one that fails says so",
  async ({ kubectl }) => {
    const job = (name: string, command: string[]) => ({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name },
      spec: {
        backoffLimit: 0,
        template: {
          spec: {
            restartPolicy: "Never",
            containers: [{ name: "main", image: "busybox", command }],
          },
        },
      },
    });
    await kubectl.apply(job("good", ["echo", "done"]));
    await kubectl.ok("wait", "--for=condition=Complete", "job/good", hangTimeout);
    assert.equal(await kubectl.ok("logs", "job/good"), "done");
    assert.match(await kubectl.ok("get", "job", "good"), /^good +Complete +1\/1 +\d+s +\d+s$/m);
    await kubectl.apply(job("bad", ["sh", "-c", "exit 3"]));
    await kubectl.ok("wait", "--for=condition=Failed", "job/bad", hangTimeout);
    assert.match(await kubectl.ok("describe", "job", "bad"), /BackoffLimitExceeded/);
  },
);

wireTest("a DaemonSet has one pod on the node, and is rolled out again", async ({ kubectl }) => {
  const { template } = deploymentManifest("agent", 1)["spec"] as { template: unknown };
  const selector = { matchLabels: { app: "agent" } };
  await kubectl.apply({
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "agent" },
    spec: { selector, template },
  });
  await kubectl.ok("rollout", "status", "daemonset/agent", hangTimeout);
  assert.match(await kubectl.ok("get", "daemonset"), /^agent +1 +1 +1 +1 +1 +<none>/m);
  const before = await kubectl.ok("get", "pods", "-o", "name");
  await kubectl.ok("rollout", "restart", "daemonset/agent");
  await kubectl.ok("rollout", "status", "daemonset/agent", hangTimeout);
  assert.notEqual(await kubectl.ok("get", "pods", "-o", "name"), before);
});

wireTest("a pod that no node takes says why; a cordon keeps pods away", async ({ kubectl }) => {
  await kubectl.apply(waitingPod("picky", {}, { nodeSelector: { disk: "ssd" } }));
  await kubectl.ok(
    "wait",
    "--for=jsonpath={.status.conditions[0].reason}=Unschedulable",
    "pod/picky",
  );
  assert.match(
    await kubectl.ok("describe", "pod", "picky"),
    /FailedScheduling .* 0\/1 nodes are available: 1 node\(s\) didn't match Pod's node affinity\/selector\./,
  );
  await kubectl.ok("label", "node", "kodama", "disk=ssd");
  await kubectl.ok("wait", "--for=condition=Ready", "pod/picky", hangTimeout);
  assert.equal(await kubectl.ok("cordon", "kodama"), "node/kodama cordoned");
  await kubectl.apply(waitingPod("late"));
  await kubectl.ok(
    "wait",
    "--for=jsonpath={.status.conditions[0].reason}=Unschedulable",
    "pod/late",
  );
  await kubectl.ok("uncordon", "kodama");
  await kubectl.ok("wait", "--for=condition=Ready", "pod/late", hangTimeout);
});
