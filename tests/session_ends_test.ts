/** The end of a session's workspace: the sync is brought to its end first, and work that nothing else has isn't lost. */
import assert from "node:assert/strict";
import { sessionEnvironment, startTestCluster } from "./harness/embedded_cluster.ts";
import { startGitServer } from "./harness/git_server.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

interface Situation {
  name: string;
  /** What happens in the session, as a line of shell in its pod. */
  work: string;
  /** What happens on this machine then. */
  here?: (around: Around) => Promise<void>;
  /** Why a purge is refused; undefined if it loses nothing. */
  refused?: RegExp;
}

interface Around {
  session: string;
  folder: string;
  run(...words: string[]): Promise<string>;
  syncPid(): Promise<number>;
}

const synced: readonly Situation[] = [
  {
    name: "behind",
    work: "head -c 100000000 /dev/zero >big; echo last >small",
  },
  {
    name: "held",
    work: "echo lost >\"$(printf 'not\\377utf8')\"",
    refused: /1 file of the pod can't be synced: /,
  },
  {
    name: "paused",
    work: "echo later >small",
    here: async ({ session, run }) => void await run("sync", "pause", session),
    refused: /its sync default\.paused is paused/,
  },
  {
    name: "killed",
    work: ":",
    async here({ syncPid }) {
      Deno.kill(await syncPid(), "SIGKILL");
    },
    refused: /its sync default\.killed is killed/,
  },
  {
    name: "emptied",
    work: "rm first",
    refused: /its sync default\.emptied is halted|the pod's folder has nothing in it any more/,
  },
];

