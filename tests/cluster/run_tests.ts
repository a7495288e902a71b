/**
 * `deno task test:cluster`: the tests that need a real Kubernetes, on one.
 *
 * `KODAMA_TEST_KUBECONFIG=FILE` names a cluster of the user's. Without it the rig is started, and taken
 * down again if it wasn't up before.
 */
import { down } from "./down.ts";
import { findLayout, type Layout, testsMarkerVariable } from "./layout.ts";
import { bringUp } from "./main.ts";
import { unsuitable } from "./prerequisites.ts";
import { killAndWait, markedProcesses } from "./processes.ts";
import { deadParts, locked, readState, testing } from "./state.ts";
import { kubeconfigVariable, kubectlVariable, RealCluster, rigVariable } from "./test_namespace.ts";

const files = [
  ...[
    "smoke",
    "client",
    "read_only",
    "mcp",
    "wait",
    "forward",
    "kodama_image",
    "workflows",
    "faults",
    "agent",
    "sessions",
    "session_copies",
    "session_ssh",
    "session_egress",
    "session_limits",
    "session_rounds",
    "life",
    "ui",
    "web",
  ]
    .map((name) => `tests/cluster/${name}_test.ts`),
  "tests/cluster/faults",
  "tests/scenarios_test.ts",
];

/** Tests of their own tasks, because they need minutes: for building, kubelet or copying. By the flag that chooses them. */
const others: Readonly<Record<string, readonly string[]>> = {
  "--fleet": ["in_cluster", "in_cluster_fleet"],
  "--metrics": ["top"],
  "--storage": ["session_snapshots"],
  "--vscode": ["vscode_remote"],
};

async function main(args: readonly string[]): Promise<number> {
  if (Deno.env.get(kubeconfigVariable)) return await runTests({}, args);
  const reason = unsuitable();
  if (reason !== undefined) {
    // deno-lint-ignore no-console -- this file is a front end
    console.log(`${reason}; ${kubeconfigVariable}=FILE names a cluster to use`);
    // deno-lint-ignore no-console -- as above
    console.log("0 passed, 0 failed, 1 skipped");
    return 0;
  }
  const layout = await findLayout();
  return await testing(layout, {
    // deno-lint-ignore no-console -- as above
    wait: () => console.log("another run of these tests is under way on this rig: waiting for it"),
  }, () => runOnRig(layout, args));
}

async function runOnRig(layout: Layout, args: readonly string[]): Promise<number> {
  await endAbandoned(layout);
  const before = await readState(layout);
  const wasUp = before !== undefined && (await deadParts(before)).length === 0;
  const state = await bringUp(layout, { install: args.includes("--install") });
  await new RealCluster(layout.kubeconfig, state.kubectl).removeAbandoned();
  const environment = {
    [kubeconfigVariable]: layout.kubeconfig,
    [kubectlVariable]: state.kubectl,
    [rigVariable]: layout.state,
    [testsMarkerVariable]: layout.id,
    // Scenarios call kubectl by its name, and get the cluster's own version.
    PATH: `${state.kubectl.replace(/\/kubectl$/, "")}:${Deno.env.get("PATH") ?? ""}`,
  };
  const code = await runTests(environment, args.filter((word) => word !== "--install"));
  if (!wasUp) await locked(layout, () => down(layout));
  return code;
}

/**
 * Ends the tests of a killed run, which continue, and removes the rig, because they may have left a fault in it. Only
 * those are found, because a run of tests holds the lock.
 */
async function endAbandoned(layout: Layout): Promise<void> {
  const abandoned = await markedProcesses(layout.id, testsMarkerVariable);
  if (abandoned.length === 0) return;
  // deno-lint-ignore no-console -- as above
  console.log(`a run of these tests was killed: its ${abandoned.length} processes are ended`);
  for (let left = abandoned; left.length > 0;) {
    await Promise.all(left.map((process) => killAndWait(process)));
    left = await markedProcesses(layout.id, testsMarkerVariable);
  }
  await locked(layout, () => down(layout));
}

/** Runs the tests as a process of their own, because only `deno test` has the sanitizers. */
async function runTests(env: Record<string, string>, args: readonly string[]): Promise<number> {
  const [flag] = args.filter((word) => word in others);
  const chosen = flag === undefined
    ? files
    : (others[flag] ?? []).map((name) => `tests/cluster/${name}_test.ts`);
  const flags = args.filter((word) => word !== flag);
  const test = new Deno.Command(Deno.execPath(), {
    // All permissions: Deno allows /proc, which lists the rig's processes, with no smaller one.
    args: ["test", "--quiet", "--allow-all", ...flags, ...chosen],
    cwd: new URL("../../", import.meta.url),
    env,
  }).spawn();
  return (await test.status).code;
}

Deno.exitCode = await main(Deno.args);
