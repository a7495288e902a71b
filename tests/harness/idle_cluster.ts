/** An embedded cluster whose containers run nothing: for tests of its objects alone. It starts no process. */
import { systemClock } from "../../src/base/clock.ts";
import {
  scriptedMachine,
  untilSignal,
} from "../../packages/cluster/node/testing/scripted_machine.ts";
import { startTestCluster, type TestCluster, type TestClusterOptions } from "./embedded_cluster.ts";

/** Starts a cluster and waits until its pods are ready: their containers run until they are stopped. */
export function startIdleCluster(
  world = "empty",
  options: TestClusterOptions = {},
): Promise<TestCluster> {
  const machine = scriptedMachine({
    clock: systemClock,
    // A command in a container, such as a probe, succeeds at once.
    run: (process) => process.role === "main" ? untilSignal(process) : Promise.resolve(0),
  });
  return startTestCluster(world, { ...options, machine });
}
