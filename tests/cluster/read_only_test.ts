/** Read-only mode on a real cluster: its audit log has no change by kodama, whatever the command is. */
import assert from "node:assert/strict";
import { testEnvironment } from "../harness/embedded_cluster.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import { changes } from "./audit.ts";
import { RealCluster, rigVariable } from "./test_namespace.ts";

const cluster = RealCluster.fromEnvironment();
const rig = Deno.env.get(rigVariable);

Deno.test({
  name: "read-only mode: the audit log of a real cluster has no change",
  ignore: cluster === undefined || rig === undefined,
  fn: async () => {
    assert.ok(cluster !== undefined && rig !== undefined);
    await using folder = await TestFolder.open("kodama-read-only-");
    await Deno.mkdir(`${folder.path}/home`);
    await using namespace = await cluster.namespace("read-only");
    await namespace.startPod("one", {});
    const env = testEnvironment(folder.path, cluster.kubeconfig);
    const kodama = await SourceKodama.on({ env, folder: folder.path });
    await Deno.writeTextFile(`${folder.path}/file`, "x");
    await Deno.writeTextFile(
      `${folder.path}/steps.yaml`,
      "version: 2\nselect: { match: one }\nsteps:\n  - exec: [touch, /tmp/x]\n" +
        "  - kubectl: [label, pod, one, a=b]\n",
    );
    const inNamespace = ["-n", namespace.name];
    const commands = [
      ["exec", ...inNamespace, "--yes", "one", "--", "touch", "/tmp/x"],
      ["shell", ...inNamespace, "one", "--", "sh"],
      ["cp", ...inNamespace, "--yes", `${folder.path}/file`, "one:/tmp/x"],
      ["run", ...inNamespace, "--yes", `${folder.path}/steps.yaml`],
      ["start", ...inNamespace, "work"],
      ["k", "--yes", ...inNamespace, "label", "pod", "one", "a=b"],
      ["k", "--yes", ...inNamespace, "delete", "pod", "one"],
    ];
    const before = await changes(rig, { namespace: namespace.name });
    for (const command of commands) {
      const { code, stderr } = await kodama.run(command, { env: { KODAMA_READ_ONLY: "1" } });
      assert.notEqual(code, 0, command.join(" "));
      assert.match(stderr, /read-only|may be changed/, command.join(" "));
    }
    assert.deepEqual(await changes(rig, { namespace: namespace.name }), before);
    // The same requests, where they are allowed: the log would have had them.
    await kodama.succeed(["exec", ...inNamespace, "--yes", "one", "--", "touch", "/tmp/x"]);
    await kodama.succeed(["k", "--yes", ...inNamespace, "label", "pod", "one", "a=b"]);
    const after = (await changes(rig, { namespace: namespace.name })).slice(before.length);
    assert.deepEqual([after.includes("get pods/one/exec"), after.includes("patch pods/one")], [
      true,
      true,
    ], after.join());
  },
});
