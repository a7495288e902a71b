/**
 * A run in which a command is killed, a pod is recreated and a command fails: what is run again is exactly what
 * failed. Each command notes in its pod that it ran, so that a run too many is seen.
 */
import assert from "node:assert/strict";
import { systemHost } from "../src/kube/host.ts";
import { openKubeClient } from "../src/kube/open_client.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { recreatePod } from "./harness/recreate_pod.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

const namespace = "weka-operator-system";
const drives = ["-n", namespace, "-m", "/^weka-drive-[0-9]$/"];
const pods = Array.from({ length: 8 }, (_, index) => `weka-drive-${index}`);

/** One line for each time it ran; it goes on when it may, and fails once in the pod 3. */
const noted = `echo $$ >> /tmp/ran
until test -e /tmp/go; do sleep 0.1; done
test $KODAMA_INDEX != 3 || test $(wc -l < /tmp/ran) -gt 1`;

Deno.test("what is run again after faults in mid-run is exactly what failed", async (t) => {
  await using cluster = await startTestCluster("fleet:drives=8");
  const kodama = new KodamaInProcess(cluster.env);
  await using client = await openKubeClient(
    { kubeconfig: cluster.kubeconfig },
    systemHost(() => {}),
  );

  /** Runs a line in pods, where nothing may go wrong; what each of them says. Not kept as a run. */
  async function inPods(selection: readonly string[], line: string): Promise<Map<string, string>> {
    const words = ["exec", ...selection, "--yes", "-o", "json", "--shell", "--", line];
    const stdout = await kodama.succeed(words, {
      env: { KODAMA_CONFIG_DIR: `${cluster.folder}/aside` },
    });
    const reports = JSON.parse(stdout) as { pod: string; stdout: string }[];
    return new Map(reports.map((report) => [report.pod, report.stdout.trim()]));
  }

  /** How often the command ran, pod by pod. */
  async function times(): Promise<number[]> {
    const counts = await inPods(drives, "cat /tmp/ran 2>/dev/null | wc -l");
    return pods.map((pod) => Number(counts.get(pod)));
  }

  await t.step("the run: one killed, one recreated, one failed, the others ok", async () => {
    await using run = (await SourceKodama.on(cluster)).start([
      "exec",
      ...drives,
      "--yes",
      "--shell",
      "--",
      noted,
    ]);
    await inPods(drives, "until test -s /tmp/ran; do sleep 0.1; done");
    await inPods(["-n", namespace, "weka-drive-1"], "kill -9 $(cat /tmp/ran)");
    await recreatePod(client, { namespace, name: "weka-drive-2" });
    await inPods(drives, "touch /tmp/go");
    // The server may still report how the command of a deleted pod ended: 5, or else 4.
    assert.notEqual(await run.ended(), 0);
    assert.deepEqual(await times(), [1, 1, 0, 1, 1, 1, 1, 1]);
    assert.deepEqual(await notOk(kodama), [1, 2, 3]);
  });

  await t.step(
    "again: the two that failed, and nothing in the pod that is another now",
    async () => {
      const { code, stderr } = await kodama.run(["runs", "rerun", "--failed", "--yes"]);
      assert.equal(code, 4, stderr);
      assert.match(stderr, /^2 ok, 1 unreachable in /m);
      assert.deepEqual(await times(), [1, 2, 0, 2, 1, 1, 1, 1]);
    },
  );

  await t.step("again, with the new pod: it alone", async () => {
    await kodama.succeed(["runs", "rerun", "--failed", "--yes", "--recreated"]);
    assert.deepEqual(await times(), [1, 2, 1, 2, 1, 1, 1, 1]);
  });

  await t.step("and nothing is left to be run", async () => {
    assert.equal((await kodama.run(["runs", "rerun", "--failed", "--yes"])).code, 2);
    assert.deepEqual(await times(), [1, 2, 1, 2, 1, 1, 1, 1]);
  });
});

/** The places of the pods of the last run whose command didn't end well. */
async function notOk(kodama: KodamaInProcess): Promise<number[]> {
  const { stdout } = await kodama.run(["runs", "show", "-o", "json"]);
  const { targets } = JSON.parse(stdout) as { targets: { outcome: string }[] };
  return targets.flatMap(({ outcome }, index) => outcome === "ok" ? [] : [index]);
}
