/** A start without a home folder, as in a container or a unit of systemd: only what must be kept is refused. */
import assert from "node:assert/strict";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

const pods = ["-n", "weka-operator-system", "weka-drive-0"];

Deno.test("without HOME what needs nothing of it works, and what must be kept says why it can't be", async () => {
  await using cluster = await startTestCluster("weka:computes=0,clients=0");
  const kodama = await SourceKodama.on(cluster);
  const env = { HOME: "", KODAMA_CONFIG_DIR: "" };
  const run = (...words: string[]) => kodama.run(words, { env });
  const done = await run("exec", ...pods, "--", "echo", "hello");
  assert.deepEqual([done.code, done.stdout], [0, "hello\n"]);
  assert.match(
    done.stderr,
    /^this run is not recorded: there is no home folder: HOME is not set$/m,
  );
  for (const words of [["pods", ...pods], ["config", "view"], ["workflow", "list"]]) {
    const { code, stderr } = await run(...words);
    assert.deepEqual([code, stderr], [0, ""], words.join(" "));
  }
  assert.deepEqual((await run("runs", "list")).code, 0);
  const refused = await run("config", "set", "exec.fanout", "5");
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /^error: there is no home folder: HOME is not set\nhint: set KODAMA_CONFIG_DIR/,
  );
});
