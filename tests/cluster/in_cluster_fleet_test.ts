/**
 * `deno task test:in-cluster`: a run in the cluster over 300 pods equals the one of this machine, pod by pod; and what is
 * killed in the middle of one loses no outcome and repeats no pod. Three minutes, most of them for starting the pods.
 */
import assert from "node:assert/strict";
import { defaultSettings } from "../../src/config/default_settings.ts";
import { isInShard } from "../../src/workflow/shard.ts";
import type { SourceKodama } from "../harness/source_kodama.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { FaultyRig } from "./faults.ts";
import { kodamaIn, outcomesOf, podOfShard, startPods, targetsOf } from "./in_cluster_fixture.ts";
import { bringKodama } from "./kodama_image.ts";
import { RealCluster, rigVariable, type TestNamespace } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// Only a rig takes an image from this machine.
const onRig = cluster !== undefined && Deno.env.get(rigVariable) !== undefined;

/** `KODAMA_TEST_PODS` is for work on this test. */
const replicas = Number(Deno.env.get("KODAMA_TEST_PODS") ?? 300);
const shards = 4;
/** Commands that a shard runs at once, by the default settings. */
const { fanout } = defaultSettings.exec;

/** So many pods are quick; the others, which are run in later, wait for a file. */
const quick = Math.floor(replicas / 3);

/** What a pod prints and how it ends depends on its name. */
const survey = `select: { selector: app=web }
defaults: { connectTimeout: 10m }
steps:
  - id: survey
    exec: [sh, -c, 'n=\${HOSTNAME#web-}; seq "$n" | tail -n 20; test $((n % 7)) != 3 || exit $((n % 50 + 1))']
`;

/** Each pod counts how often it was run in. */
const count = `select: { selector: app=web }
defaults: { connectTimeout: 10m }
steps:
  - id: count
    exec: [sh, -c, 'echo x >>/tmp/marks; test "\${HOSTNAME#web-}" -lt "$0" || until [ -e /tmp/go ]; do sleep 1; done', "${quick}"]
`;

const waits = (pod: string) => ordinal(pod) >= quick;

function ordinal(pod: string): number {
  return Number(pod.slice("web-".length));
}

Deno.test({
  name: "a run of 300 pods in four shards: equal to a local one, and whole after three kills",
  ignore: !onRig,
  fn: async (test) => {
    assert.ok(cluster);
    await using folder = await TestFolder.open("kodama-in-cluster-fleet-");
    const image = await bringKodama(folder.path);
    await using namespace = await cluster.namespace("in-cluster-fleet");
    const kodama = await kodamaIn(namespace, folder.path);
    await kodama.succeed(["config", "set", "runs.image", image]);
    // What is tested doesn't depend on how fast this machine starts the commands of 300 pods.
    await kodama.succeed(["config", "set", "exec.connectTimeout", "10m"]);
    for (const [name, text] of Object.entries({ survey, count })) {
      await Deno.writeTextFile(`${folder.path}/${name}.yaml`, text);
    }
    const machine = { kodama, namespace, folder: folder.path };
    const pods = await startPods(namespace, replicas);
    await test.step("it equals the run of this machine, pod by pod", () => equal(machine, pods));
    await test.step("a killed machine, shard and API server lose and repeat nothing", () =>
      killed(machine, pods));
    await test.step("the runs of a schedule are listed, and go with it", () =>
      scheduled(machine, pods));
  },
});

interface Machine {
  kodama: SourceKodama;
  namespace: TestNamespace;
  folder: string;
}

/** Returns the id of a run of a workflow in all shards. */
async function started({ kodama, folder }: Machine, name: string): Promise<string> {
  const line = ["run", `${folder}/${name}.yaml`, "--in-cluster", "--shards", String(shards)];
  return (await kodama.succeed([...line, "--detach", "--yes", "--trust"])).trim();
}

