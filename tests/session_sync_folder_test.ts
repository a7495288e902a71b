/** Which folder a session syncs with: never one that wasn't requested. */
import assert from "node:assert/strict";
import { runCommand } from "./harness/command.ts";
import { startGitServer } from "./harness/git_server.ts";
import { startTestCluster, type TestCluster } from "./harness/embedded_cluster.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

/** A machine with projects of that many names, each with one file of that name. */
async function machine(cluster: TestCluster, names: readonly string[]) {
  const kodama = await SourceKodama.on(cluster);
  const folder = (name: string) => `${cluster.folder}/${name}`;
  for (const name of names) {
    await Deno.mkdir(folder(name));
    await Deno.writeTextFile(`${folder(name)}/.kodamaignore`, "");
    await Deno.writeTextFile(`${folder(name)}/${name}.txt`, `${name}\n`);
  }
  const run = (cwd: string, ...words: string[]) => kodama.run(words, { cwd: folder(cwd) });
  const succeed = async (cwd: string, ...words: string[]) => {
    const { code, stdout, stderr } = await run(cwd, ...words);
    assert.equal(code, 0, `${words.join(" ")}: ${stderr}`);
    return { stdout, stderr };
  };
  const files = async (name: string) =>
    (await Array.fromAsync(Deno.readDir(folder(name)), (entry) => entry.name))
      .filter((entry) => entry.endsWith(".txt")).sort();
  return { folder, run, succeed, files };
}

