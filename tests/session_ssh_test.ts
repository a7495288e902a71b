/** Real SSH clients in a session of the embedded cluster: ssh, rsync, git and scp. */
import assert from "node:assert/strict";
import { runCommand } from "./harness/command.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { outputOf, SourceKodama } from "./harness/source_kodama.ts";
import { findProgram } from "../src/kube/testing/image_shells.ts";

const programs = ["ssh", "scp", "rsync", "git", "sshd"];
const missing: string[] = [];
for (const name of programs) if (await findProgram(name) === undefined) missing.push(name);
// sshd as root separates its privileges, which an unprivileged cluster's pods can't.
const why = missing.length > 0
  ? `: this machine has no ${missing.join(", ")}`
  : Deno.uid() === 0
  ? undefined
  : ": needs root";

Deno.test({
  name: `ssh, rsync, git push and scp work in a session, and end with it${why ?? ""}`,
  ignore: why !== undefined,
  fn: async () => {
    await using cluster = await startTestCluster("empty");
    const kodama = await SourceKodama.on(cluster);
    const { folder, env } = cluster;
    await Deno.writeTextFile(`${folder}/variables`, "PLANTED=secret-1\n");
    const start = ["start", "s1", "--no-sync", "--image", "debian:12"];
    await kodama.succeed([...start, "--env-file", `${folder}/variables`]);
    assert.equal(await kodama.succeed(["ssh-config", "s1"]), "kodama-s1\n");
    const files = `${kodama.configFolder}/ssh/default.s1`;
    assert.equal((await Deno.stat(`${files}.key`)).mode! & 0o777, 0o600);
    const config = ["-F", `${files}.conf`, "-o", "BatchMode=yes"];
    const on = (words: string[], more: Record<string, string> = {}) =>
      runCommand(words, { env: { ...env, ...more }, cwd: folder });
    const succeed = async (words: string[], more?: Record<string, string>) =>
      outputOf(words, await on(words, more));

    const line = 'pwd; echo "$KODAMA_SESSION $PLANTED $HOME"; umask; cat; exit 7';
    const first = await runCommand(["ssh", ...config, "kodama-s1", line], { env, stdin: "typed" });
    assert.deepEqual(first, {
      ...first,
      code: 7,
      stdout: "/workspace\ns1 secret-1 /home/kodama\n0022\ntyped",
      stderr: "",
    });

    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    await Deno.mkdir(`${folder}/tree/a`, { recursive: true });
    await Deno.writeFile(`${folder}/tree/a/bytes`, bytes);
    const shell = `ssh ${config.join(" ")}`;
    await succeed(["rsync", "-a", "-e", shell, "tree/", "kodama-s1:tree/"]);
    await succeed(["scp", "-q", ...config, "kodama-s1:/workspace/tree/a/bytes", "back"]);
    assert.deepEqual(await Deno.readFile(`${folder}/back`), bytes);

    await succeed(["ssh", ...config, "kodama-s1", "git init -q --bare repo.git"]);
    const identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    await succeed(["git", "init", "-q", "local"]);
    await succeed([
      "git",
      "-C",
      "local",
      ...identity,
      "commit",
      "-q",
      "--allow-empty",
      "-m",
      "one",
    ]);
    const push = ["git", "-C", "local", "push", "-q", "kodama-s1:/workspace/repo.git", "HEAD:main"];
    await succeed(push, { GIT_SSH_COMMAND: shell });
    const log = ["ssh", ...config, "kodama-s1", "git -C repo.git log --format=%s main"];
    assert.equal(await succeed(log), "one\n");

    // The image may have been replaced since by one with another user.
    const other = ["ssh", ...config, "-l", "someone", "kodama-s1", "true"];
    assert.match((await on(other)).stderr, /has the user "root", not "someone"/);
    await kodama.succeed(["delete", "s1", "--force", "--purge"]);
    await assert.rejects(Deno.stat(`${files}.conf`), Deno.errors.NotFound);
    await assert.rejects(Deno.stat(`${files}.key`), Deno.errors.NotFound);
  },
});