async function shown({ kodama }: Machine, id: string) {
  const text = await kodama.succeed(["runs", "show", id, "--in-cluster", "-o", "json"]);
  return JSON.parse(text) as { schedule: string | null; run: Parameters<typeof targetsOf>[0] };
}

async function equal(machine: Machine, pods: readonly string[]): Promise<void> {
  const { kodama, folder } = machine;
  const startedAt = performance.now();
  const id = await started(machine, "survey");
  await kodama.run(["runs", "follow", id, "--quiet"]);
  const inCluster = performance.now();
  await kodama.run(["run", `${folder}/survey.yaml`, "--yes", "--trust", "--quiet"]);
  const local = JSON.parse(await kodama.succeed(["runs", "show", "-o", "json"]));
  report(
    `${replicas} pods: ${seconds(startedAt, inCluster)} in the cluster, ${seconds(inCluster)} here`,
  );
  const facts = (run: Parameters<typeof targetsOf>[0]) =>
    Object.fromEntries(
      Object.entries(targetsOf(run)).map(([name, { outcome, exitCode, stdout }]) =>
        [name, { outcome, exitCode, stdout }] as const
      ),
    );
  const here = facts(local);
  assert.deepEqual(Object.keys(here).toSorted(), pods.toSorted());
  assert.equal(here["web-25"]?.stdout?.split("\n").length, 21);
  assert.deepEqual(here["web-3"], { outcome: "failed", exitCode: 4, stdout: "1\n2\n3\n" });
  assert.deepEqual(facts((await shown(machine, id)).run), here);
}

async function killed(machine: Machine, pods: readonly string[]): Promise<void> {
  const { kodama, namespace } = machine;
  const id = await started(machine, "count");
  {
    await using following = kodama.start(["runs", "follow", id, "-o", "jsonl"]);
    const ended = /"event":"targetEnded"/g;
    await following.writes(({ stdout }) => [...stdout.matchAll(ended)].length === quick);
    following.signal("SIGKILL");
  }
  const inFlight = await markedPods(kodama);
  const isFirst = (pod: string) =>
    isInShard({ namespace: namespace.name, pod }, { index: 0, count: shards });
  const running = inFlight.filter((pod) => waits(pod));
  // With 300 pods, each shard has started as many as its fan-out, and not yet the others.
  const waiting = Array.from(
    { length: shards },
    (_, index) =>
      pods.filter((pod) =>
        waits(pod) && isInShard({ namespace: namespace.name, pod }, { index, count: shards })
      ).length,
  ).map((one) => Math.min(one, fanout));
  assert.equal(running.length, waiting.reduce((sum, one) => sum + one, 0));
  {
    await using rig = await FaultyRig.find();
    await rig.killContainer(namespace.name, await podOfShard(namespace, id, 0), "kodama");
    await using _server = await rig.kill("kube-apiserver");
  }
  await kodama.succeed(["exec", "-l", "app=web", "--yes", "--quiet", "--", "touch", "/tmp/go"]);
  await kodama.run(["runs", "follow", id, "--quiet"]);
  const outcomes = outcomesOf((await shown(machine, id)).run);
  const unclear = Object.keys(outcomes).filter((pod) => outcomes[pod] === "unknown");
  report(`${unclear.length} of ${running.length} that were running are unknown`);
  assert.deepEqual(
    Object.keys(outcomes).toSorted(),
    pods.toSorted(),
    await lastLines(namespace, id),
  );
  const counts = await marks(kodama);
  for (const pod of pods) {
    const outcome = outcomes[pod] ?? "";
    // The rig restarts kubelet after an outage, which breaks the streams that were opened since.
    const allowed = !waits(pod)
      ? ["ok"]
      : isFirst(pod) && inFlight.includes(pod)
      ? ["unknown"]
      : ["ok", "unknown"];
    assert.ok(allowed.includes(outcome), `${pod}: ${outcome}`);
    const count = counts[pod] ?? 0;
    assert.ok(
      outcome === "ok" ? count === 1 : count <= 1,
      `${pod}: ${outcome}, run ${count} times`,
    );
  }

  const again = ["runs", "rerun", id, "--in-cluster", "--failed", "--yes", "--detach"];
  const second = (await kodama.succeed(again)).trim();
  assert.equal((await kodama.run(["runs", "follow", second, "--quiet"])).code, 0);
  const all = outcomesOf((await shown(machine, second)).run);
  assert.deepEqual(all, Object.fromEntries(pods.map((pod) => [pod, "ok"])));
  const repeated = new Set(unclear);
  assert.deepEqual(
    await marks(kodama),
    Object.fromEntries(pods.map((pod) => [pod, (counts[pod] ?? 0) + (repeated.has(pod) ? 1 : 0)])),
  );
}

