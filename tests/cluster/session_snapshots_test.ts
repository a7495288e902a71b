/** Snapshots of sessions by a real cluster's own storage: Kubernetes' CSI programs, and the documented Role alone. */
import assert from "node:assert/strict";
import { TestFolder } from "../harness/test_folder.ts";
import { until } from "./processes.ts";
import { machine, sessionNamespace } from "./session_machine.ts";
import { SnapshotStorage, snapshotStorage } from "./snapshot_storage.ts";
import { RealCluster, rigVariable } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
const onRig = cluster !== undefined && Deno.env.get(rigVariable) !== undefined;

const look = "git log --format=%s; git status --short; cat link; sha256sum < big; ls -A ~/.claude";

/** Volumes, configuration and pods of sessions, and the objects of their snapshots. */
const everything = "pods,configmaps,secrets,persistentvolumeclaims,volumesnapshots";

/** Creates a user with the documented Role in a namespace of their own, whose sessions are on the storage. */
async function fixture(stack: AsyncDisposableStack) {
  assert.ok(cluster);
  const own = stack.use(await TestFolder.open("kodama-snapshots-"));
  const storage = stack.use(await SnapshotStorage.start(cluster));
  const namespace = stack.use(await sessionNamespace(cluster, "snapshots"));
  const kodama = await machine(namespace, `${own.path}/machine`);
  const settings = `defaults: { storage: { className: ${snapshotStorage.storageClass} } }\n`;
  await Deno.writeTextFile(`${own.path}/.kodama.yaml`, settings);
  const folders = { cwd: own.path };
  const run = (...words: string[]) => kodama.run(words, folders);
  const on = (...words: string[]) => kodama.succeed(words, folders);
  const inPod = (name: string, line: string) => on("attach", name, "--command", line);
  /** Nothing is there, or soon won't be. */
  const nothingOf = async (label: string) => {
    const words = ["get", everything, "-l", label, "-o", "name"];
    await until(
      `all of ${label} to go`,
      async () => await namespace.kubectl(...words) === "",
    );
  };
  return { cluster, storage, namespace, run, on, inPod, nothingOf };
}

Deno.test({
  name: "a session's volumes on a real cluster: snapshotted, recreated, and restored",
  ignore: !onRig,
  fn: async () => {
    await using stack = new AsyncDisposableStack();
    const { cluster, namespace, run, on, inPod, nothingOf } = await fixture(stack);
    await on("start", "work", "--image", "debian:12", "--no-sync");
    await inPod(
      "work",
      `git init -q . && git config user.name J && git config user.email j@e && echo one > a &&
      ln -s a link && git add -A && git commit -qm first && echo more > uncommitted &&
      head -c 5000000 /dev/urandom > big && echo big >> .git/info/exclude &&
      echo talk > ~/.claude/talk.jsonl && echo planted > ~/.claude/.credentials.json`,
    );
    const was = await inPod("work", look);
    const forgotten = was.replace(".credentials.json\n", "");
    assert.notEqual(forgotten, was);

    assert.equal(await on("snapshot", "work", "--as", "running"), "snapshot/running is Ready\n");
    await inPod("work", "rm -rf a big .git && echo lost > late");
    await on("stop", "work");
    await on("snapshot", "work", "--as", "stopped", "--class", snapshotStorage.snapshotClass);
    const listed = JSON.parse(await on("snapshots", "list", "work", "-o", "json"));
    assert.deepEqual(
      listed.map(({ name, status }: Record<string, string>) => [name, status]),
      [["stopped", "Ready"], ["running", "Ready"]],
    );

    await on("restore", "again", "running");
    assert.equal(await inPod("again", look), forgotten);
    await on("restore", "whole", "running", "--with-secrets");
    assert.equal(await inPod("whole", look), was);
    await on("restore", "later", "stopped");
    assert.match(await inPod("later", "ls"), /^late\n/);
    assert.equal((await run("restore", "work", "running")).code, 2);
    await on("restore", "work", "running", "--yes");
    assert.equal(await inPod("work", look), was);

    const refused = await run("snapshot", "work", "--as", "none", "--class", "nowhere");
    assert.match(refused.stderr, /the cluster takes no snapshot: .*nowhere.*\n.*nothing is left/);
    assert.equal(refused.code, 1);
    const role = [`clusterrole/${namespace.name}`, `clusterrolebinding/${namespace.name}`];
    const seen = ["--verb=list", "--resource=volumesnapshotclasses.snapshot.storage.k8s.io"];
    await cluster.kubectl(["create", "clusterrole", namespace.name, ...seen]);
    await cluster.kubectl([
      ...["create", "clusterrolebinding", namespace.name, `--clusterrole=${namespace.name}`],
      `--serviceaccount=${namespace.name}:jane`,
    ]);
    const reported = await run("snapshot", "work", "--as", "none", "--class", "nowhere");
    await cluster.kubectl(["delete", ...role]);
    assert.match(reported.stderr, /no VolumeSnapshotClass "nowhere"\n.*one of: folder-snapshots/);

    for (const name of ["again", "whole", "later"]) {
      await on("delete", name, "--force", "--purge", "--discard");
    }
    const kept = await run("delete", "work", "--force", "--purge", "--discard");
    assert.match(kept.stderr, /kept: snapshot stopped, snapshot running/);
    await on("restore", "work", "running");
    assert.equal(await inPod("work", look), forgotten);
    await on("snapshots", "delete", "stopped", "--force");
    await on("delete", "work", "--force", "--purge", "--discard", "--snapshots");
    await nothingOf("app.kubernetes.io/managed-by=kodama");
  },
});

Deno.test({
  name:
    "a provisioner that passes over what a volume is to be made of: no restore is taken for one",
  ignore: !onRig,
  fn: async () => {
    await using stack = new AsyncDisposableStack();
    const { storage, run, on, inPod, nothingOf } = await fixture(stack);
    await on("start", "work", "--image", "debian:12", "--no-sync");
    await inPod("work", "echo one > a");
    await on("snapshot", "work", "--as", "before");
    await inPod("work", "echo two > a");
    await on("stop", "work");
    {
      await using _ = await storage.passOverSources();
      const made = await run("restore", "again", "before");
      assert.match(
        made.stderr,
        /kodama-workspace-before and .* are empty: .*\n.*\n.*nothing is left/,
      );
      assert.equal(made.code, 1);
      await nothingOf("kodama.dev/session=again");
      const over = await run("restore", "work", "before", "--yes");
      assert.match(over.stderr, /are empty: .*\n.*\n.*is Stopped, with the files that it had/);
      assert.equal(over.code, 1);
      await on("resume", "work");
      assert.equal(await inPod("work", "cat a"), "two\n");
    }
    await on("restore", "again", "before");
    assert.equal(await inPod("again", "cat a"), "one\n");
    await on("delete", "again", "--force", "--purge", "--discard");
    await on("delete", "work", "--force", "--purge", "--discard", "--snapshots");
    await nothingOf("app.kubernetes.io/managed-by=kodama");
  },
});
