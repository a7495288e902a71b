/** The lifecycle of pods: phases, restarts, back-off, refusals, deletion. The test advances the time. */
import assert from "node:assert/strict";
import type { Container } from "../../../src/kube/types.ts";
import { resources } from "../resources.ts";
import {
  isRunning,
  type NodeFixture,
  outcome,
  outputOnly,
  refOf,
  startFixture,
} from "./testing/fixture.ts";
import type { StoredPod } from "./pod_context.ts";

const shell = (line: string, over: Partial<Container> = {}): Container => ({
  name: "main",
  image: "busybox",
  command: ["sh", "-c", line],
  ...over,
});
const idle = "trap 'exit 0' TERM; echo begun; while :; do sleep 0.05; done";
const first = (pod: StoredPod) => pod.status?.containerStatuses?.[0];
const waitingFor = (reason: string) => (pod: StoredPod) =>
  first(pod)?.state?.waiting?.reason === reason;
const phaseIs = (phase: string) => (pod: StoredPod) => pod.status?.phase === phase;

async function logText(fixture: NodeFixture, pod: StoredPod, previous = false): Promise<string> {
  const query = { follow: false, previous, timestamps: false };
  const log = await fixture.node.logs(refOf(pod), query, new AbortController().signal);
  return await new Response(log).text();
}

Deno.test("the phase at the end follows from the policy and the exit code", async () => {
  await using fixture = await startFixture();
  fixture.run({ restartPolicy: "Never", containers: [shell("exit 0")] }, "good");
  fixture.run({ restartPolicy: "Never", containers: [shell("exit 3")] }, "bad");
  const good = await fixture.pod("good", phaseIs("Succeeded"));
  const bad = await fixture.pod("bad", phaseIs("Failed"));
  assert.equal(first(good)?.state?.terminated?.reason, "Completed");
  assert.deepEqual(
    [first(bad)?.state?.terminated?.exitCode, first(bad)?.state?.terminated?.reason],
    [3, "Error"],
  );
  const ready = good.status?.conditions?.find(({ type }) => type === "Ready");
  assert.deepEqual([ready?.status, ready?.reason], ["False", "PodCompleted"]);
});

Deno.test("a crashing container is restarted at once, then after 10 s, then after 20 s", async () => {
  await using fixture = await startFixture();
  fixture.run({ containers: [shell("echo life; exit 1")] });
  for (const [restarts, delay] of [[1, 10], [2, 20], [3, 40]] as const) {
    const pod = await fixture.pod(
      "web",
      (pod) => waitingFor("CrashLoopBackOff")(pod) && first(pod)?.restartCount === restarts,
    );
    assert.match(
      first(pod)?.state?.waiting?.message ?? "",
      new RegExp(`^back-off ${delay}s restarting failed container=main pod=web_default\\(`),
    );
    assert.equal(first(pod)?.lastState?.terminated?.exitCode, 1);
    assert.equal(pod.status?.phase, "Running");
    fixture.clock.advance(delay * 1000);
  }
  assert.ok(fixture.events("web").some((line) => /^[2-9] BackOff: Back-off restarting/.test(line)));
});

Deno.test("init containers run one after the other, each before the main ones", async () => {
  await using fixture = await startFixture();
  const volumeMounts = [{ name: "shared", mountPath: "/shared" }];
  const step = (name: string) => shell(`echo ${name} >> /shared/order`, { name, volumeMounts });
  fixture.run({
    volumes: [{ name: "shared", emptyDir: {} }],
    initContainers: [step("one"), step("two")],
    containers: [shell("cat /shared/order; " + idle, { volumeMounts })],
  });
  const pod = await fixture.pod("web", isRunning);
  assert.deepEqual(
    pod.status?.initContainerStatuses?.map(({ state }) => state?.terminated?.exitCode),
    [0, 0],
  );
  const result = await outcome(
    await fixture.node.exec(refOf(pod), ["cat", "/shared/order"], outputOnly),
  );
  assert.equal(result.stdout, "one\ntwo\n");
});

