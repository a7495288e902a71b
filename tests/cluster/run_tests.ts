/**
 * `deno task test:cluster`: the tests that need a real Kubernetes, on one.
 *
 * `KODAMA_TEST_KUBECONFIG=FILE` names a cluster of the user's. Without it the rig is started, and taken
 * down again if it wasn't up before.
 */
import { down } from "./down.ts";
import { testTwice } from "../test_twice.ts";
import { findLayout, type Layout, testsMarkerVariable } from "./layout.ts";
import { bringUp } from "./main.ts";
import { unsuitable } from "./prerequisites.ts";
import { killAndWait, markedProcesses } from "./processes.ts";
import { deadParts, locked, readState, testing } from "./state.ts";
import { kubeconfigVariable, kubectlVariable, RealCluster, rigVariable } from "./test_namespace.ts";

/** Tests that leave the cluster as it is: each works in namespaces of its own. The longest are first. */
const beside = [
  "scenarios",
  "session_limits",
  "client",
  "web",
  "smoke",
  "life",
  "mcp",
  "session_ssh",
  "session_rounds",
  "pod_security",
  "session_egress",
  "session_copies",
  "agent",
  "wait",
  "ui",
  "forward",
  "faults/command",
  "sessions",
  "faults/shell",
  "kodama_image",
  "faults/terminal",
  "read_only",
  "faults/access",
];

/** How many of those files run at once: they mostly wait for kubelet. */
const jobs = 3;

/** Tests that harm the whole cluster for a time, or drain its node. */
const alone = [
  "workflows",
  "faults",
  "faults/copy",
  "faults/link",
  "faults/node",
  "faults/server",
  "faults/sum",
];

/** What every change passes (`--smoke`): a test of each way to a pod, and of each end of a session. */
const smoke: ReadonlySet<string> = new Set([
  ...["smoke", "client", "session_rounds", "pod_security", "wait", "forward", "sessions"],
  ...["faults/command", "faults/shell", "faults/access", "faults/copy", "workflows"],
]);

/**
 * Tests of their own tasks, because they need minutes: for building, kubelet or copying. By the flag that chooses them.
 */
const others: Readonly<Record<string, readonly string[]>> = {
  "--fleet": ["in_cluster", "in_cluster_rules", "in_cluster_fleet"],
  "--metrics": ["top"],
  "--storage": ["session_snapshots"],
  "--vscode": ["vscode_remote"],
  "--week": ["sync_week", "workspace_ends"],
};

const smokeFlag = "--smoke";

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

/** Runs the tests: first those that may run at once, then the others. */
async function runTests(env: Record<string, string>, args: readonly string[]): Promise<number> {
  const [flag] = args.filter((word) => word in others);
  const flags = args.filter((word) => word !== flag && word !== smokeFlag);
  const chosen = (name: string) => !args.includes(smokeFlag) || smoke.has(name);
  if (flag !== undefined) return await runFiles(others[flag] ?? [], flags, env);
  await assertListed();
  const first = await runFiles(beside.filter(chosen), ["--parallel", ...flags], {
    ...env,
    DENO_JOBS: String(jobs),
  });
  const second = await runFiles(alone.filter(chosen), flags, env);
  return Math.max(first, second);
}

/** Throws if a test file is in no list: it would never run. */
async function assertListed(): Promise<void> {
  const listed = new Set([...beside, ...alone, ...Object.values(others).flat()]);
  for (const folder of ["", "faults/"]) {
    for await (const { name } of Deno.readDir(new URL(`./${folder}`, import.meta.url))) {
      const [, test] = /^(.+)_test\.ts$/.exec(name) ?? [];
      if (test === undefined || listed.has(folder + test)) continue;
      throw new Error(`run_tests.ts has no list with ${folder}${test}`);
    }
  }
}

/** Runs test files of this folder in processes of their own, because only `deno test` has the sanitizers. */
async function runFiles(
  names: readonly string[],
  flags: readonly string[],
  env: Record<string, string>,
): Promise<number> {
  const files = names.map((name) => `tests/cluster/${name}_test.ts`);
  // All permissions: Deno allows /proc, which lists the rig's processes, with no smaller one. `check` has the types.
  return await testTwice(["--allow-all", ...flags, ...files], env);
}

Deno.exitCode = await main(Deno.args);
