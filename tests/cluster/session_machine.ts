/** Machines from which sessions of a real cluster are used, with the documented permissions alone. */
import { parse, stringify } from "yaml";
import { testEnvironment } from "../harness/embedded_cluster.ts";
import { documentedRole } from "../harness/session_role.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import type { RealCluster, TestNamespace } from "./test_namespace.ts";

/** The user of sessions in these tests. */
const person = "jane";

/**
 * Creates a namespace in which a user has the documented Role.
 *
 * @param options.standard of pod security, which is enforced in it.
 */
export async function sessionNamespace(
  cluster: RealCluster,
  name: string,
  { standard = "restricted" }: { standard?: "restricted" | "privileged" } = {},
): Promise<TestNamespace> {
  await using stack = new AsyncDisposableStack();
  const namespace = stack.use(await cluster.namespace(name));
  const label = `pod-security.kubernetes.io/enforce=${standard}`;
  await cluster.kubectl(["label", "namespace", namespace.name, label]);
  await namespace.kubectl("create", "serviceaccount", person);
  await namespace.create({ ...await documentedRole() });
  const granted = [`--serviceaccount=${namespace.name}:${person}`, "--role=kodama-sessions"];
  await namespace.kubectl("create", "rolebinding", person, ...granted);
  stack.move();
  return namespace;
}

/** Creates a machine of a user who has the documented Role in the namespace, and nothing else. */
export async function machine(namespace: TestNamespace, folder: string): Promise<SourceKodama> {
  const token = (await namespace.kubectl("create", "token", person, "--duration=24h")).trim();
  const text = await namespace.cluster.kubectl([
    "config",
    "view",
    "--minify",
    "--flatten",
    "--raw",
  ]);
  const config = parse(text);
  config.users = [{ name: person, user: { token } }];
  config.contexts[0].context.user = person;
  config.contexts[0].context.namespace = namespace.name;
  await Deno.mkdir(`${folder}/home`, { recursive: true });
  await Deno.writeTextFile(`${folder}/kubeconfig`, stringify(config), { mode: 0o600 });
  const env = testEnvironment(folder, `${folder}/kubeconfig`);
  return await SourceKodama.on({ env, folder });
}
