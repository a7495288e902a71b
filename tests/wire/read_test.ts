import assert from "node:assert/strict";
import { hangTimeout } from "../harness/hang_limit.ts";
import { waitingPod } from "../harness/waiting_pod.ts";
import { deploymentManifest, startPod, wireTest } from "./wire_test_case.ts";

wireTest(
  "get prints tables, wide and narrow, as a real server has them made",
  async ({ kubectl }) => {
    await startPod(kubectl, "one");
    const table = await kubectl.ok("get", "pods");
    assert.match(
      table,
      /^NAME +READY +STATUS +RESTARTS +AGE\none +1\/1 +Running +0 +\d+s$/,
    );
    const wide = await kubectl.ok("get", "pods", "-o", "wide");
    assert.match(wide.split("\n")[0] ?? "", /AGE +IP +NODE +NOMINATED NODE +READINESS GATES$/);
    assert.match(wide, /\bkodama\b/);
    assert.match(
      await kubectl.ok("get", "pods", "-A", "--show-labels"),
      /^default +one .* app=one$/m,
    );
    assert.match(await kubectl.ok("get", "nodes"), /^kodama +Ready +\S+ +\d+s +v1\.\d+/m);
    assert.equal(
      await kubectl.fails("get", "pod", "two"),
      'Error from server (NotFound): pods "two" not found',
    );
  },
);

wireTest("get prints json, yaml, names, jsonpath, templates and columns", async ({ kubectl }) => {
  await kubectl.apply(waitingPod("one"));
  const one = ["get", "pod", "one"];
  assert.equal(await kubectl.ok(...one, "-o", "name"), "pod/one");
  assert.equal(await kubectl.ok(...one, "-o", "jsonpath={.metadata.labels.app}"), "one");
  assert.equal(await kubectl.ok(...one, "-o", "go-template={{.kind}}/{{.apiVersion}}"), "Pod/v1");
  assert.match(
    await kubectl.ok(...one, "-o", "custom-columns=N:.metadata.name,I:.spec.containers[*].image"),
    /^N +I\none +busybox:1\.36$/,
  );
  assert.match(await kubectl.ok(...one, "-o", "yaml"), /^apiVersion: v1\nkind: Pod\nmetadata:\n/);
  const list = await kubectl.json<{ kind: string; items: unknown[] }>("get", "pods");
  assert.deepEqual([list.kind, list.items.length], ["List", 1]);
});

wireTest("get narrows by label and by field, and sorts", async ({ kubectl }) => {
  for (const name of ["b", "a", "c"]) await kubectl.apply(waitingPod(name));
  const names = async (...args: string[]) =>
    (await kubectl.ok("get", "pods", "-o", "name", ...args)).split("\n").filter(Boolean);
  assert.deepEqual(await names("-l", "app in (a,c)"), ["pod/a", "pod/c"]);
  assert.deepEqual(await names("-l", "app!=a"), ["pod/b", "pod/c"]);
  assert.deepEqual(await names("--field-selector", "metadata.name=b"), ["pod/b"]);
  assert.deepEqual(await names("--sort-by", "{.metadata.labels.app}", "--chunk-size", "1"), [
    "pod/a",
    "pod/b",
    "pod/c",
  ]);
  assert.match(
    await kubectl.fails("get", "pods", "--field-selector", "spec.nothing=1"),
    /BadRequest.*field label not supported: spec\.nothing/s,
  );
});

wireTest("get -w prints changes until it is stopped", async ({ kubectl }) => {
  await using watch = kubectl.start("get", "pods", "-w", "--output-watch-events");
  await kubectl.apply(waitingPod("seen"));
  await watch.writes(({ stdout }) => /^ADDED +seen/m.test(stdout));
  await kubectl.ok("delete", "pod", "seen");
  await watch.writes(({ stdout }) => /^DELETED +seen/m.test(stdout));
});

wireTest("describe shows a pod, its workload and their events", async ({ kubectl }) => {
  await kubectl.apply(deploymentManifest("web", 2));
  await kubectl.ok("rollout", "status", "deployment/web", hangTimeout);
  const deployment = await kubectl.ok("describe", "deployment", "web");
  assert.match(deployment, /^Replicas: +2 desired \| 2 updated \| 2 total \| 2 available/m);
  assert.match(
    deployment,
    /Normal +ScalingReplicaSet .* Scaled up replica set web-\S+ from 0 to 2/,
  );
  assert.match(deployment, /NewReplicaSet: +web-\S+ \(2\/2 replicas created\)/);
  const pod = await kubectl.ok("describe", "pods", "-l", "app=web");
  assert.match(pod, /Normal +Scheduled .* Successfully assigned default\/web-\S+ to kodama/);
  assert.match(pod, /^Controlled By: +ReplicaSet\/web-/m);
  assert.match(pod, /^ +Ready +True/m);
});

wireTest(
  "discovery lists the kinds, their short names, and explains nothing that it can't",
  async ({ kubectl }) => {
    const kinds = await kubectl.ok("api-resources", "--no-headers");
    for (
      const line of [
        /^pods +po +v1 +true +Pod$/m,
        /^deployments +deploy +apps\/v1 +true +Deployment$/m,
      ]
    ) {
      assert.match(kinds, line);
    }
    assert.match(await kubectl.ok("api-versions"), /^apps\/v1$/m);
    assert.match(await kubectl.ok("get", "all"), /^$|No resources found/);
    assert.match(await kubectl.ok("version"), /^Server Version: v1\.\d+/m);
    assert.match(
      await kubectl.fails("get", "widgets"),
      /the server doesn't have a resource type "widgets"/,
    );
    assert.match(await kubectl.ok("cluster-info"), /is running at.*https:\/\/127\.0\.0\.1/);
  },
);

wireTest("top shows the usage of containers and of the node", async ({ kubectl }) => {
  await startPod(kubectl, "one");
  assert.match(
    await kubectl.ok("top", "pods", "--containers"),
    /^POD +NAME +CPU\(cores\) +MEMORY\(bytes\) *\none +main +\d+m +\d+Mi *$/,
  );
  assert.match(await kubectl.ok("top", "nodes", "--no-headers"), /^kodama +\d+m +\d+% +\d+Mi/);
  assert.equal(
    await kubectl.fails("top", "pod", "two"),
    'Error from server (NotFound): podmetrics "default/two" not found',
  );
});
