/** This machine as the actions see it, whose clusters for tests of workflows are in this process. */
import type { Host, TestCluster } from "../../src/actions/host.ts";
import { MemoryTerminal } from "../../src/terminal/testing/memory_terminal.ts";
import { type HostParts, machineHost } from "../../src/host/host.ts";
import { startTestCluster } from "./embedded_cluster.ts";

/** This machine; `own` are variables of its environment before all others. */
export function thisMachine(
  own: Readonly<Record<string, string>> = { KODAMA_CONFIG_DIR: "/nowhere" },
  limits: Pick<HostParts, "only"> = {},
): Host {
  const host = machineHost({
    terminal: new MemoryTerminal(),
    environment: (name) => own[name] ?? Deno.env.get(name),
    kubeconfig: own.KUBECONFIG,
    ...limits,
  });
  return { ...host, testCluster: inProcessCluster };
}

/** A cluster that is removed when it is disposed of. */
export async function inProcessCluster(world: string): Promise<TestCluster> {
  const cluster = await startTestCluster(world);
  const { env, folder } = cluster;
  const host = thisMachine(env);
  return {
    host,
    folder: async () => {
      const path = await Deno.makeTempDir({ dir: folder });
      return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
    },
    async [Symbol.asyncDispose]() {
      await (await host.kube())[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
}
