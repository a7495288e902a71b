/** Whom kodama trusts where a kubeconfig names no authority: the machine's, as kubectl does. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { createAuthority } from "../packages/cluster/tls/authority.ts";
import { runCommand } from "./harness/command.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { fromSource, SourceKodama } from "./harness/source_kodama.ts";

interface Kubeconfig {
  clusters: { cluster: { server: string; "certificate-authority-data"?: string } }[];
}

const workflow = `\
permissions:
  net: [SERVER]
steps:
  - http: https://SERVER/api
    expect: 401
`;

Deno.test("where a kubeconfig names no authority, those of SSL_CERT_FILE count, for steps too", async () => {
  await using cluster = await startTestCluster("weka:computes=0,clients=0");
  const kodama = await SourceKodama.on(cluster);
  const kubeconfig = parse(await Deno.readTextFile(cluster.kubeconfig)) as Kubeconfig;
  const own = kubeconfig.clusters[0]?.cluster;
  assert.ok(own?.["certificate-authority-data"]);
  const right = `${cluster.folder}/right.pem`;
  await Deno.writeTextFile(right, atob(own["certificate-authority-data"]));
  const wrong = `${cluster.folder}/wrong.pem`;
  await Deno.writeTextFile(wrong, (await createAuthority({ now: () => new Date() })).certificate);
  delete own["certificate-authority-data"];
  const bare = `${cluster.folder}/no-authority`;
  await Deno.writeTextFile(bare, JSON.stringify(kubeconfig), { mode: 0o600 });
  const steps = `${cluster.folder}/steps.yaml`;
  await Deno.writeTextFile(steps, workflow.replaceAll("SERVER", new URL(own.server).host));

  const lines = [
    ["exec", "-n", "weka-operator-system", "weka-drive-0", "--", "true"],
    ["pods", "-A"],
    ["run", steps, "--yes", "--trust"],
  ];
  for (const words of lines) {
    const run = async (file: string) =>
      await kodama.run(words, { env: { KUBECONFIG: bare, SSL_CERT_FILE: file } });
    const trusted = await run(right);
    assert.equal(trusted.code, 0, `${words.join(" ")}: ${trusted.stderr}`);
    const refused = await run(wrong);
    assert.notEqual(refused.code, 0, words.join(" "));
    const said = refused.stdout + refused.stderr;
    assert.match(said, /signed by an authority that isn't trusted/, words.join(" "));
  }
});

Deno.test("the authority that a kubeconfig names counts alone, and none that Deno knows beside it", async () => {
  await using cluster = await startTestCluster("weka:computes=0,clients=0");
  const kodama = await SourceKodama.on(cluster);
  const kubeconfig = parse(await Deno.readTextFile(cluster.kubeconfig)) as Kubeconfig;
  const own = kubeconfig.clusters[0]?.cluster;
  assert.ok(own?.["certificate-authority-data"]);
  const known = `${cluster.folder}/known.pem`;
  await Deno.writeTextFile(known, atob(own["certificate-authority-data"]));
  const { certificate } = await createAuthority({ now: () => new Date() });
  own["certificate-authority-data"] = btoa(certificate);
  const other = `${cluster.folder}/other-authority`;
  await Deno.writeTextFile(other, JSON.stringify(kubeconfig), { mode: 0o600 });
  const variables = { KUBECONFIG: other, SSL_CERT_FILE: known, DENO_TLS_CA_STORE: "system" };
  // Deno's own list is that of the machine here: without a launcher it lets the server pass.
  const source = await fromSource([kodama.configFolder]);
  const env = { ...cluster.env, ...source.env, ...variables };
  const { code, stderr } = await runCommand([...source.args, "pods", "-A"], { env });
  assert.equal(code, 0, stderr);
  const launched = await kodama.run(["pods", "-A"], { env: variables });
  assert.notEqual(launched.code, 0);
  assert.match(launched.stderr, /signed by an authority that isn't trusted/);
});
