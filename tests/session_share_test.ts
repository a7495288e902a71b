/** The rights of `kodama share` are enough to attach to the one session, and for nothing else. */
import assert from "node:assert/strict";
import { runCommand } from "./harness/command.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

Deno.test("a teammate attaches with the rights of the note alone, and to that session alone", async () => {
  await using cluster = await startTestCluster("empty");
  const kodama = await SourceKodama.on(cluster);
  for (const name of ["shared", "other"]) {
    const { code, stderr } = await kodama.run(["start", name, "--no-sync"]);
    assert.equal(code, 0, stderr);
  }
  const rights = await kodama.run(["share", "shared", "--to", "bob", "-o", "yaml"]);
  const applied = await runCommand(["kubectl", "apply", "-f", "-"], {
    env: { ...cluster.env, KUBECONFIG: cluster.kubeconfig },
    stdin: rights.stdout,
  });
  assert.equal(applied.code, 0, applied.stderr);

  const own = `${cluster.folder}/bob`;
  await Deno.writeTextFile(own, await cluster.cluster.kubeconfigFor("bob", []));
  // Of bob's own machine, which knows nothing of the session.
  const bob = await SourceKodama.on({ ...cluster, folder: `${cluster.folder}/bobs` });
  const env = { KUBECONFIG: own, KODAMA_CONFIG_DIR: bob.configFolder };
  const words = (name: string) => ["attach", name, "-n", "default", "--command", "pwd"];
  const { code, stdout, stderr } = await bob.run(words("shared"), { env });
  assert.equal(stdout, "/workspace\n", stderr);
  assert.equal(code, 0);
  const refused = await bob.run(words("other"), { env });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /forbidden/);
});

Deno.test("a note holds no credentials", async () => {
  await using cluster = await startTestCluster("empty");
  const kodama = await SourceKodama.on(cluster);
  const started = await kodama.run(["start", "shared", "--no-sync"]);
  assert.equal(started.code, 0, started.stderr);
  const { stdout } = await kodama.run(["share", "shared"]);
  const kubeconfig = await Deno.readTextFile(cluster.kubeconfig);
  const secrets = [...kubeconfig.matchAll(/[\w+/=.-]{60,}/g)];
  assert.ok(secrets.length > 0);
  for (const [secret] of secrets) assert.ok(!stdout.includes(secret));
});