Deno.test("a start that goes on keeps the session's folder in step, wherever it is given", async () => {
  await using cluster = await startTestCluster();
  const { folder, run, succeed, files } = await machine(cluster, ["shop", "bank"]);
  const inPod = async () => (await succeed("shop", "attach", "work", "--command", "ls")).stdout;
  try {
    await succeed("shop", "start", "work");
    await succeed("shop", "sync", "stop", "work");
    const again = await succeed("bank", "start", "work");
    assert.match(again.stderr, new RegExp(`sync \\(${folder("shop")}, `));
    assert.deepEqual(await files("bank"), ["bank.txt"]);
    assert.equal(await inPod(), "shop.txt\n");
    const other = await run("bank", "start", "work", "--sync", ".");
    assert.equal(other.code, 2);
    assert.match(other.stderr, /is synced with .*\/shop\n.*sync stop default\.work --forget/);

    // A machine that knows nothing of it, and has another project where this is given.
    await succeed("shop", "sync", "stop", "work", "--forget");
    const unknown = await succeed("bank", "start", "work");
    assert.match(unknown.stderr, /no sync \(it was started with .*\/shop; --sync \. syncs this/);
    assert.deepEqual(await files("bank"), ["bank.txt"]);
    await succeed("shop", "start", "work");
    assert.match((await succeed("bank", "list")).stdout, /^work +Running +default +Active /m);
  } finally {
    await succeed("shop", "delete", "work", "--force");
  }
  const kept = await succeed("bank", "start", "work");
  assert.match(kept.stderr, /no sync \(the workspace contains the files of an earlier session/);
  assert.deepEqual(await files("bank"), ["bank.txt"]);
  await succeed("shop", "delete", "work", "--force", "--purge");
});

Deno.test("in a subfolder of a clone, the whole clone is synced, and nothing is mixed", async () => {
  await using cluster = await startTestCluster();
  await using server = await startGitServer(`${cluster.folder}/git`);
  const kodama = await SourceKodama.on(cluster);
  const clone = `${cluster.folder}/mono`;
  const api = `${clone}/packages/api`;
  const cloned = await runCommand(["git", "clone", "-q", server.repository, clone], {
    env: cluster.env,
  });
  assert.equal(cloned.code, 0, cloned.stderr);
  await Deno.mkdir(api, { recursive: true });
  await Deno.writeTextFile(`${clone}/package.json`, "root\n");
  await Deno.writeTextFile(`${api}/package.json`, "api\n");
  const run = (...words: string[]) => kodama.run(words, { cwd: api });
  const inPod = "cd /workspace; cat package.json packages/api/package.json; ls";
  for (const form of [["--repo", "."], ["--repo", ".", "--sync", "."]]) {
    const started = await run("start", "mono", ...form);
    assert.equal(started.code, 0, started.stderr);
    assert.match(started.stderr, new RegExp(`sync \\(${clone}, `));
    const { stdout } = await run("attach", "mono", "--command", inPod);
    assert.match(stdout, /^root\napi\n/);
    assert.deepEqual([...Deno.readDirSync(api)].map(({ name }) => name), ["package.json"]);
    assert.equal(await Deno.readTextFile(`${clone}/package.json`), "root\n");
    // A shell, and a task of the agent, begin in the same subfolder.
    const { stdout: shell } = await run("attach", "mono", "--command", "pwd");
    assert.match(shell, /\/workspace\/packages\/api\n$/);
    const task = ["--adapter", "command", "--", "sh", "-c", "pwd"];
    const prompted = await run("prompt", "mono", "x", "-f", ...task);
    assert.match(prompted.stdout, /\/workspace\/packages\/api$/m, prompted.stderr);
    assert.equal((await run("delete", "mono", "--force", "--purge")).code, 0);
  }
  // A tracked file is synced though a pattern matches it, from when it is added; its neighbours aren't.
  await Deno.writeTextFile(`${clone}/.gitignore`, "build/\n");
  await Deno.mkdir(`${clone}/build`);
  for (const name of ["config.json", "other"]) {
    await Deno.writeTextFile(`${clone}/build/${name}`, "1");
  }
  const part = await run("start", "mono", "--repo", ".", "--sync", "../api");
  assert.equal(part.code, 0, "the working folder under another name");
  const add = ["git", "-C", clone, "add", "-f", "build/config.json"];
  assert.equal((await runCommand(add, { env: cluster.env })).code, 0);
  assert.equal((await run("sync", "flush", "mono")).code, 0);
  const built = await run("attach", "mono", "--command", "cd /workspace/build; ls; cat *");
  assert.equal(built.stdout, "config.json\n1", built.stderr);
  await run("delete", "mono", "--force", "--purge");
  const other = await kodama.run(["start", "mono", "--repo", ".", "--sync", "packages"], {
    cwd: clone,
  });
  assert.equal(other.code, 2);
  assert.match(
    other.stderr,
    /packages: it is a part of the clone .*\/mono\nhint: --sync .*\/mono syncs/,
  );
});

Deno.test("a session of the same name in another cluster has no part in a sync", async () => {
  await using first = await startTestCluster();
  await using second = await startTestCluster();
  const { run, succeed } = await machine(first, ["shop", "bank"]);
  const config = await Deno.readTextFile(second.kubeconfig);
  const renamed = `${first.folder}/second.kubeconfig`;
  await Deno.writeTextFile(renamed, config.replaceAll('"kodama"', '"second"'));
  const there = ["--kubeconfig", renamed];
  await succeed("shop", "start", "work");
  try {
    const refused = await run("bank", "start", "work", "--sync", ".", ...there);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /the sync default\.work of this machine is of context kodama\n/);
    assert.match(refused.stderr, /kodama sync stop default\.work --forget/);
    const unsynced = await succeed("bank", "start", "work", ...there);
    assert.match(unsynced.stderr, /no sync \(the sync default\.work of this machine is of context/);
    assert.match(
      (await succeed("bank", "list", ...there)).stdout,
      /^work +Running +default +Inactive /m,
    );
    await succeed("bank", "stop", "work", ...there);
    await succeed("bank", "delete", "work", "--force", "--purge", ...there);
    assert.match(
      (await succeed("shop", "sync", "list")).stdout,
      /^default\.work +in sync .*\/shop /m,
    );
  } finally {
    await succeed("shop", "delete", "work", "--force", "--purge", "--kubeconfig", first.kubeconfig);
  }
});
