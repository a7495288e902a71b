/** A real cluster for a benchmark: the user's own, or the rig of the tests. */
import { down } from "../cluster/down.ts";
import { findLayout } from "../cluster/layout.ts";
import { bringUp } from "../cluster/main.ts";
import { unsuitable } from "../cluster/prerequisites.ts";
import { deadParts, locked, readState } from "../cluster/state.ts";
import { RealCluster } from "../cluster/test_namespace.ts";

/** Why there can be no real cluster on this machine; undefined where there can, or one is named. */
export function realClusterMissing(): string | undefined {
  return RealCluster.fromEnvironment() === undefined ? unsuitable() : undefined;
}

/** The cluster that is named, or the rig: that is started where it isn't up, and then taken down with the stack. */
export async function openRealCluster(stack: AsyncDisposableStack): Promise<RealCluster> {
  const named = RealCluster.fromEnvironment();
  if (named !== undefined) return named;
  const layout = await findLayout();
  const before = await readState(layout);
  const wasUp = before !== undefined && (await deadParts(before)).length === 0;
  const state = await bringUp(layout, { install: false });
  if (!wasUp) stack.defer(() => locked(layout, () => down(layout)));
  return new RealCluster(layout.kubeconfig, state.kubectl);
}
