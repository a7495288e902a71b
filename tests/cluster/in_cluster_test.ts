/** A run in the cluster whose shard is killed: no outcome is lost, and no pod that has ended is repeated. */
import assert from "node:assert/strict";
import { isInShard } from "../../src/workflow/shard.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { FaultyRig } from "./faults.ts";
import { evict, kodamaIn, outcomesOf, podOfShard, startPods } from "./in_cluster_fixture.ts";
import { bringKodama } from "./kodama_image.ts";
import { RealCluster, rigVariable, type TestNamespace } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// Only a rig takes an image from this machine.
const onRig = cluster !== undefined && Deno.env.get(rigVariable) !== undefined;

const pods = Array.from({ length: 10 }, (_, index) => `web-${index}`);

/** Each pod counts how often it was run in; one of them waits until a file exists. */
const workflow = `select: { selector: app=web }
params:
  slow: { type: text, default: none }
  word: { type: text, secret: true, required: false, default: none }
steps:
  - id: mark
    exec: [sh, -c, 'echo x >>/tmp/marks; test "$HOSTNAME" != "$0" || until [ -e /tmp/go ]; do sleep 0.1; done; test "$1" = secret; test "$KODAMA_INDEX" != 7', "\${{ params.slow }}", "\${{ params.word }}"]
`;

async function marksOf(
  namespace: TestNamespace,
  all: readonly string[] = pods,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const pod of all) {
    counts[pod] = Number(
      await namespace.kubectl("exec", pod, "--", "grep", "-c", "", "/tmp/marks"),
    );
  }
  return counts;
}

Deno.test({
  name:
    "a shard that is killed is started again, and repeats no pod; a person's rerun does the rest",
  ignore: !onRig,
  fn: async () => {
    assert.ok(cluster);
    await using folder = await TestFolder.open("kodama-in-cluster-test-");
    const image = await bringKodama(folder.path);
    await using namespace = await cluster.namespace("in-cluster");
    await startPods(namespace, pods.length);
    const kodama = await kodamaIn(namespace, folder.path);
    const file = `${folder.path}/mark.yaml`;
    await Deno.writeTextFile(file, workflow);
    const own = pods.filter((pod) =>
      isInShard({ namespace: namespace.name, pod }, { index: 0, count: 2 })
    );
    const slow = own.find((pod) => pod !== "web-7") ?? "";
    const start = ["run", file, "--in-cluster", "--shards", "2", "--image", image, "--detach"];
    const params = ["-p", `slow=${slow}`, "-p", "word=secret"];
    const id = (await kodama.succeed([...start, ...params, "--yes", "--trust"])).trim();
    {
      // What follows it may be killed, too.
      await using following = kodama.start(["runs", "follow", id, "-o", "jsonl"]);
      const ended = /"event":"targetEnded"/g;
      await following.writes(({ stdout }) =>
        [...stdout.matchAll(ended)].length === pods.length - 1
      );
      following.signal("SIGKILL");
    }
    const shard = await podOfShard(namespace, id, 0);
    const rig = await FaultyRig.find();
    await rig.killContainer(namespace.name, shard, "kodama");
    assert.notEqual((await kodama.run(["runs", "follow", id, "--quiet"])).code, 0);
    const show = async (run: string) =>
      JSON.parse(await kodama.succeed(["runs", "show", run, "--in-cluster", "-o", "json"]));
    const expected = Object.fromEntries(pods.map((pod) => [pod, "ok"]));
    assert.deepEqual(outcomesOf((await show(id)).run), {
      ...expected,
      "web-7": "failed",
      [slow]: "unknown",
    });
    const once = Object.fromEntries(pods.map((pod) => [pod, 1]));
    assert.deepEqual(await marksOf(namespace), once);
    assert.doesNotMatch(
      await namespace.kubectl("get", "configmaps", "-o", "json"),
      /\\?"secret\\?"/,
    );

    await namespace.kubectl("exec", slow, "--", "touch", "/tmp/go");
    const again = ["runs", "rerun", id, "--in-cluster", "--failed", "--yes", "--quiet", "--detach"];
    const second = (await kodama.succeed(again)).trim();
    await kodama.run(["runs", "follow", second, "--quiet"]);
    assert.deepEqual(outcomesOf((await show(second)).run), {
      ...expected,
      "web-7": "failed",
    });
    assert.deepEqual(await marksOf(namespace), { ...once, "web-7": 2, [slow]: 2 });

    // The same on this machine: with the same outcome in each pod.
    const local = await kodama.run(["run", file, ...params, "--yes", "--trust", "-o", "json"]);
    assert.equal(local.code, 5, local.stderr);
    const last = JSON.parse(await kodama.succeed(["runs", "show", "-o", "json"]));
    assert.deepEqual(outcomesOf(last), { ...expected, "web-7": "failed" });
  },
});

