/** What a benchmark runs on: pods, and the arguments that name them to each program. */
import type { FloorJob } from "./floor.ts";

/** Pods on one cluster, and a command for them. */
export interface Fleet {
  kind: "real" | "simulated";
  namespace: string;
  /** In any order; each prints one line, in {@link Fleet.lines} without its end. */
  pods: readonly string[];
  lines: readonly string[];
  command: readonly string[];
  /** The words with which kodama selects these pods: as a person would, and never by a list of names. */
  selection: readonly string[];
}

/** Where a server is, and what it asks for: the settings of a client without a kubeconfig. */
export type Access = Pick<
  FloorJob,
  "server" | "certificateAuthority" | "clientCertificate" | "token"
>;

/** A cluster for fleets, and as who it is asked. */
export interface BenchCluster {
  /** A file. */
  kubeconfig: string;
  access: Access;
  /** For the table: `Kubernetes v1.34.4`. */
  version: string;
  /** What proves who asks: servers and clients have more to do for a certificate. */
  credential: "token" | "client certificate";
  /** The first `count` pods. */
  fleet(count: number, options?: { bytes?: number }): Fleet;
}

/** Of a kubeconfig of one context, as `kubectl config view -o json` gives it. */
export function accessOf(view: string): Access {
  const { clusters, users } = JSON.parse(view) as {
    clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
    users: {
      user: {
        token?: string;
        "client-certificate-data"?: string;
        "client-key-data"?: string;
      };
    }[];
  };
  const [cluster, user] = [clusters[0]?.cluster, users[0]?.user];
  if (cluster === undefined || user === undefined) throw new Error("the kubeconfig has no context");
  const { token, "client-certificate-data": certificate, "client-key-data": key } = user;
  return {
    server: cluster.server,
    certificateAuthority: atob(cluster["certificate-authority-data"]),
    ...(token === undefined ? {} : { token }),
    ...(certificate === undefined || key === undefined
      ? {}
      : { clientCertificate: { certificate: atob(certificate), key: atob(key) } }),
  };
}
