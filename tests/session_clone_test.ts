/** Clones of sessions with a repository: what was done in one is there in the other, and goes its own way from there. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { hangTimeout } from "./harness/hang_limit.ts";
import { startGitServer } from "./harness/git_server.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { Kubectl, kubectlMissing } from "./harness/kubectl.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";

const noKubectl = await kubectlMissing();

Deno.test(
  unless(
    noKubectl,
    "a stopped session is cloned and kept in a file without waking: nothing of it begins, and nothing is left",
  ),
  async () => {
    await using cluster = await startTestCluster("empty");
    const kodama = new KodamaInProcess(cluster.env);
    const on = (...words: string[]) => kodama.succeed(words);
    await on("start", "work", "--no-sync");
    await on("attach", "work", "--command", "echo kept >notes.txt");
    // A task that waits for its turn: its runner says where it ran, if it ever does.
    const task = "$HOME/.kodama/tasks/1";
    const waiting = `mkdir -p ${task} && echo 'echo 1; : >/workspace/ran' >${task}/runner`;
    await on("attach", "work", "--command", waiting);
    await on("stop", "work");
    await on("clone", "work", "again");
    assert.equal(
      await on("attach", "again", "--command", "cat notes.txt; ls"),
      "kept\nnotes.txt\n",
    );
    await on("snapshot", "work", "--output", `${cluster.folder}/work.tar.gz`);
    const { status } = JSON.parse(await on("get", "work", "-o", "json"));
    assert.equal(status, "Stopped");
    const kubectl = Kubectl.on(cluster);
    // The pod that had the files has been deleted, and may take a moment to end.
    await kubectl.ok("wait", "--for=delete", "pod/kodama-files-work", hangTimeout);
    assert.equal(await kubectl.ok("get", "pods", "-o", "name"), "pod/kodama-again");
  },
);

Deno.test("a clone has the commits and the changes of its session, and needs its repository no more", async () => {
  await using cluster = await startTestCluster("empty");
  const kodama = new KodamaInProcess(cluster.env);
  const on = (...words: string[]) => kodama.succeed(words);
  const inPod = (name: string, line: string) => on("attach", name, "--command", line);
  {
    await using server = await startGitServer(`${cluster.folder}/git`);
    await on("start", "work", "--repo", server.repository, "--no-sync");
  }
  const commit = "git -c user.name=J -c user.email=j@e commit -q --allow-empty -m";
  await inPod("work", `${commit} mine && echo changed > uncommitted`);
  await on("clone", "work", "again");
  const look = "git symbolic-ref --short HEAD; git log -1 --format=%s; cat uncommitted";
  assert.equal(await inPod("again", look), await inPod("work", look));
  await inPod("again", `${commit} its-own && rm uncommitted`);
  assert.match(await inPod("work", look), /\nmine\nchanged\n$/);
  const { work, origin } = JSON.parse(await on("get", "again", "-o", "json"));
  assert.equal(work.commits, 2);
  assert.deepEqual(origin, { kind: "clone", session: "work", filled: true });
  await on("stop", "again");
  await on("resume", "again");
  assert.match(await inPod("again", "git log --format=%s"), /^its-own\nmine\n/);
});
