/** Sessions in the hands of people who are in a hurry. */
import { processList } from "./harness/process_lists.ts";
import assert from "node:assert/strict";
import {
  sessionEnvironment,
  startTestCluster,
  type TestCluster,
} from "./harness/embedded_cluster.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

async function machine(cluster: TestCluster, name: string) {
  const folder = `${cluster.folder}/${name}`;
  await Deno.mkdir(`${folder}/home`, { recursive: true });
  await Deno.mkdir(`${folder}/site`);
  const env = sessionEnvironment(folder, cluster.kubeconfig);
  const kodama = await SourceKodama.on({ env, folder });
  const folders = { cwd: folder };
  const run = (...words: string[]) => kodama.run(words, folders);
  const on = (...words: string[]) => kodama.succeed(words, folders);
  return { site: `${folder}/site`, run, on, here: new KodamaInProcess(env) };
}

Deno.test("one start on two machines at once: one session, and its prompt is given once", async () => {
  await using cluster = await startTestCluster();
  const machines = [await machine(cluster, "one"), await machine(cluster, "other")];
  const prompt = ["--adapter", "command", "--prompt", "do it", "--", "sh", "-c", "cat >>prompts"];
  const started = await Promise.all(
    machines.map(({ here }) => here.run(["start", "work", "--no-sync", ...prompt])),
  );
  assert.deepEqual(started.map(({ code, stderr }) => code === 0 ? "" : stderr), ["", ""]);
  for (const { here } of machines) {
    const on = (...words: string[]) => here.succeed(words);
    assert.match(await on("list"), /^work +Running /m);
    const tasks = JSON.parse(await on("agent", "list", "work", "-o", "json"));
    assert.equal(tasks.length, 1);
    await on("logs", "--agent", "work", "-f");
    assert.equal(await on("attach", "work", "--command", "cat prompts"), "do it\n");
  }
});

Deno.test("deleted while the agent writes and a folder is carried over: all that is here stays, and nothing runs on", async () => {
  await using cluster = await startTestCluster();
  const { site, run, on } = await machine(cluster, "one");
  const line = "i=0; while :; do i=$((i + 1)); echo $i >made-$i; sleep 0.01; done";
  const prompt = ["--adapter", "command", "--prompt", "do it", "--", "sh", "-c", line];
  await on("start", "work", "--sync", "site", ...prompt);
  const names = Array.from({ length: 500 }, (_, at) => `here-${at}`);
  for (const name of names) await Deno.writeTextFile(`${site}/${name}`, name);
  await on("delete", "work", "--force", "--purge");
  for (const name of names) assert.equal(await Deno.readTextFile(`${site}/${name}`), name);
  const left = [...Deno.readDirSync(site)].map(({ name }) => name);
  assert.ok(left.some((name) => name.startsWith("made-")), "what the agent wrote came here");
  assert.deepEqual(left.filter((name) => name.startsWith(".")), []);
  assert.deepEqual((await processList()).filter((args) => args.includes(site)), []);
  assert.equal(await on("sync", "list"), "");
  assert.match((await run("attach", "work")).stderr, /^error: there is no session "work" /);
});

Deno.test("a namespace that isn't there, and a name that can't be: the message says what can be done", async () => {
  await using cluster = await startTestCluster();
  const { here } = await machine(cluster, "one");
  const nowhere = await here.run(["start", "work", "-n", "nowhere", "--no-sync"]);
  assert.equal(nowhere.code, 1);
  assert.match(
    nowhere.stderr,
    /error: namespaces "nowhere" not found .*\nhint: kubectl create namespace nowhere creates it; -n selects another one\n$/,
  );
  const capital = await here.run(["start", "Fix Auth!"]);
  assert.equal(capital.code, 2);
  assert.match(
    capital.stderr,
    /^error: "Fix Auth!" can't be the name of a session: .*\nhint: fix-auth can\n$/,
  );
});
