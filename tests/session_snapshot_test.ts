/** Snapshots of a session's volumes by the cluster itself, and sessions made of them. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { startTestCluster, type TestCluster } from "./harness/embedded_cluster.ts";
import { Kubectl, kubectlMissing } from "./harness/kubectl.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";

const noKubectl = await kubectlMissing();

function fixture(cluster: TestCluster) {
  const kodama = new KodamaInProcess(cluster.env);
  const on = (...words: string[]) => kodama.succeed(words);
  const kubectl = Kubectl.on(cluster);
  const inPod = (name: string, line: string) => on("attach", name, "--command", line);
  return { kodama, on, kubectl, inPod };
}

Deno.test(
  unless(
    noKubectl,
    "what is in a stopped session's volumes is replaced by a snapshot's, after a yes, or stays as it was",
  ),
  async () => {
    await using cluster = await startTestCluster("empty");
    const { kodama, on, kubectl, inPod } = fixture(cluster);
    await on("start", "work", "--no-sync");
    await inPod("work", `echo one > a; echo mine > ~/.claude/.credentials.json`);
    await on("snapshot", "work", "--as", "before");
    await inPod("work", `echo two > a; echo late > late; echo newer > ~/.claude/.credentials.json`);
    const running = await kodama.run(["restore", "work", "before"]);
    assert.match(running.stderr, /is running; stop it first/);
    await on("stop", "work");
    assert.equal((await kodama.run(["restore", "work", "before"])).code, 2);
    const late = await kodama.run(["restore", "work", "before", "--yes", "--timeout", "1ms"]);
    assert.equal(late.code, 3, late.stderr);
    await on("resume", "work");
    assert.equal(await inPod("work", "cat a late"), "two\nlate\n");
    await on("stop", "work");
    await on("restore", "work", "before", "--yes");
    const look = "ls -A /workspace; cat a ~/.claude/.credentials.json";
    assert.equal(await inPod("work", look), "a\none\nnewer\n");
    const passing = ["-l", "app.kubernetes.io/component=restore", "--ignore-not-found"];
    assert.equal(await kubectl.ok("get", "pods,pvc", ...passing, "--no-headers"), "");

    await on("delete", "work", "--force");
    await on("restore", "work", "before", "--yes");
    assert.equal(await inPod("work", "cat a"), "one\n");
  },
);

Deno.test(
  unless(noKubectl, "a snapshot that the cluster doesn't take leaves nothing, and says why"),
  async () => {
    await using cluster = await startTestCluster("empty");
    const { kodama, on, kubectl } = fixture(cluster);
    await on("start", "work", "--no-sync");
    const other = "apiVersion: snapshot.storage.k8s.io/v1\nkind: VolumeSnapshotClass\n" +
      "metadata: { name: other }\ndriver: elsewhere.example.com\ndeletionPolicy: Delete\n";
    await Deno.writeTextFile(`${cluster.folder}/class.yaml`, other);
    await kubectl.ok("apply", "-f", `${cluster.folder}/class.yaml`);
    const named = await kodama.run(["snapshot", "work", "--class", "other"]);
    assert.match(named.stderr, /"other" is of driver "elsewhere\.example\.com".*\n.*standard/);
    assert.match(
      (await kodama.run(["snapshot", "work", "--class", "x"])).stderr,
      /no VolumeSnapshotClass "x"/,
    );
    await kubectl.ok("delete", "volumesnapshotclass", "standard");
    const none = await kodama.run(["snapshot", "work"]);
    assert.match(none.stderr, /no VolumeSnapshotClass takes snapshots.*\n.*--output FILE/);
    assert.equal(
      await kubectl.ok("get", "volumesnapshots", "--no-headers", "--ignore-not-found"),
      "",
    );
  },
);

/** From here on the cluster makes empty volumes of its snapshots, as storage does that passes over their source. */
async function forgetSnapshots(cluster: TestCluster): Promise<void> {
  const folder = `${cluster.folder}/cluster/node/snapshots`;
  for await (const { name } of Deno.readDir(folder)) {
    await Deno.remove(`${folder}/${name}`, { recursive: true });
    await Deno.mkdir(`${folder}/${name}`);
  }
}

Deno.test(
  unless(
    noKubectl,
    "empty volumes aren't taken for those of a snapshot: nothing is left, or what was there",
  ),
  async () => {
    await using cluster = await startTestCluster("empty");
    const { kodama, on, kubectl, inPod } = fixture(cluster);
    await on("start", "work", "--no-sync");
    await on("snapshot", "work", "--as", "empty");
    await on("restore", "blank", "empty");
    assert.equal(await inPod("blank", "ls -A"), "");
    await on("delete", "blank", "--force", "--purge");
    await inPod("work", "echo one > a");
    await on("snapshot", "work", "--as", "before");
    await inPod("work", "echo two > a");
    await on("stop", "work");
    await forgetSnapshots(cluster);
    const made = await kodama.run(["restore", "again", "before"]);
    assert.match(
      made.stderr,
      /volumes that the cluster created from kodama-workspace-before and kodama-claude-home-before are empty: .*\n.*--output FILE.*\n.*nothing remains of session "again"/,
    );
    assert.equal(made.code, 1);
    const ofAgain = ["-l", "kodama.dev/session=again", "--ignore-not-found", "--no-headers"];
    assert.equal(await kubectl.ok("get", "pods,pvc,configmaps,secrets", ...ofAgain), "");

    const over = await kodama.run(["restore", "work", "before", "--yes"]);
    assert.match(over.stderr, /are empty: .*\n.*\n.*"work" is Stopped, with the files that it had/);
    assert.equal(over.code, 1);
    await on("resume", "work");
    assert.equal(await inPod("work", "cat a"), "two\n");
  },
);

Deno.test(
  unless(
    noKubectl,
    "tasks that waited when a snapshot was taken begin neither where it is shown nor in what is restored",
  ),
  async () => {
    await using cluster = await startTestCluster("empty");
    const { on, inPod } = fixture(cluster);
    await on("start", "work", "--no-sync", "--idle-timeout", "1h");
    const task = "~/.kodama/tasks/1";
    // The pod looks for tasks once, before it counts its time: this one comes after that.
    await inPod("work", "until [ -e ~/.kodama-life/began ]; do sleep 0.1; done");
    await inPod("work", `mkdir -p ${task}; echo 'echo > /workspace/begun' > ${task}/runner`);
    await on("snapshot", "work", "--as", "before");
    await inPod("work", `rm -r ${task}; echo > late`);
    await on("stop", "work");
    await on("restore", "work", "before", "--yes");
    assert.equal(await inPod("work", "ls -A"), "");
    await on("restore", "again", "before");
    assert.equal(await inPod("again", "ls -A"), "");
  },
);
