/** Sessions with limits, on the embedded cluster: they stop by themselves, say why, and only a resume wakes them. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { hangTimeout } from "./harness/hang_limit.ts";
import { startTestCluster, type TestCluster } from "./harness/embedded_cluster.ts";
import { Kubectl, kubectlMissing } from "./harness/kubectl.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";

const noKubectl = await kubectlMissing();

function machine(cluster: TestCluster) {
  const kodama = new KodamaInProcess(cluster.env);
  const on = (...words: string[]) => kodama.succeed(words);
  return { kodama, on };
}

Deno.test("a session without use", async (t) => {
  await using cluster = await startTestCluster("empty");
  const { isolation } = cluster.cluster.isolation;
  // Its watcher looks at the processes of its container.
  const seesAll = isolation === "plain"
    ? "a plain container sees the machine's processes"
    : undefined;
  await t.step({
    ...unless(noKubectl ?? seesAll, "stops by itself, reports it, and only a resume wakes it"),
    fn: async () => {
      const { kodama, on } = machine(cluster);
      await on("start", "work", "--no-sync", "--idle-timeout", "20s");
      await on("attach", "work", "--command", "echo kept >notes.txt");
      assert.match(await on("get", "work"), /^Idle stop: +after 20s; /m);
      const kubectl = Kubectl.on(cluster);
      const ended = ["--for=jsonpath={.status.phase}=Succeeded", hangTimeout];
      await kubectl.ok("wait", ...ended, "pod/kodama-work");
      const reason = "it stopped by itself: idle for 20s";
      const { status, reason: reported } = JSON.parse(await on("get", "work", "-o", "json"));
      assert.deepEqual([status, reported], ["Stopped", reason]);
      assert.match(await on("list", "-o", "wide"), new RegExp(`^work +Stopped .*${reason}$`, "m"));
      const refused = await kodama.run(["attach", "work"]);
      assert.equal(refused.code, 1);
      assert.match(
        refused.stderr,
        new RegExp(`is Stopped \\(${reason}\\)\nhint: kodama resume work\n`),
      );
      assert.match(
        await kubectl.ok("logs", "kodama-work"),
        /^kodama: the session is not in use: it stops in \d+s unless it is used\nkodama: the session stops now: idle for 20s\. Its files remain: resume work to continue$/,
      );
      await on("resume", "work");
      assert.equal(await on("attach", "work", "--command", "cat notes.txt"), "kept\n");
    },
  });
});

Deno.test("limits are seen before anything is made, and come from the settings, where no flag says otherwise", async () => {
  await using cluster = await startTestCluster("empty");
  const { kodama, on } = machine(cluster);
  await on("config", "set", "defaults.ttl", "8h");
  const policy = async (...words: string[]) => {
    const documents = parseAllDocuments(
      await on("start", "work", "--no-sync", "--dry-run", ...words),
    );
    const objects = documents.map((one) => one.toJS());
    const { data } = objects.find(({ kind }) => kind === "ConfigMap");
    const pod = objects.find(({ kind }) => kind === "Pod");
    return [pod.spec.restartPolicy, /^ttl: .*$/m.exec(data["session.yaml"])?.[0]];
  };
  assert.deepEqual(await policy(), ["OnFailure", "ttl: 8h"]);
  assert.deepEqual(await policy("--ttl", "never"), ["Always", undefined]);
  assert.deepEqual(await policy("--ttl", "90m"), ["OnFailure", "ttl: 1h30m"]);
  await on("start", "work", "--no-sync");
  const other = await kodama.run(["start", "work", "--no-sync", "--ttl", "2h"]);
  assert.equal(other.code, 2);
  assert.match(other.stderr, /with other options: --ttl 2h \(it has 8h\)/);
  const wrong = await kodama.run(["start", "other", "--idle-timeout", "soon"]);
  assert.equal(wrong.code, 2);
  assert.match(
    wrong.stderr,
    /--idle-timeout: expected a duration from 1s such as 8h or 30m, or never/,
  );
});
