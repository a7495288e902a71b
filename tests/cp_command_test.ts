/** Copies by the real program on the embedded cluster, over a link that breaks. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { CuttingLink } from "./cluster/faults/cutting_link.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import { kubectlMissing } from "./harness/kubectl.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

const namespace = "weka-operator-system";
const missing = await kubectlMissing();

Deno.test(unless(missing, "cp by the real program"), async (t) => {
  await using cluster = await startTestCluster("weka:computes=0,clients=0");
  const real = await SourceKodama.on(cluster);
  const kodama = new KodamaInProcess(cluster.env);
  const { folder, kubeconfig } = cluster;
  let limit = Infinity;
  const { clusters } = JSON.parse(await Deno.readTextFile(kubeconfig));
  await using link = new CuttingLink(clusters[0].cluster.server, () => limit);
  await link.writeKubeconfig(kubeconfig, `${folder}/cutting`);
  const run = (
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
    program: SourceKodama | KodamaInProcess = kodama,
  ) => program.run(["cp", "-n", namespace, ...words], { env, cwd: folder });
  const cutting = { KUBECONFIG: `${folder}/cutting` };
  const bytes = new Uint8Array(8_000_000);
  for (let at = 0; at < bytes.length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  await Deno.writeFile(`${folder}/large`, bytes);
  const placed = await run(["large", "weka-drive-0:/tmp/large"], {}, real);
  assert.deepEqual([placed.code, placed.stdout, placed.stderr], [0, "", ""]);

  await t.step("a copy resumes over a link that breaks again and again", async () => {
    limit = 3_000_000;
    const { code, stdout, stderr } = await run(
      ["-o", "jsonl", "weka-drive-0:/tmp/large", "./back"],
      cutting,
      real,
    );
    assert.equal(code, 0, stderr);
    const report = JSON.parse(stdout);
    assert.deepEqual([report.outcome, report.bytes], ["ok", bytes.length]);
    assert.ok(report.resumedBytes > 5_000_000, stdout);
    assert.match(report.notes.join("\n"), /going on/);
    assert.deepEqual(await Deno.readFile(`${folder}/back`), bytes);
  });

  await t.step("without another attempt it is unknown, and nothing has the name", async () => {
    limit = 3_000_000;
    const words = ["--retries", "0", "weka-drive-0:/tmp/large", "./again"];
    const broken = await run(words, cutting);
    assert.equal(broken.code, 4, broken.stderr);
    assert.match(broken.stderr, /^weka-drive-0: unknown: /m);
    await assert.rejects(Deno.lstat(`${folder}/again`), Deno.errors.NotFound);
    limit = Infinity;
    const { code, stdout } = await run(["-o", "json", ...words], cutting);
    assert.equal(code, 0);
    assert.ok(JSON.parse(stdout)[0].resumedBytes > 1_000_000, stdout);
    assert.deepEqual(await Deno.readFile(`${folder}/again`), bytes);
  });

  await t.step("a link that breaks in a folder leaves nothing of it", async () => {
    limit = 3_000_000;
    const broken = await run(["--retries", "1", "weka-drive-0:/tmp/.", "./folder"], cutting);
    assert.equal(broken.code, 4, broken.stderr);
    await assert.rejects(Deno.lstat(`${folder}/folder`), Deno.errors.NotFound);
    const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    assert.deepEqual(names.filter((name) => name.endsWith(".new")), []);
    limit = Infinity;
  });

  await t.step(
    "many pods: one folder for each, and paths that would meet are refused",
    async () => {
      const drives = ["-m", "drive", ":/tmp"];
      const { code, stderr } = await run([...drives, "{namespace}"]);
      assert.equal(code, 2);
      assert.match(stderr, /copies of several pods would all be/);
      const all = await run(["-m", "drive", "--checksum", "sha256", ":/etc/os-release", "all"]);
      assert.equal(all.code, 0, all.stderr);
      assert.match(all.stderr, /^4 ok, 1 not ready: 4 files, /m);
      const pods = (await Array.fromAsync(Deno.readDir(`${folder}/all`))).map(({ name }) => name);
      assert.deepEqual(pods.sort(), [
        "weka-drive-0",
        "weka-drive-1",
        "weka-drive-2",
        "weka-drive-held-0",
      ]);
    },
  );

  await t.step("the time of one copy is bounded, and its remains are reported", async () => {
    const { code, stderr } = await run(["--timeout", "1ms", "large", "weka-drive-1:/tmp/large"]);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /^weka-drive-1: timed out: not done within 1ms/m);
  });
});
