/** `kodama workflow test` as a process of its own: whatever its steps do, they do it to the test's own cluster. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { builtKodama } from "./harness/built_kodama.ts";
import { runCommand } from "./harness/command.ts";
import { kubectlMissing } from "./harness/kubectl.ts";
import { TestFolder } from "./harness/test_folder.ts";

const missing = await kubectlMissing();

const workflow = `select: { namespace: weka-operator-system, match: "/^weka-drive-[0-2]$/" }
params: { to: { required: true } }
permissions: { write: true, run: [kubectl] }
steps:
  - id: asked
    kubectl: [get, pod, weka-drive-0, -n, weka-operator-system, -o, name]
  - id: deleted
    kubectl: [delete, pod, weka-drive-0, -n, weka-operator-system, --wait=false]
  - id: shell
    shell: [kubectl, config, view, --minify, -o, "jsonpath={.clusters[0].name}"]
  - wait: ready
    count: 3
  - copy: { from: ":/etc/hostname", to: "\${{ params.to }}" }
  - exec: [hostname]
    save: \${{ params.to }}/saved
outputs: { asked: "\${{ steps.asked.stdout }}", cluster: "\${{ steps.shell.stdout }}" }
`;

const test = `cases:
  - name: it is the test's own cluster
    yes: true
    params: { to: "{temp}/out" }
    expect: { outputs: { asked: pod/weka-drive-0, cluster: kodama } }
  - name: an expectation that isn't met is reported
    params: { to: "{temp}/out" }
    expect: { outcome: refused, steps: { deleted: failed } }
`;

Deno.test({
  ...unless(
    missing,
    "a test of a workflow never reaches another cluster, and its steps save and copy",
  ),
  async fn() {
    await using folder = await TestFolder.open("kodama-workflow-test-");
    await Deno.mkdir(`${folder.path}/workflows`);
    await Deno.writeTextFile(`${folder.path}/workflows/risky.yaml`, workflow);
    await Deno.writeTextFile(`${folder.path}/workflows/risky.test.yaml`, test);
    const env = {
      PATH: Deno.env.get("PATH") ?? "",
      HOME: `${folder.path}/home`,
      KODAMA_CONFIG_DIR: `${folder.path}/home/.kodama`,
      // A person's own: nothing of a test goes there.
      KUBECONFIG: `${folder.path}/of-a-person`,
      NO_COLOR: "1",
    };
    const kodama = `${await builtKodama()}/bin/kodama`;
    const { code, stdout, stderr } = await runCommand([kodama, "workflow", "test", "--trust"], {
      env,
      cwd: folder.path,
    });
    assert.match(stdout, /it is the test's own cluster/, stderr);
    assert.doesNotMatch(stdout, /expected (?:ok|pod)/, stdout);
    assert.match(stdout, /the run: expected refused, was failed/);
    assert.equal(code, 1);
  },
});
