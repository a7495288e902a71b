/** Resolves a kubeconfig and a context's name to one connection: server, credentials, impersonated user. */
import { action, hint, option } from "../base/hint.ts";
import { KodamaError } from "../base/errors.ts";
import { definedOnly } from "../base/json_value.ts";
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
import type { AwaitedProgram } from "./client.ts";
import type { TlsSettings } from "./link/link.ts";

/** Options of the command line that override the kubeconfig; kubectl's flags of the same names. */
export interface ConnectionOverrides {
  cluster?: string;
  user?: string;
  namespace?: string;
  /** The address in place of the cluster's. */
  server?: string;
  /** In place of the user's own token, program or password. */
  token?: string;
  as?: string;
  asGroups?: readonly string[];
  asUid?: string;
  /** Until the answer of one request; 0 for no limit. */
  requestTimeoutMs?: number;
  /** Gets what a user may believe to count, and doesn't. */
  note?: (text: string) => void;
}

/** The source of the `Authorization` header. One of them, in kubectl's order of precedence. */
export type Bearer =
  | { kind: "none" }
  | { kind: "token"; token: string }
  /** Read again when it changes: tokens of service accounts last an hour. */
  | {
    kind: "tokenFile";
    path: string;
    /** Counts while the file can't be read. */
    token?: string;
  }
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
  /** Until the answer of one request; 0 for no limit, undefined the default. */
  requestTimeoutMs?: number | undefined;
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
  const context = usable(await findContext(config, name));
  const clusterName = overrides.cluster ?? context.value.cluster;
  const cluster = usable(await reference(config.clusters, "cluster", clusterName, context));
  const userName = overrides.user ?? context.value.user;
  const named = userName === ""
    ? undefined
    : usable(await reference(config.users, "user", userName, context));
  const user = named?.value;
  for (const note of config.notes) overrides.note?.(note);
  const overruled = overruledText(context, cluster, named);
  if (overruled !== undefined) overrides.note?.(overruled);
  const value = overriddenCluster(cluster.value, overrides);
  const certificate = user && clientCertificate(user, userName, config);
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
    server: serverUrl({ ...cluster, value }),
    certificateAuthority: value.certificateAuthority,
    tlsServerName: value.tlsServerName,
    insecure: value.insecureSkipTlsVerify,
    proxyUrl: value.proxyUrl,
    clientCertificate: certificate,
    bearer: loginOf(value) ??
      (overrides.token !== undefined
        ? { kind: "token", token: overrides.token }
        : user === undefined
        ? { kind: "none" }
        : withoutPlugin(bearerOf(user, userName, config), certificate)),
    impersonate: impersonation(user, overrides),
    ...definedOnly({ requestTimeoutMs: overrides.requestTimeoutMs }),
  };
}

/** Returns the connection to a server that is named without a kubeconfig. */
export function serverConnection(server: string, overrides: ConnectionOverrides): Connection {
  const entry = { name: server, path: "", problem: undefined, overruled: [] };
  const value = {
    server,
    certificateAuthority: undefined,
    tlsServerName: undefined,
    insecureSkipTlsVerify: false,
    proxyUrl: undefined,
  };
  const url = serverUrl({ ...entry, value });
  const { token } = overrides;
  return {
    context: new URL(url).host,
    namespace: overrides.namespace ?? "default",
    server: url,
    certificateAuthority: undefined,
    tlsServerName: undefined,
    insecure: false,
    proxyUrl: undefined,
    clientCertificate: undefined,
    bearer: token === undefined ? { kind: "none" } : { kind: "token", token },
    impersonate: impersonation(undefined, overrides),
    ...definedOnly({ requestTimeoutMs: overrides.requestTimeoutMs }),
  };
}

