/** Runs, schedules and sessions where a platform's admission has rules of its own, as far as the embedded cluster has them. */
import assert from "node:assert/strict";
import { unless } from "../src/base/testing/unless.ts";
import { startTestCluster, type TestCluster } from "./harness/embedded_cluster.ts";
import { Kubectl, kubectlMissing } from "./harness/kubectl.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";

const noKubectl = await kubectlMissing();

const kinds =
  "jobs,cronjobs,configmaps,secrets,serviceaccounts,roles,rolebindings,persistentvolumeclaims,pods";

async function ground(cluster: TestCluster) {
  const kubectl = Kubectl.on(cluster);
  await kubectl.ok("create", "namespace", "team");
  const file = `${cluster.folder}/hello.yaml`;
  await Deno.writeTextFile(file, "select: { selector: app=web }\nsteps:\n  - exec: [hostname]\n");
  const kodama = new KodamaInProcess(cluster.env);
  /** Returns the objects of kodama. */
  const objects = async () => {
    const found = await kubectl.ok("get", kinds, "-n", "team", "-o", "name");
    return found.split("\n").filter((name) => /\/kodama-/.test(name));
  };
  const args = ["--yes", "--trust", "-n", "team", "--image", "registry.corp.example/kodama:1"];
  return {
    kubectl,
    kodama,
    objects,
    run: ["run", file, "--in-cluster", "--detach", ...args],
    add: ["schedule", "add", "nightly", file, "--cron", "* * * * *", ...args],
  };
}

Deno.test(
  unless(
    noKubectl,
    "labels that a platform owns decide nothing: runs, schedules and sessions stay found",
  ),
  async () => {
    await using cluster = await startTestCluster("empty");
    const { kubectl, kodama, objects, run, add } = await ground(cluster);
    const id = (await kodama.succeed(run)).trim();
    await kodama.succeed(add);
    await kodama.succeed(["start", "s1", "--no-sync", "-n", "team"]);
    const own = ["app.kubernetes.io/managed-by=platform", "app.kubernetes.io/component=app"];
    await kubectl.ok("label", kinds, "--all", "--overwrite", "-n", "team", ...own);
    assert.match(await kodama.succeed(["runs", "list", "--in-cluster", "-n", "team"]), RegExp(id));
    assert.match(await kodama.succeed(["schedule", "list", "-n", "team"]), /^nightly /m);
    assert.match(await kodama.succeed(["list", "-n", "team"]), /^s1 +Running/m);
    await kodama.succeed(["delete", "s1", "--force", "--purge", "-n", "team"]);
    await kodama.succeed(["schedule", "remove", "nightly", "-n", "team"]);
    await kubectl.ok("delete", "job", `kodama-${id}`, "-n", "team");
    assert.deepEqual(await objects(), []);
  },
);

Deno.test(
  unless(
    noKubectl,
    "what a cluster would refuse of a run's pods is an error before anything exists",
  ),
  async () => {
    await using cluster = await startTestCluster("empty");
    const { kodama, objects, run, add } = await ground(cluster);
    const cases: readonly (readonly [args: readonly string[], settings: string, words: RegExp])[] =
      [
        [
          ["--service-account", "nobody"],
          "",
          /service account "nobody" doesn't exist in namespace "team"\nhint: without --service-account/,
        ],
        [
          [],
          "defaults: {labels: {'not a label': x}}",
          /the pods of the run would be refused: .*not a label/,
        ],
      ];
    for (const [args, settings, words] of cases) {
      const folder = `${cluster.folder}/home/.kodama`;
      await Deno.mkdir(folder, { recursive: true });
      await Deno.writeTextFile(`${folder}/config.yaml`, settings);
      for (const line of [run, add]) {
        const { code, stderr } = await kodama.run([...line, ...args]);
        assert.equal(code, 1, stderr);
        assert.match(stderr, words);
        assert.deepEqual(await objects(), []);
      }
    }
  },
);

