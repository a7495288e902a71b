/** Resolves a kubeconfig and a context's name to one connection: server, credentials, impersonated user. */
import { action, hint, option } from "../base/hint.ts";
import { KodamaError } from "../base/errors.ts";
import { nearestNames } from "../base/nearest_names.ts";
import type {
  ClusterEntry,
  ContextEntry,
  ExecPlugin,
  Impersonation,
  Kubeconfig,
  Named,
  PemSource,
  UserEntry,
} from "./config/kubeconfig.ts";
import type { TlsSettings } from "./link/link.ts";

/** Options of the command line that override the kubeconfig; kubectl's flags of the same names. */
export interface ConnectionOverrides {
  cluster?: string;
  user?: string;
  namespace?: string;
  as?: string;
  asGroups?: readonly string[];
}

/** The source of the `Authorization` header. One of them, in kubectl's order of precedence. */
export type Bearer =
  | { kind: "none" }
  | { kind: "token"; token: string }
  /** Read again when it changes: tokens of service accounts last an hour. */
  | { kind: "tokenFile"; path: string }
  | { kind: "basic"; username: string; password: string }
  /** May return a client certificate instead of a token. */
  | { kind: "exec"; plugin: ExecPlugin }
  /** OIDC and cloud providers, handled by the official client. */
  | { kind: "authProvider"; name: string; config: Readonly<Record<string, unknown>> };

/** All settings needed to reach the API server of one context. */
export interface Connection {
  context: string;
  namespace: string;
  /** Without a slash at the end. May have a path, as behind Rancher. */
  server: string;
  certificateAuthority: PemSource | undefined;
  tlsServerName: string | undefined;
  /** Any certificate is accepted: the user is warned once. */
  insecure: boolean;
  proxyUrl: string | undefined;
  clientCertificate: { certificate: PemSource; key: PemSource } | undefined;
  bearer: Bearer;
  impersonate: Impersonation | undefined;
}

/**
 * Returns the connection of the named context, else of the current one. Throws a `config` error which lists the
 * contexts, or names the entry that is missing or contradicts itself.
 */
export async function resolveContext(
  config: Kubeconfig,
  name?: string,
  overrides: ConnectionOverrides = {},
): Promise<Connection> {
  const context = await findContext(config, name);
  const clusterName = overrides.cluster ?? context.value.cluster;
  const cluster = await reference(config.clusters, "cluster", clusterName, context);
  const userName = overrides.user ?? context.value.user;
  const user = userName === ""
    ? undefined
    : (await reference(config.users, "user", userName, context)).value;
  const { value } = cluster;
  if (value.insecureSkipTlsVerify && value.certificateAuthority !== undefined) {
    throw broken(
      cluster,
      "cluster",
      "has both a certificate authority and insecure-skip-tls-verify",
    );
  }
  return {
    context: context.name,
    namespace: overrides.namespace ?? context.value.namespace ?? "default",
    server: serverUrl(cluster),
    certificateAuthority: value.certificateAuthority,
    tlsServerName: value.tlsServerName,
    insecure: value.insecureSkipTlsVerify,
    proxyUrl: value.proxyUrl,
    clientCertificate: user && clientCertificate(user, userName, config),
    bearer: user === undefined ? { kind: "none" } : bearerOf(user, userName, config),
    impersonate: impersonation(user, overrides),
  };
}

const withoutContexts = hint`the file has no contexts: $KUBECONFIG or ${
  option("kubeconfig")
} can name another; ${action("cluster.up")} starts a small cluster to try things in`;

async function findContext(
  config: Kubeconfig,
  name: string | undefined,
): Promise<Named<ContextEntry>> {
  const requested = name ?? config.currentContext;
  const names = [...config.contexts.keys()];
  const files = config.paths.join(", ");
  if (requested === undefined) {
    const advice = names.length === 0
      ? withoutContexts
      : hint`kubectl config use-context ${names[0] ?? ""}, or ${option("context")} with one of: ${
        listed(names)
      }`;
    throw new KodamaError("config", `no current context in ${files || "the kubeconfig"}`, {
      hint: advice,
    });
  }
  const found = config.contexts.get(requested);
  if (found !== undefined) return found;
  const near = await nearestNames(requested, names);
  const guess = near.length === 0 ? "" : `did you mean ${near.map(quoted).join(" or ")}? `;
  throw new KodamaError(
    "config",
    `no context ${quoted(requested)} in ${files || "the kubeconfig"}`,
    {
      hint: names.length === 0 ? withoutContexts : `${guess}the contexts are: ${listed(names)}`,
    },
  );
}

