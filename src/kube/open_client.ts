/** The entry point: from flags and environment to a {@link KubeClient}. Dials nothing yet. */
import type { KubeClient } from "./client.ts";
import { type Connection, type ConnectionOverrides, resolveContext } from "./connection.ts";
import type { Host } from "./host.ts";
import { HttpKubeClient } from "./http_client.ts";
import { inClusterConnection } from "./config/in_cluster.ts";
import { loadKubeconfig, noKubeconfigError } from "./config/load_kubeconfig.ts";
import { openCredentials } from "./config/open_credentials.ts";
import { proxyFromEnvironment } from "./config/proxy_environment.ts";
import { Transport } from "./http/transport.ts";

/** The connection options of the command line. */
export interface ClientOptions extends ConnectionOverrides {
  /** `--kubeconfig`. */
  kubeconfig?: string;
  /** `--context`; the current one if absent. */
  context?: string;
}

/** Returns the client of one context. Throws `config` errors; doesn't use the network. */
export async function openKubeClient(options: ClientOptions, host: Host): Promise<KubeClient> {
  const connection = await findConnection(options, host);
  const credentials = await openCredentials(connection, host);
  return new HttpKubeClient(connection, await Transport.open(connection, credentials, host), host);
}

/** Returns all contexts by name, each with its server's address, and the current one. */
export async function listContexts(
  options: Pick<ClientOptions, "kubeconfig">,
  host: Host,
): Promise<{ current: string | undefined; contexts: { name: string; server?: string }[] }> {
  const config = await loadKubeconfig(options.kubeconfig, host);
  if (config === undefined) return { current: undefined, contexts: [] };
  const contexts = [...config.contexts].map(([name, { value: { cluster } }]) => {
    const server = config.clusters.get(cluster ?? "")?.value.server;
    return server === undefined ? { name } : { name, server };
  });
  return { current: config.currentContext, contexts };
}

async function findConnection(options: ClientOptions, host: Host): Promise<Connection> {
  const config = await loadKubeconfig(options.kubeconfig, host);
  const connection = config === undefined
    ? options.context === undefined ? await inClusterConnection(host, options.namespace) : undefined
    : await resolveContext(config, options.context, options);
  if (connection === undefined) throw noKubeconfigError(host);
  const proxyUrl = connection.proxyUrl ?? proxyFromEnvironment(connection.server, host.env);
  return { ...connection, proxyUrl };
}