Deno.test({
  name: "a shard that is evicted does what remains; a stop ends the commands; a schedule's runs",
  ignore: !onRig,
  fn: async () => {
    assert.ok(cluster);
    await using folder = await TestFolder.open("kodama-in-cluster-test-");
    const image = await bringKodama(folder.path);
    await using namespace = await cluster.namespace("in-cluster");
    const few = await startPods(namespace, 4);
    const kodama = await kodamaIn(namespace, folder.path);
    await kodama.succeed(["config", "set", "runs.image", image]);
    const file = `${folder.path}/mark.yaml`;
    await Deno.writeTextFile(file, workflow);
    const show = async (run: string) =>
      JSON.parse(await kodama.succeed(["runs", "show", run, "--in-cluster", "-o", "json"]));
    /** Starts a run, and waits until all pods but the slow one have ended. */
    const waiting = async (slow: string) => {
      const start = ["run", file, "--in-cluster", "--detach", "--yes", "--trust"];
      const params = ["-p", `slow=${slow}`, "-p", "word=secret"];
      const id = (await kodama.succeed([...start, ...params])).trim();
      await using following = kodama.start(["runs", "follow", id, "-o", "jsonl"]);
      const ended = /"event":"targetEnded"/g;
      await following.writes(({ stdout }) => [...stdout.matchAll(ended)].length === few.length - 1);
      return id;
    };
    const expected = Object.fromEntries(few.map((pod) => [pod, "ok"]));
    const running = (pod: string) =>
      namespace.kubectl("exec", pod, "--", "sh", "-c", "ps | grep -c '[t]mp/go' || true");

    const evicted = await waiting("web-1");
    await evict(namespace, await podOfShard(namespace, evicted, 0));
    assert.notEqual((await kodama.run(["runs", "follow", evicted, "--quiet"])).code, 0);
    assert.deepEqual(outcomesOf((await show(evicted)).run), { ...expected, "web-1": "unknown" });
    assert.equal(await running("web-1"), "0\n");

    const stopped = await waiting("web-2");
    await kodama.succeed(["runs", "stop", stopped]);
    await kodama.run(["runs", "follow", stopped, "--quiet"]);
    const { state, run } = await show(stopped);
    assert.equal(state, "ended");
    assert.deepEqual(outcomesOf(run), { ...expected, "web-2": "cancelled" });
    assert.equal(await running("web-2"), "0\n");
    assert.deepEqual(await marksOf(namespace, few), Object.fromEntries(few.map((pod) => [pod, 2])));

    const add = ["schedule", "add", "nightly", file, "--cron", "0 0 1 1 *", "-p", "word=secret"];
    await kodama.succeed([...add, "--yes", "--trust"]);
    // What its controller would do on the first of January.
    const job = ["create", "job", "kodama-nightly-1", "--from=cronjob/kodama-nightly"];
    await namespace.kubectl(...job);
    assert.equal((await kodama.run(["runs", "follow", "nightly-1", "--quiet"])).code, 0);
    const runs = JSON.parse(await kodama.succeed(["runs", "list", "--in-cluster", "-o", "json"]));
    const [newest] = runs.filter((one: { schedule: string }) => one.schedule === "nightly");
    assert.equal(newest.id, "nightly-1");
    assert.deepEqual(outcomesOf((await show("nightly-1")).run), expected);
    await kodama.succeed(["schedule", "remove", "nightly"]);
    const own = ["job,cronjob", "-l", "kodama.dev/schedule=nightly"];
    await namespace.kubectl("wait", ...own, "--for=delete", "--timeout=300s");
    assert.equal(await namespace.kubectl("get", ...own, "-o", "name"), "");
  },
});
