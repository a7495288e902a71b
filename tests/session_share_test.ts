/** The rights of `kodama share` are enough to attach to the one session, and for nothing else. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { Kubectl, kubectlMissing } from "./harness/kubectl.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";

const noKubectl = await kubectlMissing();

Deno.test(
  unless(
    noKubectl,
    "a teammate attaches with the rights of the note alone, and to that session alone",
  ),
  async () => {
    await using cluster = await startTestCluster("empty");
    const kodama = new KodamaInProcess(cluster.env);
    for (const name of ["shared", "other"]) {
      await kodama.succeed(["start", name, "--no-sync"]);
    }
    const rights = await kodama.succeed(["share", "shared", "--to", "bob", "-o", "yaml"]);
    await Kubectl.on(cluster).apply(rights);

    const own = `${cluster.folder}/bob`;
    await Deno.writeTextFile(own, await cluster.cluster.kubeconfigFor("bob", []));
    // Of bob's own machine, which knows nothing of the session.
    const env = { KUBECONFIG: own, KODAMA_CONFIG_DIR: `${cluster.folder}/bobs/.kodama` };
    const bob = new KodamaInProcess({ ...cluster.env, ...env });
    const words = (name: string) => ["attach", name, "-n", "default", "--command", "pwd"];
    assert.match(await bob.succeed(words("shared")), /^\S*\/workspace\n$/);
    const refused = await bob.run(words("other"));
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /forbidden/);
  },
);

Deno.test("a note holds no credentials", async () => {
  await using cluster = await startTestCluster("empty");
  const kodama = new KodamaInProcess(cluster.env);
  await kodama.succeed(["start", "shared", "--no-sync"]);
  const stdout = await kodama.succeed(["share", "shared"]);
  const kubeconfig = await Deno.readTextFile(cluster.kubeconfig);
  const secrets = [...kubeconfig.matchAll(/[\w+/=.-]{60,}/g)];
  assert.ok(secrets.length > 0);
  for (const [secret] of secrets) assert.ok(!stdout.includes(secret));
});
