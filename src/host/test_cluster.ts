/** An embedded cluster for one test: in a folder of its own, and removed with it. */
import type { Host, TestCluster } from "../actions/host.ts";
import { clusterControl } from "./cluster.ts";

/**
 * Starts one, and waits until it is ready.
 *
 * @param hostOf returns a host with this folder and kubeconfig.
 */
export async function testCluster(
  world: string,
  signal: AbortSignal,
  hostOf: (places: { configDir: string; kubeconfig: string }) => Host,
): Promise<TestCluster> {
  const root = await Deno.makeTempDir({ prefix: "kodama-test-" });
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => Deno.remove(root, { recursive: true }));
  // Apart from the folders of cases: no step writes to kodama's own.
  const configDir = `${root}/home`;
  const kubeconfig = `${configDir}/cluster/kubeconfig`;
  const host = hostOf({ configDir, kubeconfig });
  const control = await clusterControl(host.places);
  const wait = { told: () => {} };
  // It is always stopped: also if the test was stopped while it started.
  cleanup.defer(async () =>
    void await control.down({ ...wait, signal: new AbortController().signal })
  );
  await control.up({ ...wait, signal, world });
  const kept = cleanup.move();
  return {
    host,
    folder: async () => {
      const path = await Deno.makeTempDir({ dir: root });
      return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
