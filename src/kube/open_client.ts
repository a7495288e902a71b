/** The entry point: from flags and environment to a {@link KubeClient}. Dials nothing yet. */
import { definedOnly } from "../base/json_value.ts";
import type { KubeClient } from "./client.ts";
import { type Connection, type ConnectionOverrides, resolveContext } from "./connection.ts";
import type { KubeHost } from "./host.ts";
import { HttpKubeClient } from "./http_client.ts";
import { loadKubeconfig, noKubeconfigError } from "./config/load_kubeconfig.ts";
import { openCredentials } from "./config/open_credentials.ts";
import { proxyFromEnvironment } from "./config/proxy_environment.ts";
import { Transport } from "./http/transport.ts";
import type { ReadOnlyReason } from "./client_limits.ts";

/** The connection options of the command line. */
interface ClientOptions extends ConnectionOverrides {
  /** `--kubeconfig`. */
  kubeconfig?: string;
  /** `--context`; the current one if absent. */
  context?: string;
  /** Returns why nothing may be changed in a context; undefined if changes are allowed. */
  readOnly?: (context: string) => ReadOnlyReason | undefined;
  /** Nothing is sent that is about another namespace, or about what has none. */
  onlyNamespace?: string;
}

/** Returns the client of one context. Throws `config` errors; doesn't use the network. */
export async function openKubeClient(options: ClientOptions, host: KubeHost): Promise<KubeClient> {
  const connection = await findConnection(options, host);
  const credentials = await openCredentials(connection, host);
  const readOnly = options.readOnly?.(connection.context);
  const { onlyNamespace } = options;
  const limits = definedOnly({ readOnly, onlyNamespace });
  const transport = await Transport.open(connection, credentials, host, limits);
  return new HttpKubeClient(connection, transport, host);
}

/** Returns all contexts by name, each with its server's address, and the current one. */
export async function listContexts(
  options: Pick<ClientOptions, "kubeconfig">,
  host: KubeHost,
): Promise<{ current: string | undefined; contexts: { name: string; server?: string }[] }> {
  const config = await loadKubeconfig(options.kubeconfig, host);
  if (config === undefined) return { current: undefined, contexts: [] };
  const contexts = [...config.contexts].map(([name, { value: { cluster } }]) => {
    const server = config.clusters.get(cluster ?? "")?.value.server;
    return server === undefined ? { name } : { name, server };
  });
  return { current: config.currentContext, contexts };
}

async function findConnection(options: ClientOptions, host: KubeHost): Promise<Connection> {
  const config = await loadKubeconfig(options.kubeconfig, host);
  const connection = config === undefined
    ? options.context === undefined ? await inClusterConnection(host, options.namespace) : undefined
    : await resolveContext(config, options.context, options);
  if (connection === undefined) throw noKubeconfigError(host);
  const proxyUrl = connection.proxyUrl ?? proxyFromEnvironment(connection.server, host.env);
  return { ...connection, proxyUrl };
}

/* The connection of a program that runs in a pod. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */

const folder = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Undefined outside of a cluster, or without a service account's token. */
async function inClusterConnection(
  host: KubeHost,
  namespace: string | undefined,
): Promise<Connection | undefined> {
  const [address, port] = [
    host.env("KUBERNETES_SERVICE_HOST"),
    host.env("KUBERNETES_SERVICE_PORT"),
  ];
  if (!address || !port) return undefined;
  const own = await readOrUndefined(host, `${folder}/namespace`);
  if (await readOrUndefined(host, `${folder}/token`) === undefined) return undefined;
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

async function readOrUndefined(host: KubeHost, path: string): Promise<string | undefined> {
  try {
    return await host.readText(path);
  } catch {
    // Missing or not readable for us: either way there is no usable service account.
    return undefined;
  }
}
