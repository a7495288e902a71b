/** A follow of an agent over links that break, by the real program. */
import assert from "node:assert/strict";
import { CuttingLink } from "./cluster/faults/cutting_link.ts";
import { RunningCommand } from "./harness/command.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

const inNamespace = ["-n", "weka-operator-system"];

/** Lines up to a number, then a wait for a file. */
const script = `i=0; while [ $i -lt 300 ]; do echo "line $i"; i=$((i + 1)); done
until [ -e "$HOME/go" ]; do sleep 0.1; done; echo the end`;

Deno.test("a follow shows each line once while its link breaks and comes back", async () => {
  await using cluster = await startTestCluster("fleet:drives=1");
  const direct = await SourceKodama.on(cluster);
  const here = new KodamaInProcess(cluster.env);
  const { clusters } = JSON.parse(await Deno.readTextFile(cluster.kubeconfig));
  let isUp = true;
  await using link = new CuttingLink(clusters[0].cluster.server, () => isUp ? Infinity : 0);
  const kubeconfig = `${cluster.folder}/link.kubeconfig`;
  await link.writeKubeconfig(cluster.kubeconfig, kubeconfig);
  const pods = await here.succeed(["pods", ...inNamespace, "-m", "drive", "-o", "name"]);
  const pod = `pod/${pods.split("\n")[0]?.split("/").at(-1)}`;
  const words = ["prompt", pod, ...inNamespace, "go", "--adapter", "command", "--", "sh", "-c"];
  await here.succeed([...words, script]);

  const env = { ...direct.env, KUBECONFIG: kubeconfig };
  await using follow = new RunningCommand(
    direct.args(["agent", "logs", pod, ...inNamespace, "-f"]),
    { env },
  );
  await follow.writes(({ stdout }) => stdout.includes("line 299\n"));
  for (let turn = 1; turn <= 2; turn++) {
    isUp = false;
    link.cut();
    await follow.writes(({ stderr }) => stderr.split("; reconnecting\n").length > turn);
    isUp = true;
  }
  await here.succeed(["exec", ...inNamespace, pod.slice(4), "--", "sh", "-c", 'touch "$HOME/go"']);
  assert.equal(await follow.ended(), 0, follow.stdout + follow.stderr);
  const expected = Array.from({ length: 300 }, (_, index) => `line ${index}`);
  assert.deepEqual(follow.stdout.split("\n"), [
    "task 1 (command): go",
    ...expected,
    "the end",
    "task 1 done",
    "",
  ]);
});
