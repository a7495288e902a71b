/** The text of a kubeconfig for one cluster and one user. */
import type { CertificateAndKey } from "./authority.ts";

/** How the user of a kubeconfig proves who they are. */
export type Credential =
  | { kind: "certificate"; pair: CertificateAndKey }
  | { kind: "token"; token: string };

/** What stands in a kubeconfig with a single context. */
export interface KubeconfigContents {
  /** The name of the context, its cluster and its user. */
  name: string;
  /** `https://127.0.0.1:port` */
  server: string;
  /** PEM. */
  certificateAuthority: string;
  credential: Credential;
  /** `default` where it is absent. */
  namespace?: string;
}

/** YAML whose every value is a JSON string, which YAML reads as it is: no name needs escaping of its own. */
export function kubeconfig(contents: KubeconfigContents): string {
  const name = JSON.stringify(contents.name);
  return `apiVersion: v1
kind: Config
current-context: ${name}
clusters:
- name: ${name}
  cluster:
    server: ${JSON.stringify(contents.server)}
    certificate-authority-data: ${btoa(contents.certificateAuthority)}
contexts:
- name: ${name}
  context:
    cluster: ${name}
    user: ${name}
    namespace: ${JSON.stringify(contents.namespace ?? "default")}
users:
- name: ${name}
  user:
${userLines(contents.credential)}
`;
}

function userLines(credential: Credential): string {
  if (credential.kind === "token") return `    token: ${JSON.stringify(credential.token)}`;
  const { certificate, key } = credential.pair;
  return `    client-certificate-data: ${btoa(certificate)}
    client-key-data: ${btoa(key)}`;
}