Deno.test("no end of a session loses what its sync hasn't brought", async (t) => {
  await using cluster = await startTestCluster();
  const folder = cluster.folder;
  const kodama = await SourceKodama.on({
    env: sessionEnvironment(folder, cluster.kubeconfig),
    folder,
  });
  const run = (...words: string[]) => kodama.succeed(words, { cwd: folder });
  const elsewhere = { HOME: `${folder}/other`, KODAMA_CONFIG_DIR: `${folder}/other/.kodama` };
  await Deno.mkdir(elsewhere.HOME);
  for (const { name: session, work, here, refused } of synced) {
    const site = `${folder}/${session}`;
    await t.step(`sync ${session}`, async (t) => {
      await Deno.mkdir(site);
      await Deno.writeTextFile(`${site}/first`, "first\n");
      await run("start", session, "--sync", session);
      await run("attach", session, "--command", work);
      const syncPid = async () =>
        JSON.parse(await run("sync", "list", "-o", "json")).find(
          ({ key }: { key: string }) => key === `default.${session}`,
        ).pid;
      await here?.({ session, folder: site, run, syncPid });
      const purge = ["delete", session, "--purge", "--force"];
      await t.step("another machine", async () => {
        const { code, stderr } = await kodama.run(purge, { cwd: folder, env: elsewhere });
        assert.equal(code, 1, stderr);
        assert.match(stderr, /it's synced with .*, and not from this machine/);
      });
      if (refused !== undefined) {
        const { code, stderr } = await kodama.run(purge, { cwd: folder });
        assert.equal(code, 1, stderr);
        assert.match(stderr, refused);
        assert.match(stderr, /--discard loses it/);
        assert.match(await run("get", session), /Running/);
        // A stop keeps the volumes; what they have alone is said, and known to a later purge.
        assert.match((await kodama.run(["stop", session], { cwd: folder })).stderr, refused);
        assert.equal((await kodama.run(purge, { cwd: folder })).code, 1);
        await run(...purge, "--discard");
        return;
      }
      await run(...purge);
      assert.equal(await Deno.readTextFile(`${site}/small`), "last\n");
      assert.equal((await Deno.stat(`${site}/big`)).size, 100_000_000);
    });
  }
});

Deno.test("no end of a session without a sync loses commits and files", async (t) => {
  await using cluster = await startTestCluster();
  await using server = await startGitServer(`${cluster.folder}/git`);
  const folder = cluster.folder;
  const kodama = await SourceKodama.on({
    env: sessionEnvironment(folder, cluster.kubeconfig),
    folder,
  });
  const run = (...words: string[]) => kodama.succeed(words, { cwd: folder });
  const inPod = (line: string) => run("attach", "work", "--command", line);
  const purge = ["delete", "work", "--purge", "--force"];
  const refusal = async () => {
    const { code, stderr } = await kodama.run(purge, { cwd: folder });
    assert.equal(code, 1, stderr);
    return stderr;
  };
  await run("start", "work", "--repo", server.repository, "--no-sync");
  await t.step("files, then commits, are named by the refusal", async () => {
    await inPod("echo 1 >draft.md");
    assert.match(await refusal(), /1 uncommitted file: draft\.md/);
    await inPod(
      "git add . && git -c user.name=A -c user.email=a@example.com commit -qm 'the only copy'",
    );
    assert.match(await refusal(), /1 unpushed commit: [0-9a-f]+ the only copy/);
  });
  await t.step("a stopped session's aren't known, if it was stopped with them", async () => {
    const { stderr } = await kodama.run(["stop", "work"], { cwd: folder });
    assert.match(stderr, /note: .*1 unpushed commit/);
    assert.match(await refusal(), /its pod doesn't run, so its workspace can't be looked at/);
    await run("resume", "work");
  });
  await t.step("a pull saves commits", async () => {
    await new Deno.Command("git", {
      args: ["clone", "-q", server.repository, `${folder}/clone`],
      env: { GIT_CONFIG_GLOBAL: "/dev/null" },
    }).output();
    await kodama.succeed(["pull", "work"], { cwd: `${folder}/clone` });
    await run("stop", "work");
    await run(...purge);
    const { stdout } = await new Deno.Command("git", {
      args: ["-C", `${folder}/clone`, "log", "--all", "--format=%s"],
    }).output();
    assert.match(new TextDecoder().decode(stdout), /^the only copy$/m);
  });
});

Deno.test("no end of a session loses commits that were made in it without a repository", async () => {
  await using cluster = await startTestCluster();
  const folder = cluster.folder;
  const kodama = await SourceKodama.on({
    env: sessionEnvironment(folder, cluster.kubeconfig),
    folder,
  });
  const run = (...words: string[]) => kodama.succeed(words, { cwd: folder });
  const purge = ["delete", "scratch", "--purge", "--force"];
  await run("start", "scratch", "--no-sync");
  const commit = "git -c user.name=A -c user.email=a@example.com commit -qm only --allow-empty";
  await run("attach", "scratch", "--command", `git init -q && ${commit}`);
  const { stderr } = await kodama.run(["stop", "scratch"], { cwd: folder });
  assert.match(stderr, /note: .*1 unpushed commit/);
  const refused = await kodama.run(purge, { cwd: folder });
  assert.equal(refused.code, 1, refused.stderr);
  assert.match(refused.stderr, /its pod doesn't run, so its workspace can't be looked at/);
  await run(...purge, "--discard");
});

Deno.test("what the pod removed and replaced here is undone, here and there", async () => {
  await using cluster = await startTestCluster();
  const folder = cluster.folder;
  const kodama = await SourceKodama.on({
    env: sessionEnvironment(folder, cluster.kubeconfig),
    folder,
  });
  const run = (...words: string[]) => kodama.succeed(words, { cwd: folder });
  const inPod = (line: string) => run("attach", "work", "--command", line);
  await Deno.mkdir(`${folder}/site/src`, { recursive: true });
  await Deno.writeTextFile(`${folder}/site/src/a`, "mine\n");
  await Deno.writeTextFile(`${folder}/site/b`, "mine\n");
  await run("start", "work", "--sync", "site");
  await inPod("rm -rf src; echo theirs >b");
  await run("sync", "flush", "work");
  assert.equal(await Deno.readTextFile(`${folder}/site/b`), "theirs\n");
  await assert.rejects(Deno.stat(`${folder}/site/src/a`), Deno.errors.NotFound);
  assert.equal(await run("sync", "undo", "work"), "b\nsrc/a\n");
  await run("sync", "flush", "work");
  for (const path of ["src/a", "b"]) {
    assert.equal(await Deno.readTextFile(`${folder}/site/${path}`), "mine\n");
    assert.equal(await inPod(`cat ${path}`), "mine\n");
  }
  assert.equal((await kodama.run(["sync", "undo"], { cwd: folder })).code, 1);
  await run("delete", "work", "--purge", "--force");
});
