/** Pods of a real cluster: the user's own, or the rig of the tests. */
import { down } from "../cluster/down.ts";
import { findLayout } from "../cluster/layout.ts";
import { bringUp } from "../cluster/main.ts";
import { unsuitable } from "../cluster/prerequisites.ts";
import { deadParts, locked, readState } from "../cluster/state.ts";
import { podOf, RealCluster } from "../cluster/test_namespace.ts";
import { accessOf, type BenchCluster } from "./fleets.ts";
import { podNames } from "./simulated_api.ts";

/** Why there can be no real cluster on this machine; undefined where there can, or one is named. */
export function realClusterMissing(): string | undefined {
  return RealCluster.fromEnvironment() === undefined ? unsuitable() : undefined;
}

/**
 * Makes so many pods and waits until they run. The rig is started where it isn't up, and then taken down in
 * the end.
 *
 * @param sizes of the fleets that will be asked for; a pod of the first `n` has the label `first-n`.
 */
export async function startRealFleet(sizes: readonly number[]): Promise<BenchCluster> {
  await using stack = new AsyncDisposableStack();
  const cluster = RealCluster.fromEnvironment() ?? await rig(stack);
  const namespace = stack.use(await cluster.namespace("bench"));
  const names = podNames(Math.max(...sizes));
  await namespace.create(...names.map((name, index) => {
    const pod = podOf(name, {});
    const labels = sizes.filter((size) => index < size).map((size) => [`first-${size}`, "yes"]);
    return { ...pod, metadata: { name, labels: Object.fromEntries(labels) } };
  }));
  await namespace.kubectl("wait", "--for=condition=Ready", "pods", "--all", "--timeout=600s");
  const view = ["config", "view", "--minify", "--flatten", "--raw", "-o", "json"];
  const access = accessOf(await cluster.kubectl(view));
  const version = JSON.parse(await cluster.kubectl(["version", "-o", "json"]));
  const owned = stack.move();
  return {
    kubeconfig: cluster.kubeconfig,
    access,
    version: `Kubernetes ${version.serverVersion.gitVersion}`,
    fleet: (count) => ({
      kind: "real",
      namespace: namespace.name,
      pods: names.slice(0, count),
      lines: names.slice(0, count),
      command: ["hostname"],
      selection: count === 1 ? names.slice(0, 1) : ["-l", `first-${count}=yes`],
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function rig(stack: AsyncDisposableStack): Promise<RealCluster> {
  const layout = await findLayout();
  const before = await readState(layout);
  const wasUp = before !== undefined && (await deadParts(before)).length === 0;
  const state = await bringUp(layout, { install: false });
  if (!wasUp) stack.defer(() => locked(layout, () => down(layout)));
  return new RealCluster(layout.kubeconfig, state.kubectl);
}
