/**
 * `deno task test:cluster`: the tests that need a real Kubernetes, on one.
 *
 * `KODAMA_TEST_KUBECONFIG=FILE` names a cluster of the user's. Without it the rig is started, and taken
 * down again if it wasn't up before.
 */
import { down } from "./down.ts";
import { findLayout } from "./layout.ts";
import { bringUp } from "./main.ts";
import { unsuitable } from "./prerequisites.ts";
import { deadParts, locked, readState } from "./state.ts";
import { kubeconfigVariable, kubectlVariable, RealCluster, rigVariable } from "./test_namespace.ts";

const files = [
  ...["smoke", "client", "faults"].map((name) => `tests/cluster/${name}_test.ts`),
  "tests/cluster/faults",
  "tests/scenarios_test.ts",
];

async function main(args: readonly string[]): Promise<number> {
  if (Deno.env.get(kubeconfigVariable)) return await runTests({}, args);
  const reason = unsuitable();
  if (reason !== undefined) {
    // deno-lint-ignore no-console -- this file is a face
    console.log(`${reason}; ${kubeconfigVariable}=FILE names a cluster to use`);
    // deno-lint-ignore no-console -- as above
    console.log("0 passed, 0 failed, 1 skipped");
    return 0;
  }
  const layout = await findLayout();
  const before = await readState(layout);
  const wasUp = before !== undefined && (await deadParts(before)).length === 0;
  const state = await bringUp(layout, { install: args.includes("--install") });
  await new RealCluster(layout.kubeconfig, state.kubectl).removeAbandoned();
  const environment = {
    [kubeconfigVariable]: layout.kubeconfig,
    [kubectlVariable]: state.kubectl,
    [rigVariable]: layout.state,
    // Scenarios call kubectl by its name, and get the one of the cluster's own version.
    PATH: `${state.kubectl.replace(/\/kubectl$/, "")}:${Deno.env.get("PATH") ?? ""}`,
  };
  const code = await runTests(environment, args.filter((word) => word !== "--install"));
  if (!wasUp) await locked(layout, () => down(layout));
  return code;
}

/** The tests are a process of their own, because only `deno test` has the sanitizers. */
async function runTests(env: Record<string, string>, args: readonly string[]): Promise<number> {
  const test = new Deno.Command(Deno.execPath(), {
    // All permissions: Deno guards /proc, where the rig's processes are seen, with no smaller one.
    args: ["test", "--quiet", "--allow-all", ...args, ...files],
    cwd: new URL("../../", import.meta.url),
    env,
  }).spawn();
  return (await test.status).code;
}

Deno.exitCode = await main(Deno.args);
