/** The identities in the rig: a certificate for each part, a kubeconfig for each client. */
import { issueCertificate, makeAuthority, writeKubeconfig } from "./certificates.ts";
import { type Layout, network, nodeName } from "./layout.ts";

/**
 * Clients of the API server, with the names and groups that RBAC's own roles expect:
 * https://kubernetes.io/docs/setup/best-practices/certificates/
 */
const clients = {
  "admin": { commonName: "admin", groups: ["system:masters"] },
  "kubelet": { commonName: `system:node:${nodeName}`, groups: ["system:nodes"] },
  "kube-controller-manager": { commonName: "system:kube-controller-manager" },
  "kube-scheduler": { commonName: "system:kube-scheduler" },
  "provisioner": { commonName: "provisioner", groups: ["system:masters"] },
} as const;

/** Creates all keys of a rig whose API server answers at `address` on this machine, and its kubeconfigs. */
export async function makeKeys(layout: Layout, address: string): Promise<void> {
  const folder = `${layout.state}/keys`;
  await makeAuthority(folder);
  await Promise.all([
    issueCertificate(folder, "kube-apiserver", {
      commonName: "kube-apiserver",
      alternativeNames: [
        ...[`IP:${address}`, `IP:${network.nodeAddress}`, `IP:${network.apiService}`],
        ...["IP:127.0.0.1", "DNS:localhost", "DNS:kubernetes.default.svc", "DNS:kubernetes"],
      ],
    }),
    issueCertificate(folder, "kubelet-server", {
      commonName: `system:node:${nodeName}`,
      groups: ["system:nodes"],
      alternativeNames: [`DNS:${nodeName}`, `IP:${network.nodeAddress}`],
    }),
    issueCertificate(folder, "kubelet-client", {
      commonName: "kube-apiserver",
      groups: ["system:masters"],
    }),
    ...Object.entries(clients).map(([name, request]) => issueCertificate(folder, name, request)),
  ]);
  const near = `https://${network.nodeAddress}:${network.apiPort}`;
  await Promise.all(
    Object.keys(clients).map((user) =>
      writeKubeconfig(`${folder}/${user}.kubeconfig`, { server: near, folder, user })
    ),
  );
  const far = serverAt(address);
  await writeKubeconfig(layout.kubeconfig, { server: far, folder, user: "admin" });
}

/** Returns the URL of the API server as this machine reaches it. */
export function serverAt(address: string): string {
  return `https://${address}:${network.apiPort}`;
}
