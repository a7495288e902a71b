/**
 * A kubeconfig, as a value.
 * https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 */
import type { KodamaError } from "../../base/errors.ts";

/** The text of one kubeconfig, and its path: messages and relative paths need that. */
export interface KubeconfigFile {
  path: string;
  text: string;
}

/** Bytes in the kubeconfig itself, or in a file beside it (path already absolute). */
export type PemSource = { kind: "inline"; pem: string } | { kind: "file"; path: string };

/** How to reach and verify an API server. */
export interface ClusterEntry {
  server: string;
  certificateAuthority: PemSource | undefined;
  tlsServerName: string | undefined;
  insecureSkipTlsVerify: boolean;
  proxyUrl: string | undefined;
}

/** A program that prints credentials. https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
export interface ExecPlugin {
  apiVersion: "client.authentication.k8s.io/v1" | "client.authentication.k8s.io/v1beta1";
  command: string;
  args: readonly string[];
  env: readonly { name: string; value: string }[];
  installHint: string | undefined;
  provideClusterInfo: boolean;
  interactiveMode: "Never" | "IfAvailable" | "Always";
}

/**
 * The user to impersonate. https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 */
export interface Impersonation {
  user: string;
  uid: string | undefined;
  groups: readonly string[];
  extra: Readonly<Record<string, readonly string[]>>;
}

/** The user's credentials. Several may be given; {@link file://./connection.ts} decides which one counts. */
export interface UserEntry {
  clientCertificate: PemSource | undefined;
  clientKey: PemSource | undefined;
  token: string | undefined;
  tokenFile: string | undefined;
  username: string | undefined;
  password: string | undefined;
  exec: ExecPlugin | undefined;
  /** Unparsed: the official client reads it, if it is used. */
  authProvider: { name: string; config: Readonly<Record<string, unknown>> } | undefined;
  impersonate: Impersonation | undefined;
}

/** A cluster and a user under one name. */
export interface ContextEntry {
  cluster: string;
  user: string;
  namespace: string | undefined;
}

/** An entry with its source file. */
export interface Named<T> {
  name: string;
  path: string;
  value: T;
  /** Why the entry can't be used, which matters only to a connection that uses it. */
  problem: KodamaError | undefined;
  /** The entries of later files with this name, which don't count. */
  overruled: readonly Named<T>[];
}

/** The merged content of the files, each name once. */
export interface Kubeconfig {
  /** The files that were read, in order. */
  paths: readonly string[];
  currentContext: string | undefined;
  clusters: ReadonlyMap<string, Named<ClusterEntry>>;
  users: ReadonlyMap<string, Named<UserEntry>>;
  contexts: ReadonlyMap<string, Named<ContextEntry>>;
  /** What the files contain that doesn't count, and a user may believe to count. */
  notes: readonly string[];
}
