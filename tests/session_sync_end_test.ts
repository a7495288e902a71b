/** How a sync of a session ends: by itself where its session is deleted elsewhere, and where it is asked to. */
import assert from "node:assert/strict";
import {
  sessionEnvironment,
  startTestCluster,
  type TestCluster,
} from "./harness/embedded_cluster.ts";
import { hangLimitMs } from "./harness/hang_limit.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

/** A machine of its own: a home folder, and a folder to be kept in step. */
async function machine(cluster: TestCluster, name: string) {
  const folder = `${cluster.folder}/${name}`;
  const site = `${folder}/site`;
  await Deno.mkdir(`${folder}/home`, { recursive: true });
  await Deno.mkdir(site);
  const env = sessionEnvironment(folder, cluster.kubeconfig);
  const kodama = await SourceKodama.on({ env, folder });
  const run = (...words: string[]) => kodama.succeed(words, { cwd: folder });
  const status = async () => {
    const { stdout } = await kodama.run(["sync", "status", "work", "-o", "json"]);
    return JSON.parse(stdout) as { phase: string; reason: string; pid: number | null; log: string };
  };
  return { site, kodama, run, status };
}

type Machine = Awaited<ReturnType<typeof machine>>;

/** The end of a process that isn't a child can only be polled. */
async function untilStopped({ status }: Machine): Promise<{ reason: string; log: string }> {
  const until = performance.now() + hangLimitMs;
  for (let seen = await status();; seen = await status()) {
    if (seen.pid === null) return seen;
    assert.ok(performance.now() < until, `it still runs: ${JSON.stringify(seen)}`);
  }
}

Deno.test("a sync ends by itself where its session was deleted elsewhere, and leaves all that is here", async () => {
  await using cluster = await startTestCluster();
  const [here, elsewhere] = [await machine(cluster, "here"), await machine(cluster, "elsewhere")];
  await Deno.writeTextFile(`${here.site}/a`, "of the first\n");
  await here.run("start", "work", "--sync", "site");
  await Deno.writeTextFile(`${elsewhere.site}/b`, "of the second\n");
  const remote = "kodama-work:/workspace";
  await elsewhere.run("sync", "start", "site", remote, "--name", "work");
  await elsewhere.run("delete", "work", "--force", "--purge");
  const { reason, log } = await untilStopped(here);
  assert.equal(reason, 'session "work" was deleted');
  assert.match(
    await Deno.readTextFile(log),
    /session "work" was deleted; the local files stay\n.* ends\n$/,
  );
  await here.run("sync", "flush", "work").then(() => assert.fail(), () => {});
  assert.equal(await Deno.readTextFile(`${here.site}/a`), "of the first\n");

  // By the ancestor of the previous session, everything here would now count as deleted there.
  await elsewhere.run("start", "work", "--sync", "site");
  await Deno.remove(`${elsewhere.site}/a`);
  await elsewhere.run("sync", "flush", "work");
  await here.run("start", "work", "--sync", "site");
  assert.equal(await Deno.readTextFile(`${here.site}/a`), "of the first\n");
  assert.equal(await Deno.readTextFile(`${here.site}/b`), "of the second\n");
  await here.run("delete", "work", "--force", "--purge");
  await untilStopped(elsewhere);
});

Deno.test("a sync that is stopped ends by itself where a named pipe holds its watcher, too", async () => {
  await using cluster = await startTestCluster();
  const { site, run, status } = await machine(cluster, "here");
  await run("start", "work", "--sync", "site");
  await new Deno.Command("mkfifo", { args: [`${site}/pipe`] }).output();
  await run("sync", "stop", "work");
  const { log } = await status();
  assert.match(await Deno.readTextFile(log), / ends\n$/);
  // Its last step: a killed process doesn't write it.
  const report = await Deno.readTextFile(`${log.slice(0, log.lastIndexOf("/"))}/report.json`);
  assert.equal((JSON.parse(report) as { state: { phase: string } }).state.phase, "stopped");
});

Deno.test("a workspace that was restored from a copy takes nothing away here, and the resume says so", async () => {
  await using cluster = await startTestCluster();
  const { site, kodama, run } = await machine(cluster, "here");
  await Deno.writeTextFile(`${site}/a`, "monday\n");
  await Deno.writeTextFile(`${site}/b`, "monday\n");
  await run("start", "work", "--sync", "site");
  const claims = `${cluster.folder}/cluster/node/claims`;
  const names = (await Array.fromAsync(Deno.readDir(claims))).map(({ name }) => name);
  const workspace = `${claims}/${names.find((name) => name.includes("workspace"))}`;
  const copy = async (from: string, to: string) => {
    const { code } = await new Deno.Command("cp", { args: ["-a", `${from}/.`, to] }).output();
    assert.equal(code, 0);
  };
  await Deno.mkdir(`${cluster.folder}/copy`);
  await copy(workspace, `${cluster.folder}/copy`);
  await Deno.writeTextFile(`${site}/b`, "tuesday\n");
  await Deno.mkdir(`${site}/work`);
  await Deno.writeTextFile(`${site}/work/new`, "tuesday\n");
  await run("sync", "flush", "work");
  await run("stop", "work");
  for await (const { name } of Deno.readDir(workspace)) {
    await Deno.remove(`${workspace}/${name}`, { recursive: true });
  }
  await copy(`${cluster.folder}/copy`, workspace);
  const said = /both sides were merged, and nothing was deleted: the folder in the pod/;
  assert.match((await kodama.run(["resume", "work"])).stderr, said);
  assert.match(await run("sync", "flush", "work"), said);
  assert.match(await run("sync", "status", "work"), said);
  assert.match(await run("sync", "list"), /in sync, merged/);
  assert.equal(await Deno.readTextFile(`${site}/b`), "tuesday\n");
  assert.equal(await Deno.readTextFile(`${site}/work/new`), "tuesday\n");
  const conflicts = (await run("sync", "conflicts", "work")).trim();
  assert.match(conflicts, /^b\.conflict-remote-\S+$/);
  assert.equal(await Deno.readTextFile(`${site}/${conflicts}`), "monday\n");
  await run("delete", "work", "--force", "--purge");
});