Deno.test("a failed init container under Never fails the pod, and no main one starts", async () => {
  await using fixture = await startFixture();
  fixture.run({
    restartPolicy: "Never",
    initContainers: [shell("exit 4", { name: "one" })],
    containers: [shell(idle)],
  });
  const pod = await fixture.pod("web", phaseIs("Failed"));
  assert.notEqual(first(pod)?.state?.waiting, undefined);
});

Deno.test("an unknown image is ErrImagePull, then ImagePullBackOff", async () => {
  await using fixture = await startFixture();
  fixture.run({ containers: [shell(idle, { image: "quay.io/acme/nothing:1" })] });
  const pod = await fixture.pod("web", waitingFor("ErrImagePull"));
  assert.match(first(pod)?.state?.waiting?.message ?? "", /quay\.io\/acme\/nothing:1: not found$/);
  fixture.clock.advance(1000);
  const held = await fixture.pod("web", waitingFor("ImagePullBackOff"));
  assert.equal(held.status?.phase, "Pending");
});

Deno.test("a missing config map is CreateContainerConfigError until it is there", async () => {
  await using fixture = await startFixture();
  const env = [{
    name: "COLOUR",
    valueFrom: { configMapKeyRef: { name: "settings", key: "colour" } },
  }];
  fixture.run({ containers: [shell("echo $COLOUR; " + idle, { env })] });
  const pod = await fixture.pod("web", waitingFor("CreateContainerConfigError"));
  assert.equal(first(pod)?.state?.waiting?.message, 'configmap "settings" not found');
  fixture.store.create(resources.configMaps, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: "default" },
    data: { colour: "green" },
  });
  fixture.clock.advance(10_000);
  await fixture.pod("web", isRunning);
});

Deno.test("a main process that can't be run is a StartError", async () => {
  await using fixture = await startFixture();
  fixture.run({ restartPolicy: "Never", containers: [{ ...shell(""), command: ["nosuch"] }] });
  const pod = await fixture.pod("web", phaseIs("Failed"));
  const end = first(pod)?.state?.terminated;
  assert.deepEqual([end?.exitCode, end?.reason], [128, "StartError"]);
  assert.match(end?.message ?? "", /exec: "nosuch": executable file not found in \$PATH: unknown$/);
});

Deno.test("deletion: hook, SIGTERM, and SIGKILL when the grace period is over", async () => {
  await using fixture = await startFixture();
  const volumeMounts = [{ name: "seen", mountPath: "/seen" }];
  const preStop = { exec: { command: ["sh", "-c", "echo hook >> /seen/order"] } };
  const line = "trap 'echo term >> /seen/order' TERM; echo begun; while :; do sleep 0.05; done";
  const claim = fixture.store.create(resources.persistentVolumeClaims, {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "seen", namespace: "default" },
    spec: {},
  });
  fixture.run({
    volumes: [{ name: "seen", persistentVolumeClaim: { claimName: "seen" } }],
    containers: [shell(line, { volumeMounts, lifecycle: { preStop } })],
  });
  await fixture.begun("web");
  const kept = `${fixture.dataDir}/claims/default_seen_${claim.metadata.uid}/order`;
  fixture.delete("web", 30);
  for await (const _ of Deno.watchFs(kept.slice(0, kept.lastIndexOf("/")))) {
    if (await Deno.readTextFile(kept).catch(() => "") === "hook\nterm\n") break;
  }
  fixture.clock.advance(30_000);
  await fixture.gone("web");
  assert.equal(await Deno.readTextFile(kept), "hook\nterm\n");
  assert.ok(fixture.events("web").includes("1 Killing: Stopping container main"));
});

Deno.test("a pod with finalizers stays when it has ended, and leaves with them", async () => {
  await using fixture = await startFixture();
  const pod = fixture.run({ containers: [shell(idle)] });
  const metadata = { ...pod.metadata, finalizers: ["example.com/held"] };
  fixture.store.update(
    resources.pods,
    {
      ...pod,
      apiVersion: "v1",
      kind: "Pod",
      metadata: { ...metadata, resourceVersion: undefined },
    } as never,
  );
  await fixture.begun("web");
  fixture.delete("web", 1);
  const left = await fixture.pod("web", (pod) => pod.metadata.deletionGracePeriodSeconds === 0);
  const { finalizers: _, resourceVersion: __, ...rest } = left.metadata;
  fixture.store.update(
    resources.pods,
    { ...left, apiVersion: "v1", kind: "Pod", metadata: rest } as never,
  );
  await fixture.gone("web");
});

