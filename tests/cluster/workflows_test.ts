/** Workflows on a real Kubernetes: the examples with their tests, and a run of batches that is killed. */
import assert from "node:assert/strict";
import { hangTimeout } from "../harness/hang_limit.ts";
import { testEnvironment } from "../harness/embedded_cluster.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { examplesWorld, wrongExamples } from "../harness/workflow_examples.ts";
import { RealCluster, rigVariable, type TestNamespace } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// One of them drains a node, which isn't for a cluster that others use.
const onRig = Deno.env.get(rigVariable) !== undefined;

/** Returns an environment whose current context is the test's namespace, and its folder. */
async function environmentIn(namespace: TestNamespace, folder: string) {
  const kubeconfig = `${folder}/kubeconfig`;
  const own = await namespace.kubectl("config", "view", "--raw", "--minify", "--flatten");
  await Deno.writeTextFile(kubeconfig, own, { mode: 0o600 });
  await new RealCluster(kubeconfig, namespace.cluster.program)
    .kubectl(["config", "set-context", "--current", "--namespace", namespace.name]);
  await Deno.mkdir(`${folder}/home`);
  return { env: testEnvironment(folder, kubeconfig), folder };
}

/** The second batch waits until a file exists. */
const batches = `version: 2
select: { selector: app=web }
steps:
  - id: rollout
    batches:
      serial: 1
      steps:
        - exec: echo changed >>/srv/changes; test "$HOSTNAME" != web-1 || until [ -e /srv/go ]; do sleep 0.1; done
        - id: gate
          exec: test -e /srv/changes
outputs:
  ok: \${{ steps.rollout.ok }}
`;

/** Kills kodama in the second of four batches, and resumes the run: only that batch is repeated. */
async function assertResumed(
  namespace: TestNamespace,
  { env, folder }: { env: Readonly<Record<string, string>>; folder: string },
): Promise<void> {
  const file = `${folder}/batches.yaml`;
  await Deno.writeTextFile(file, batches);
  const kodama = await SourceKodama.on({ env, folder });
  {
    await using running = kodama.start(["run", file, "--yes", "--trust", "-o", "jsonl"]);
    const second = /"event":"targetsAdded","step":"rollout\[1\]/;
    await running.writes(({ stdout }) => second.test(stdout));
    await namespace.kubectl(
      ...["exec", "web-1", "--", "sh", "-c"],
      "until [ -e /srv/changes ]; do sleep 0.1; done",
    );
    running.signal("SIGKILL");
  }
  await namespace.kubectl("exec", "web-1", "--", "touch", "/srv/go");
  const rerun = ["runs", "rerun", "--rest", "--yes", "--trust", "-o", "json"];
  const { outcome, outputs } = JSON.parse(await kodama.succeed(rerun));
  assert.deepEqual([outcome, outputs], ["ok", { ok: ["web-0", "web-1", "web-2", "web-3"] }]);
  const changes = await Promise.all(
    [0, 1, 2, 3].map((pod) =>
      namespace.kubectl("exec", `web-${pod}`, "--", "grep", "-c", "", "/srv/changes")
    ),
  );
  assert.deepEqual(changes.map((count) => count.trim()), ["1", "2", "1", "1"]);
}

Deno.test({
  name: "workflows on a real cluster: the examples have the expected results; a killed run resumes",
  ignore: cluster === undefined || !onRig,
  fn: async () => {
    assert.ok(cluster);
    await using namespace = await cluster.namespace("workflows");
    await using folder = await TestFolder.open("kodama-workflows-");
    await namespace.kubectl("apply", "-f", examplesWorld);
    await namespace.kubectl("wait", "--for=condition=Ready", "pod/page", hangTimeout);
    for (const name of ["web", "db"]) {
      await namespace.kubectl("rollout", "status", `sts/${name}`, hangTimeout);
    }
    const environment = await environmentIn(namespace, folder.path);
    const { workflows, cases, wrong } = await wrongExamples(environment);
    assert.deepEqual(wrong, []);
    assert.ok(workflows >= 15 && cases >= 20, `${workflows} workflows, ${cases} cases`);
    await assertResumed(namespace, environment);
  },
});
