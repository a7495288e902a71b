/** The entry point: from flags and environment to a {@link KubeClient}. Dials nothing yet. */
import { definedOnly } from "../base/json_value.ts";
import type { KubeClient } from "./client.ts";
import {
  type Connection,
  type ConnectionOverrides,
  resolveContext,
  serverConnection,
} from "./connection.ts";
import type { KubeHost } from "./host.ts";
import { HttpKubeClient } from "./http_client.ts";
import { loadKubeconfig, noKubeconfigError } from "./config/load_kubeconfig.ts";
import { openCredentials } from "./config/open_credentials.ts";
import { proxyFromEnvironment } from "./config/proxy_environment.ts";
import { Transport } from "./http/transport.ts";
import { parseProxy } from "./tls/dial_link.ts";
import type { ReadOnlyReason } from "./client_limits.ts";

/** The connection options of the command line. */
interface ClientOptions extends ConnectionOverrides {
  /** `--kubeconfig`. */
  kubeconfig?: string;
  /** `--context`; the current one if absent. */
  context?: string;
  /** Returns why nothing may be changed in a context, at this address; undefined if changes are allowed. */
  readOnly?: (context: string, server: string) => ReadOnlyReason | undefined;
  /** Nothing is sent that is about another namespace, or about what has none. */
  onlyNamespace?: string;
}

/** Returns the client of one context. Throws `config` errors; doesn't use the network. */
export async function openKubeClient(options: ClientOptions, host: KubeHost): Promise<KubeClient> {
  const connection = await findConnection(options, host);
  const credentials = await openCredentials(connection, host);
  const readOnly = options.readOnly?.(connection.context, connection.server);
  const { onlyNamespace } = options;
  const limits = definedOnly({ readOnly, onlyNamespace });
  const transport = await Transport.open(connection, credentials, host, limits);
  return new HttpKubeClient(connection, transport, host);
}

/** A context of the kubeconfig, as far as it says: nothing of it is checked. */
export interface ListedContext {
  name: string;
  /** The API server's address. */
  server?: string;
  /** The name of the entry with the credentials. */
  user?: string;
  /** The namespace of commands that name none. */
  namespace?: string;
}

/** Returns all contexts, and the name of the current one. */
export async function listContexts(
  options: Pick<ClientOptions, "kubeconfig">,
  host: KubeHost,
): Promise<{ current: string | undefined; contexts: ListedContext[] }> {
  const config = await loadKubeconfig(options.kubeconfig, host);
  if (config === undefined) return { current: undefined, contexts: [] };
  const contexts = [...config.contexts].map(([name, { value: { cluster, user, namespace } }]) => {
    const server = config.clusters.get(cluster ?? "")?.value.server;
    return {
      name,
      ...definedOnly({ server, user: user || undefined, namespace: namespace || undefined }),
    };
  });
  return { current: config.currentContext, contexts };
}

async function findConnection(options: ClientOptions, host: KubeHost): Promise<Connection> {
  const config = await loadKubeconfig(options.kubeconfig, host);
  const isNamed = options.context !== undefined;
  const connection = options.server !== undefined && !isNamed && !config?.currentContext
    ? serverConnection(options.server, options)
    : config === undefined
    ? options.context === undefined ? await inClusterConnection(host, options) : undefined
    : await resolveContext(config, options.context, { ...options, note: host.warn });
  if (connection === undefined) throw noKubeconfigError(host);
  const proxyUrl = connection.proxyUrl ?? proxyFromEnvironment(connection.server, host.env);
  // Refused here, it stops every use of the context in the same way.
  if (proxyUrl !== undefined) parseProxy(proxyUrl);
  return withoutOpenCredentials({ ...connection, proxyUrl }, host);
}

/**
 * Drops the credentials of a connection without TLS, which everyone on the way could read; kubectl sends none either.
 */
function withoutOpenCredentials(connection: Connection, host: KubeHost): Connection {
  const { server, bearer, clientCertificate, context } = connection;
  const hasCredentials = bearer.kind !== "none" || clientCertificate !== undefined;
  if (server.startsWith("https:") || !hasCredentials) return connection;
  host.warn(`context ${context}: ${server} has no TLS, so no credentials are sent`);
  return { ...connection, bearer: { kind: "none" }, clientCertificate: undefined };
}

/* The connection of a program that runs in a pod. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */

const folder = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Undefined outside of a cluster, or without a service account's token. */
async function inClusterConnection(
  host: KubeHost,
  options: ConnectionOverrides,
): Promise<Connection | undefined> {
  const [address, port] = [
    host.env("KUBERNETES_SERVICE_HOST"),
    host.env("KUBERNETES_SERVICE_PORT"),
  ];
  if (!address || !port) return undefined;
  const own = await readOrUndefined(host, `${folder}/namespace`);
  if (await readOrUndefined(host, `${folder}/token`) === undefined) return undefined;
  const server = `https://${address.includes(":") ? `[${address}]` : address}:${port}`;
  const { token } = options;
  return {
    ...serverConnection(server, options),
    server,
    context: "in-cluster",
    namespace: options.namespace ?? (own?.trim() || "default"),
    certificateAuthority: { kind: "file", path: `${folder}/ca.crt` },
    bearer: token === undefined
      ? { kind: "tokenFile", path: `${folder}/token` }
      : { kind: "token", token },
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
