/** A session with a folder kept in step and a first task: begun, worked in from both ends, stopped, resumed, deleted. */
import assert from "node:assert/strict";
import { runCommand } from "./harness/command.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { startGitServer } from "./harness/git_server.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

Deno.test("a clone, its session and the session's agent work on the same files", async () => {
  await using cluster = await startTestCluster();
  await using server = await startGitServer(`${cluster.folder}/git`);
  const kodama = await SourceKodama.on(cluster);
  const clone = `${cluster.folder}/clone`;
  const cloned = await runCommand(["git", "clone", "-q", server.repository, clone], {
    env: cluster.env,
  });
  assert.equal(cloned.code, 0, cloned.stderr);
  await Deno.writeTextFile(`${clone}/README.md`, "# changed here\n");
  await Deno.writeTextFile(`${clone}/.kodamaignore`, "secret/\n");
  await Deno.mkdir(`${clone}/secret`);
  await Deno.writeTextFile(`${clone}/secret/key`, "stays here\n");
  await Deno.writeTextFile(`${clone}/.env`, "DATABASE_URL=postgres://u:stays-here@db\n");
  const run = (...words: string[]) => kodama.succeed(words, { cwd: clone });
  const here = new KodamaInProcess(cluster.env);
  const look = (...words: string[]) => here.succeed(words);
  const inPod = (line: string) => look("attach", "work", "--command", line);
  const agent = ["--adapter", "command", "--prompt", "say hello"];
  const words = ["start", "work", "--repo", ".", "--sync", ".", "--env-file", ".env", ...agent];
  const line = "cat > from-agent.txt";
  try {
    await run(...words, "--", "sh", "-c", line);
    assert.equal(
      await inPod("cat README.md; ls -A | grep -v ^.kodama-sync-"),
      [
        "# changed here",
        ...[".git", "README.md", "from-agent.txt", ""],
      ].join("\n"),
    );
    assert.equal(
      await inPod("git status --porcelain | sort"),
      [
        " M README.md",
        ...["?? from-agent.txt", ""],
      ].join("\n"),
    );
    await inPod(
      "mkdir -p sub/.kodama && touch .kodama.yaml sub/.kodama.yaml sub/.kodama/x sub/other",
    );
    await run("sync", "flush", "work");
    assert.equal(await Deno.readTextFile(`${clone}/from-agent.txt`), "say hello\n");
    const brought = await Array.fromAsync(Deno.readDir(`${clone}/sub`));
    assert.deepEqual(brought.map(({ name }) => name), ["other"]);
    await assert.rejects(Deno.lstat(`${clone}/.kodama.yaml`), Deno.errors.NotFound);
    await Deno.writeTextFile(`${clone}/new.txt`, "from here\n");
    await run("sync", "flush", "work");
    assert.equal(await inPod("cat new.txt"), "from here\n");
    assert.match(await look("list"), /^work +Running +default +Active /m);
    const got = JSON.parse(await look("get", "work", "-o", "json"));
    assert.equal(got.sync.localPath, clone);
    assert.deepEqual([got.tasks.length, got.agent.task], [1, 1]);
    // The same words again: nothing is done twice.
    await run(...words, "--", "sh", "-c", line);
    assert.equal(JSON.parse(await look("get", "work", "-o", "json")).tasks.length, 1);
    const other = [...words.slice(0, -1), "something else", "--", "sh", "-c", line];
    const refused = await kodama.run(other, { cwd: clone });
    assert.match(refused.stderr, /was started with another prompt/);
    assert.match(await look("list"), /^work +Running /m, "what was refused breaks nothing");
    await run("stop", "work");
    assert.match(await look("list"), /^work +Stopped +default +Inactive /m);
    await run("resume", "work");
    assert.match(await look("list"), /^work +Running +default +Active /m);
    // A resume has none of the files that variables come from: those that the session has stay.
    assert.equal(await inPod('echo "${DATABASE_URL:+set}"'), "set\n");
  } finally {
    await run("delete", "work", "--force", "--purge");
  }
  assert.equal(await look("sync", "list"), "");
});