/** Another server has another name: as with kubectl, that of the kubeconfig doesn't count for it. */
function overriddenCluster(value: ClusterEntry, { server }: ConnectionOverrides): ClusterEntry {
  return server === undefined ? value : { ...value, server, tlsServerName: undefined };
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
  const several = hint`${option("context")} may be given several times, each with one name`;
  const guess = near.length === 0 ? "" : `did you mean ${near.map(quoted).join(" or ")}? `;
  throw new KodamaError(
    "config",
    `no context ${quoted(requested)} in ${files || "the kubeconfig"}`,
    {
      hint: names.length === 0
        ? withoutContexts
        : requested.includes(",")
        ? several
        : `${guess}the contexts are: ${listed(names)}`,
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

/** Returns the entry. Throws its problem. */
function usable<T>(entry: Named<T>): Named<T> {
  if (entry.problem !== undefined) throw entry.problem;
  return entry;
}

/**
 * Returns what the context's own file says about its cluster and user if earlier files overrule it, as in files of
 * several clusters that all have a user `admin`: the context then leads to another server than its file says.
 */
function overruledText(
  context: Named<ContextEntry>,
  cluster: Named<ClusterEntry>,
  user: Named<UserEntry> | undefined,
): string | undefined {
  const overruled = [
    { what: "cluster", by: cluster, isOverruled: differsIn(context.path, cluster) },
    { what: "user", by: user, isOverruled: user !== undefined && differsIn(context.path, user) },
  ].flatMap(({ what, by, isOverruled }) => isOverruled && by !== undefined ? [{ what, by }] : []);
  if (overruled.length === 0) return undefined;
  const names = overruled.map(({ what, by }) => `${what} ${quoted(by.name)} (by ${by.path})`);
  return `context ${quoted(context.name)} of ${context.path}: earlier files overrule its ${
    names.join(" and its ")
  }`;
}

function differsIn<T>(path: string, entry: Named<T>): boolean {
  const text = JSON.stringify(entry.value);
  return entry.path !== path &&
    entry.overruled.some((other) => other.path === path && JSON.stringify(other.value) !== text);
}

function serverUrl(cluster: Named<ClusterEntry>): string {
  const { server } = cluster.value;
  if (server === "") throw broken(cluster, "cluster", "has no server");
  const url = parsedServer(server);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw broken(
      cluster,
      "cluster",
      `has a server that is not an http or https address: ${quoted(server)}`,
    );
  }
  return (url.origin + url.pathname).replace(/\/+$/, "");
}

/** As kubectl reads it: without a scheme it has no TLS, and an IPv6 address needs no brackets. */
function parsedServer(server: string): URL | null {
  const text = (server.includes("://") ? server : `http://${server}`)
    .replace(/^(\w+:\/\/)([\da-f]*(?::[\da-f]*){2,}):(\d+)(?=\/|$)/i, "$1[$2]:$3");
  return URL.parse(text);
}

/** Returns the name and password within the server's address, which count before all others for kubectl. */
function loginOf({ server }: ClusterEntry): Bearer | undefined {
  const { username = "", password = "" } = parsedServer(server) ?? {};
  if (username === "" && password === "") return undefined;
  const [name = "", secret = ""] = [username, password].map(decodeURIComponent);
  return { kind: "basic", username: name, password: secret };
}

/** Like kubectl: a program isn't asked for what a client certificate already proves. */
function withoutPlugin(bearer: Bearer, certificate: Connection["clientCertificate"]): Bearer {
  return bearer.kind === "exec" && certificate !== undefined ? { kind: "none" } : bearer;
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
  if (hasToken && (user.username !== undefined || user.password !== undefined)) {
    throw userError(config, name, "has both a token and a username or password");
  }
  if (user.tokenFile !== undefined) {
    return { kind: "tokenFile", path: user.tokenFile, ...definedOnly({ token: user.token }) };
  }
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

/** Each option overrides the field of the same meaning, and no other. */
function impersonation(
  user: UserEntry | undefined,
  { as, asGroups = [], asUid }: ConnectionOverrides,
): Impersonation | undefined {
  const own = user?.impersonate;
  const name = as ?? own?.user;
  if (name === undefined) {
    if (asGroups.length === 0 && asUid === undefined) return undefined;
    throw new KodamaError("usage", "impersonated groups and uids need an impersonated user", {
      hint: hint`name it with ${option("as", "USER")}`,
    });
  }
  return {
    user: name,
    uid: asUid ?? own?.uid,
    groups: asGroups.length > 0 ? asGroups : own?.groups ?? [],
    extra: own?.extra ?? {},
  };
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
  /** The program that a proof is awaited of. */
  readonly awaited?: AwaitedProgram | undefined;
}
