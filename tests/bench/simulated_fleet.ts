/** The simulated cluster: its server as a process of its own, and a kubeconfig for it. */
import { createAuthority } from "../../packages/cluster/tls/authority.ts";
import { accessOf, type BenchCluster } from "./fleets.ts";
import { fleetNamespace, lineOf, podNames } from "./simulated_api.ts";

/** Starts it; its files lie in `folder`. It speaks TLS and takes any token, as clusters of clouds do. */
export async function startSimulatedCluster(
  folder: string,
): Promise<BenchCluster & AsyncDisposable> {
  const authority = await createAuthority({ now: () => new Date() });
  const { certificate, key } = await authority.issueServer();
  const files = { certificate: `${folder}/server.crt`, key: `${folder}/server.key` };
  await Deno.writeTextFile(files.certificate, certificate);
  await Deno.writeTextFile(files.key, key, { mode: 0o600 });
  const program = new URL("simulated_server.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-net",
      "--allow-read",
      "--allow-env",
      program,
      files.certificate,
      files.key,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream() as never).getReader();
  const { value: port } = await output.read();
  const kubeconfig = `${folder}/simulated.kubeconfig`;
  const view = kubeconfigOf(`https://127.0.0.1:${String(port).trim()}`, authority.certificate);
  await Deno.writeTextFile(kubeconfig, view);
  return {
    kubeconfig,
    access: accessOf(view),
    version: "simulated",
    credential: "token",
    fleet: (count, { bytes } = {}) => ({
      kind: "simulated",
      namespace: fleetNamespace(count),
      pods: podNames(count),
      lines: podNames(count).map((pod) => lineOf(pod, bytes).trimEnd()),
      command: bytes === undefined ? ["hostname"] : ["text", String(bytes)],
      selection: ["-m", "weka-drive"],
    }),
    async [Symbol.asyncDispose]() {
      child.kill();
      await output.cancel();
      await child.status;
    },
  };
}

function kubeconfigOf(server: string, authority: string): string {
  const name = "simulated";
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server, "certificate-authority-data": btoa(authority) } }],
    users: [{ name, user: { token: "simulated" } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
}
