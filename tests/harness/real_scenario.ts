/** The real cluster that `KODAMA_TEST_KUBECONFIG` names, and namespaces of a test's own on it. */
import assert from "node:assert/strict";
import { hangTimeout } from "./hang_limit.ts";
import { runCommand } from "./command.ts";
import { testEnvironment } from "./embedded_cluster.ts";
import type { ScenarioCluster } from "./scenario_run.ts";
import { TestFolder } from "./test_folder.ts";

/** A real cluster for scenarios; disposing of it deletes its namespace. */
export interface RealCluster extends ScenarioCluster, AsyncDisposable {}

/** Returns the path of the real cluster's kubeconfig; undefined if tests are to run without one. */
export function realKubeconfig(): string | undefined {
  return Deno.env.get("KODAMA_TEST_KUBECONFIG") || undefined;
}

/** Creates a namespace for one scenario. */
export async function openRealCluster(path: string): Promise<RealCluster> {
  // kubectl caches below the home folder.
  const folder = await TestFolder.open("kodama-real-");
  const env = testEnvironment(folder.path, path);
  const kubectl = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCommand(["kubectl", ...args], { env });
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const namespace = `kodama-scenario-${crypto.getRandomValues(new Uint8Array(4)).toHex()}`;
  const kubeconfig = await kubectl("config", "view", "--minify", "--flatten", "--raw");
  await kubectl("create", "namespace", namespace);
  await kubectl("-n", namespace, "wait", "--for=create", "serviceaccount/default", hangTimeout);
  return {
    kubeconfig,
    namespace,
    known: { node: (await kubectl("get", "nodes", "-o", "name")).split("\n")[0]?.slice(5) ?? "" },
    async [Symbol.asyncDispose]() {
      await using _folder = folder;
      await kubectl("delete", "namespace", namespace, "--wait=false");
    },
  };
}