Deno.test("a pod whose time is over fails with DeadlineExceeded", async () => {
  await using fixture = await startFixture();
  fixture.run({ activeDeadlineSeconds: 5, containers: [shell(idle)] });
  await fixture.begun("web");
  fixture.clock.advance(5000);
  const pod = await fixture.pod("web", phaseIs("Failed"));
  assert.equal(pod.status?.reason, "DeadlineExceeded");
});

Deno.test("probes: not ready until the probe says so; a failing liveness probe restarts", async () => {
  await using fixture = await startFixture();
  const probe = (file: string) => ({
    exec: { command: ["test", "-e", file] },
    periodSeconds: 7,
    failureThreshold: 1,
    timeoutSeconds: 100,
  });
  const line = `touch /tmp/alive; ${idle}`;
  fixture.run({
    containers: [shell(line, {
      readinessProbe: probe("/tmp/ready"),
      livenessProbe: { ...probe("/tmp/alive"), initialDelaySeconds: 1000 },
    })],
  });
  const pod = await fixture.begun("web");
  assert.equal(first(pod)?.ready, false);
  await outcome(await fixture.node.exec(refOf(pod), ["touch", "/tmp/ready"], outputOnly));
  await outcome(await fixture.node.exec(refOf(pod), ["rm", "/tmp/alive"], outputOnly));
  await fixture.clock.waitedFor(7000);
  fixture.clock.advance(7000);
  await fixture.pod("web", (pod) => first(pod)?.ready === true);
  fixture.clock.advance(1000_000);
  const again = await fixture.pod("web", (pod) => first(pod)?.restartCount === 1 && isRunning(pod));
  assert.equal(first(again)?.lastState?.terminated?.exitCode, 0);
  assert.ok(
    fixture.events("web").some((text) => text.includes("failed liveness probe, will be restarted")),
  );
});

Deno.test("the log of the previous start is stored", async () => {
  await using fixture = await startFixture();
  fixture.run({ restartPolicy: "Always", containers: [shell("date +%s%N; exit 1")] });
  await fixture.pod("web", waitingFor("CrashLoopBackOff"));
  fixture.clock.advance(10_000);
  const pod = await fixture.pod(
    "web",
    (pod) => waitingFor("CrashLoopBackOff")(pod) && first(pod)?.restartCount === 2,
  );
  assert.match(await logText(fixture, pod), /^\d+\n$/);
  assert.match(await logText(fixture, pod, true), /^\d+\n$/);
});

Deno.test("a node that starts again in the same folder restarts its pods and retains claims", async () => {
  const dataDir = await Deno.makeTempDir();
  try {
    for (const run of [1, 2]) {
      await using fixture = await startFixture({ dataDir });
      const uid = "5f0c6d3e-0000-4000-8000-000000000000";
      fixture.store.create(resources.persistentVolumeClaims, {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name: "kept", namespace: "default", uid },
      });
      fixture.run({
        volumes: [{ name: "kept", persistentVolumeClaim: { claimName: "kept" } }],
        containers: [
          shell(
            "echo run >> /kept/runs; echo x >> /tmp/own; wc -l < /kept/runs; wc -l < /tmp/own; " +
              idle,
            {
              volumeMounts: [{ name: "kept", mountPath: "/kept" }],
            },
          ),
        ],
      });
      const pod = await fixture.pod("web", isRunning);
      const log = await fixture.node.logs(
        refOf(pod),
        { follow: true, previous: false, timestamps: false, limitBytes: 4 },
        new AbortController().signal,
      );
      assert.equal(await new Response(log).text(), `${run}\n1\n`);
    }
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