async function reference<T>(
  entries: ReadonlyMap<string, Named<T>>,
  what: "cluster" | "user",
  name: string,
  context: { name: string; path: string },
): Promise<Named<T>> {
  const found = entries.get(name);
  if (found !== undefined) return found;
  const near = await nearestNames(name, entries.keys());
  throw new KodamaError(
    "config",
    name === ""
      ? `kubeconfig ${context.path}: context ${quoted(context.name)} names no ${what}`
      : `kubeconfig ${context.path}: context ${quoted(context.name)} names the ${what} ${
        quoted(name)
      }, which does not exist`,
    near.length === 0 ? {} : { hint: `did you mean ${near.map(quoted).join(" or ")}?` },
  );
}

/** Like client-go: without a scheme it is https if TLS is configured, else http. */
function serverUrl(cluster: Named<ClusterEntry>): string {
  const { server, certificateAuthority, insecureSkipTlsVerify } = cluster.value;
  if (server === "") throw broken(cluster, "cluster", "has no server");
  const scheme = certificateAuthority !== undefined || insecureSkipTlsVerify ? "https" : "http";
  const text = server.includes("://") ? server : `${scheme}://${server}`;
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw broken(
      cluster,
      "cluster",
      `has a server that is not an http or https address: ${quoted(server)}`,
    );
  }
  return (url.origin + url.pathname).replace(/\/+$/, "");
}

function clientCertificate(
  user: UserEntry,
  name: string,
  config: Kubeconfig,
): Connection["clientCertificate"] {
  const { clientCertificate: certificate, clientKey: key } = user;
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  throw userError(
    config,
    name,
    `has a client ${certificate ? "certificate without a key" : "key without a certificate"}`,
  );
}

function bearerOf(user: UserEntry, name: string, config: Kubeconfig): Bearer {
  if (user.exec !== undefined && user.authProvider !== undefined) {
    throw userError(config, name, "has both exec and auth-provider");
  }
  const hasToken = user.tokenFile !== undefined || user.token !== undefined;
  if (hasToken && user.username !== undefined) {
    throw userError(config, name, "has both a token and a username");
  }
  if (user.tokenFile !== undefined) return { kind: "tokenFile", path: user.tokenFile };
  if (user.token !== undefined) return { kind: "token", token: user.token };
  if (user.username !== undefined) {
    return { kind: "basic", username: user.username, password: user.password ?? "" };
  }
  if (user.exec !== undefined) return { kind: "exec", plugin: user.exec };
  if (user.authProvider !== undefined) {
    return { kind: "authProvider", ...user.authProvider };
  }
  return { kind: "none" };
}

function impersonation(
  user: UserEntry | undefined,
  overrides: ConnectionOverrides,
): Impersonation | undefined {
  if (overrides.as !== undefined) {
    return { user: overrides.as, uid: undefined, groups: overrides.asGroups ?? [], extra: {} };
  }
  if (overrides.asGroups !== undefined && overrides.asGroups.length > 0) {
    throw new KodamaError("usage", "impersonated groups need an impersonated user");
  }
  return user?.impersonate;
}

function userError(config: Kubeconfig, name: string, problem: string): KodamaError {
  const entry = config.users.get(name) ?? { name, path: config.paths.join(", ") };
  return broken(entry, "user", problem);
}

function broken(entry: { name: string; path: string }, what: string, problem: string): KodamaError {
  return new KodamaError(
    "config",
    `kubeconfig ${entry.path}: ${what} ${quoted(entry.name)} ${problem}`,
  );
}

/** Returns all of a few names; of many, the first twenty. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 20).join(", ");
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown;
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 120));
}

/* The user's proof of identity, in the form that requests need. */

/** PEM texts of a client's certificate and key. */
export type ClientCertificate = NonNullable<TlsSettings["clientCertificate"]>;

/** One moment's proof. */
export interface Proof {
  /** The value of `Authorization`. */
  authorization: string | undefined;
  clientCertificate: ClientCertificate | undefined;
}

/** Returns the proof for each request, refreshed if it has changed. */
export interface Credentials {
  current(signal: AbortSignal): Promise<Proof>;
  /** The server answered 401: the cached proof is invalid. Returns true if a retry may help. */
  rejected(): boolean;
}
