/** Sessions cloned, archived and restored on a real cluster: in a restricted namespace, with the documented Role. */
import assert from "node:assert/strict";
import { TestFolder } from "../harness/test_folder.ts";
import { machine, sessionNamespace } from "./session_machine.ts";
import { RealCluster, rigVariable } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
// Its image is the rig's.
const onRig = cluster !== undefined && Deno.env.get(rigVariable) !== undefined;

const image = "debian:12";
const planted = "planted-in-a-variable";
const signedIn = "planted-in-the-home";

/** Prints a repository, a link and some megabytes as one line. */
const look =
  "git log --format=%s; git status --short; cat link; sha256sum < big; ls -A ~/.claude; echo ${PLANTED:-unset}";

Deno.test({
  name: "a session's files on a real cluster: in a clone, in a file, and back",
  ignore: !onRig,
  fn: async () => {
    assert.ok(cluster);
    await using namespace = await sessionNamespace(cluster, "copies");
    await using own = await TestFolder.open("kodama-copies-");
    const kodama = await machine(namespace, `${own.path}/machine`);
    await Deno.writeTextFile(`${own.path}/.env`, `PLANTED="${planted}"\n`);
    const folders = { cwd: own.path };
    const run = (...words: string[]) => kodama.run(words, folders);
    const on = (...words: string[]) => kodama.succeed(words, folders);
    const inPod = (name: string, line: string) => on("attach", name, "--command", line);
    const start = ["start", "work", "--image", image, "--no-sync", "--env-file", ".env"];
    await on(...start);
    await inPod(
      "work",
      `git init -q . && git config user.name J && git config user.email j@e && echo one > a &&
      ln -s a link && git add -A && git commit -qm first && echo more > uncommitted &&
      head -c 20000000 /dev/urandom > big && echo big >> .git/info/exclude &&
      echo talk > ~/.claude/talk.jsonl && echo ${signedIn} > ~/.claude/.credentials.json`,
    );
    const was = await inPod("work", look);
    const expected = was.replace(planted, "unset").replace("\n.credentials.json", "");
    assert.notEqual(expected, was);

    await on("clone", "work", "again");
    assert.equal(await inPod("again", look), expected);
    await on("clone", "work", "whole", "--with-secrets");
    assert.match(await inPod("whole", look), new RegExp(`\\.credentials\\.json[^]*${planted}`));

    await on("snapshot", "work", "--output", "work.tar.gz");
    const text = new TextDecoder("latin1").decode(await inflated(`${own.path}/work.tar.gz`));
    assert.ok(text.includes("talk") && !text.includes(planted) && !text.includes(signedIn));

    await inPod("work", "rm -rf a big .git && echo lost > late");
    await on("stop", "work");
    assert.equal((await run("restore", "work", "work.tar.gz")).code, 2);
    await on("restore", "work", "work.tar.gz", "--yes");
    assert.equal(await inPod("work", look), was);
    await on("restore", "elsewhere", "work.tar.gz");
    assert.equal(await inPod("elsewhere", look), expected);

    const late = await run("clone", "work", "late", "--timeout", "1ms");
    assert.match(late.stderr, /nothing remains of session "late"/);
    for (const name of ["work", "again", "whole", "elsewhere"]) {
      await on("delete", name, "--force", "--purge", "--discard");
    }
    const everything = "pods,configmaps,secrets,persistentvolumeclaims";
    const label = ["-l", "app.kubernetes.io/managed-by=kodama"];
    assert.equal(await namespace.kubectl("get", everything, ...label, "-o", "name"), "");
  },
});

async function inflated(path: string): Promise<Uint8Array> {
  const file = await Deno.open(path);
  const plain = file.readable.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}
