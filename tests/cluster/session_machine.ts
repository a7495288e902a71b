/** Machines from which sessions of a real cluster are used, by somebody with the documented rights alone. */
import { parse, stringify } from "yaml";
import { testEnvironment } from "../harness/embedded_cluster.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import type { TestNamespace } from "./test_namespace.ts";

/** A machine of somebody who has the documented Role in the namespace, and nothing else. */
export async function machine(namespace: TestNamespace, folder: string): Promise<SourceKodama> {
  const token = (await namespace.kubectl("create", "token", "jane")).trim();
  const text = await namespace.cluster.kubectl([
    "config",
    "view",
    "--minify",
    "--flatten",
    "--raw",
  ]);
  const config = parse(text);
  config.users = [{ name: "jane", user: { token } }];
  config.contexts[0].context.user = "jane";
  config.contexts[0].context.namespace = namespace.name;
  await Deno.mkdir(`${folder}/home`, { recursive: true });
  await Deno.writeTextFile(`${folder}/kubeconfig`, stringify(config), { mode: 0o600 });
  const env = testEnvironment(folder, `${folder}/kubeconfig`);
  return await SourceKodama.on({ env, folder });
}
