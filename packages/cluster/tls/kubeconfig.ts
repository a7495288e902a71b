/** The text of a kubeconfig for one cluster and one user. */
import type { CertificateAndKey } from "./authority.ts";

/** The credential of a kubeconfig's user. */
export type Credential =
  | { kind: "certificate"; pair: CertificateAndKey }
  | { kind: "token"; token: string };

/** The content of a kubeconfig with a single context. */
interface KubeconfigContents {
  /** The name of the context, its cluster and its user. */
  name: string;
  /** `https://127.0.0.1:port` */
  server: string;
  /** PEM. */
  certificateAuthority: string;
  credential: Credential;
  /** `default` if it is absent. */
  namespace?: string;
}

/** Returns JSON, which is YAML too: no name needs escaping of its own, and a program parses it fast. */
export function kubeconfig(contents: KubeconfigContents): string {
  const { name, server, certificateAuthority, namespace = "default" } = contents;
  const cluster = { server, "certificate-authority-data": btoa(certificateAuthority) };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
    users: [{ name, user: userFields(contents.credential) }],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

function userFields(credential: Credential): Record<string, string> {
  if (credential.kind === "token") return { token: credential.token };
  const { certificate, key } = credential.pair;
  return { "client-certificate-data": btoa(certificate), "client-key-data": btoa(key) };
}

/* The name of a cluster in its kubeconfig. Pure. */

/** The user's own cluster, of which there is one. */
const ownName = "kodama";

/** The maximum length of the folder's part. */
const longestPart = 40;

/**
 * Returns the context's name. A persistent cluster is named after its folder, so that two of them, or one and the
 * user's own, can share one `KUBECONFIG`: of two contexts with one name kubectl sees the first alone.
 *
 * @param folder absolute path.
 */
export function contextNameOf(folder: string, { isPersistent }: { isPersistent: boolean }): string {
  if (!isPersistent) return ownName;
  const last = folder.split("/").findLast((part) => part !== "") ?? "";
  const part = last.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  const short = part.slice(0, longestPart).replace(/-$/, "");
  return short === "" || short.startsWith(`${ownName}-`) ? short || ownName : `${ownName}-${short}`;
}
