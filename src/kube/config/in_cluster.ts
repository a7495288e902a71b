/** The connection of a program that runs in a pod. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
import type { Connection } from "../connection.ts";
import type { Host } from "../host.ts";

const folder = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Undefined outside of a cluster, or without a service account's token. */
export async function inClusterConnection(
  host: Host,
  namespace: string | undefined,
): Promise<Connection | undefined> {
  const [address, port] = [
    host.env("KUBERNETES_SERVICE_HOST"),
    host.env("KUBERNETES_SERVICE_PORT"),
  ];
  if (!address || !port) return undefined;
  const own = await readIfThere(host, `${folder}/namespace`);
  if (await readIfThere(host, `${folder}/token`) === undefined) return undefined;
  return {
    context: "in-cluster",
    namespace: namespace ?? (own?.trim() || "default"),
    server: `https://${address.includes(":") ? `[${address}]` : address}:${port}`,
    certificateAuthority: { kind: "file", path: `${folder}/ca.crt` },
    tlsServerName: undefined,
    insecure: false,
    proxyUrl: undefined,
    clientCertificate: undefined,
    bearer: { kind: "tokenFile", path: `${folder}/token` },
    impersonate: undefined,
  };
}

async function readIfThere(host: Host, path: string): Promise<string | undefined> {
  try {
    return await host.readText(path);
  } catch {
    // Missing or not readable for us: either way there is no usable service account.
    return undefined;
  }
}