/** Returns what the shards of a run have printed last, for a message. */
function lastLines(namespace: TestNamespace, run: string): Promise<string> {
  const path = "{range .items[*].status.containerStatuses[*]}{.state.terminated}{'\\n'}{end}";
  const label = `batch.kubernetes.io/job-name=kodama-${run}`;
  return namespace.kubectl("get", "pods", "-l", label, "-o", `jsonpath=${path}`);
}

/** Returns the pods in which the command of `count` has started. */
async function markedPods(kodama: SourceKodama): Promise<string[]> {
  return Object.keys(await marks(kodama)).toSorted();
}

/** Returns how often each pod was run in. Throws if one of them doesn't answer. */
async function marks(kodama: SourceKodama): Promise<Record<string, number>> {
  const script = "if [ -e /tmp/marks ]; then grep -c '' /tmp/marks; else echo 0; fi";
  const line = ["exec", "-l", "app=web", "-o", "json", "--yes", "--", "sh", "-c", script];
  const targets: { pod: string; outcome: string; stdout: string; error: string | null }[] = JSON
    .parse((await kodama.run(line)).stdout);
  return Object.fromEntries(
    targets.map(({ pod, outcome, stdout, error }) => {
      assert.ok(/^\d+\n$/.test(stdout), `${pod}: ${outcome}, ${JSON.stringify(stdout)}, ${error}`);
      return [pod, Number(stdout)] as const;
    }).filter(([, count]) => count > 0),
  );
}

async function scheduled(machine: Machine, pods: readonly string[]): Promise<void> {
  const { kodama, namespace, folder } = machine;
  const added = ["schedule", "add", "often", `${folder}/survey.yaml`, "--cron", "* * * * *"];
  await kodama.succeed([...added, "--yes", "--trust", "--shards", String(shards)]);
  const job = "job,cronjob";
  const scheduled = "jsonpath={.status.lastScheduleTime}";
  await namespace.kubectl("wait", "cronjob/kodama-often", `--for=${scheduled}`, "--timeout=300s");
  const runs = JSON.parse(
    await kodama.succeed(["runs", "list", "--in-cluster", "-o", "json"]),
  ) as { id: string; schedule: string | null }[];
  const run = runs.find(({ schedule }) => schedule === "often");
  assert.ok(run);
  await kodama.run(["runs", "follow", run.id, "--quiet"]);
  const outcomes = outcomesOf((await shown(machine, run.id)).run);
  const expected = (pod: string) => ordinal(pod) % 7 === 3 ? "failed" : "ok";
  assert.deepEqual(outcomes, Object.fromEntries(pods.map((pod) => [pod, expected(pod)])));
  await kodama.succeed(["schedule", "remove", "often"]);
  const label = ["-l", "kodama.dev/schedule=often"];
  await namespace.kubectl("wait", job, ...label, "--for=delete", "--timeout=60s");
  const remaining = [
    "get",
    `${job},role,rolebinding,serviceaccount,secret`,
    ...label,
    "-o",
    "name",
  ];
  assert.equal(await namespace.kubectl(...remaining), "");
}

function seconds(from: number, to = performance.now()): string {
  return `${((to - from) / 1000).toFixed(1)} s`;
}

function report(line: string): void {
  // deno-lint-ignore no-console -- figures for the person who runs this
  console.log(line);
}