Deno.test(
  unless(
    noKubectl,
    "list, show and the schedule say what holds a run up; the settings are in its pod",
  ),
  async () => {
    await using cluster = await startTestCluster("empty");
    const { kubectl, kodama, run, add } = await ground(cluster);
    await Deno.mkdir(`${cluster.folder}/home/.kodama`, { recursive: true });
    await Deno.writeTextFile(
      `${cluster.folder}/home/.kodama/config.yaml`,
      `defaults:
  labels: { cost-centre: "42" }
  annotations: { note: x }
  runAsUser: any
  nodeSelector: { pool: none }
  tolerations: [{ key: dev, operator: Exists }]
  imagePullSecrets: [registry]
runs: { resources: { cpu: 500m } }
`,
    );
    const id = (await kodama.succeed(run)).trim();
    await kodama.succeed(add);
    const job = JSON.parse(
      await kubectl.ok("get", "job", `kodama-${id}`, "-n", "team", "-o", "json"),
    );
    const { metadata, spec } = job.spec.template;
    assert.equal(metadata.labels["cost-centre"], "42");
    assert.equal(job.metadata.labels["cost-centre"], "42");
    assert.equal(metadata.annotations.note, "x");
    assert.deepEqual(spec.securityContext, {
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
    assert.deepEqual(spec.nodeSelector, { pool: "none" });
    assert.deepEqual(spec.tolerations, [{ key: "dev", operator: "Exists" }]);
    assert.deepEqual(spec.imagePullSecrets, [{ name: "registry" }]);
    assert.deepEqual(spec.containers[0].resources, {
      limits: { cpu: "500m", memory: "1Gi" },
      requests: { cpu: "100m", memory: "256Mi" },
    });
    // One shard needs no limit for each index, with which Kubernetes 1.34 never ends a namespace.
    assert.equal(job.spec.backoffLimitPerIndex, undefined);
    await kubectl.ok("wait", "--for=condition=PodScheduled=false", "pod", "--all", "-n", "team");
    const why = /Unschedulable: 0\/1 nodes are available/;
    assert.match(await kodama.succeed(["runs", "list", "--in-cluster", "-n", "team"]), why);
    assert.match(await kodama.succeed(["runs", "show", "--in-cluster", "-n", "team"]), why);
  },
);

Deno.test(
  unless(
    noKubectl,
    "a run is over when its record says so, and without a record it isn't called failed",
  ),
  async () => {
    await using cluster = await startTestCluster("empty");
    const kubectl = Kubectl.on(cluster);
    const kodama = new KodamaInProcess(cluster.env);
    const objects = await Deno.readTextFile("tests/fixtures/state-0.1/objects.yaml");
    await kubectl.apply(objects);
    // Its Job has not ended, as one whose pods have a mesh's proxy never does.
    const followed = await kodama.run(["runs", "follow", "20261123"]);
    assert.equal(followed.code, 5, followed.stderr);
    assert.match(followed.stdout, /^state +ended$/m);
    const name = "kodama-20261123-063729-905d339";
    await kubectl.ok("delete", "configmap", `${name}-0-0`);
    const at = "2026-11-23T07:00:00Z";
    const conditions = ["FailureTarget", "Failed"].map((type) => ({
      type,
      status: "True",
      reason: "DeadlineExceeded",
      message: "Job was active longer than specified deadline",
      lastTransitionTime: at,
      lastProbeTime: at,
    }));
    const status = JSON.stringify({ status: { startTime: at, conditions } });
    const patch = ["patch", "job", name, "--subresource=status", "--type=merge", "-p", status];
    await kubectl.ok(...patch);
    const lost = await kodama.run(["runs", "follow", "20261123"]);
    assert.match(lost.stderr, /run 20261123-\S+ has ended without a record: DeadlineExceeded/);
    assert.notEqual(lost.code, 5);
  },
);
