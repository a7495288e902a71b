/** The defaults of every namespace: an account for its pods, and the cluster's certificate authority. */
import { type Action, create, update } from "./action.ts";
import type { Controller } from "./controller.ts";
import type { ClusterState } from "./state.ts";

/**
 * The ConfigMap with the CA that pods trust.
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
 */
const rootCertificateName = "kube-root-ca.crt";

/** Maintains the `default` ServiceAccount in every namespace. */
export const serviceAccountController: Controller = {
  name: "serviceaccount-controller",
  watches: ["namespaces", "serviceAccounts"],
  reconcile: (state) =>
    liveNamespaces(state)
      .filter((namespace) => state.get("serviceAccounts", namespace, "default") === undefined)
      .map((namespace) =>
        create("serviceAccounts", {
          apiVersion: "v1",
          kind: "ServiceAccount",
          metadata: { name: "default", namespace },
        })
      ),
};

/** Maintains the ConfigMap `kube-root-ca.crt` in every namespace. */
export function rootCertificateController(certificatePem: string): Controller {
  const data = { "ca.crt": certificatePem };
  return {
    name: "root-ca-certificate-publisher-controller",
    watches: ["namespaces", "configMaps"],
    reconcile: (state) =>
      liveNamespaces(state).flatMap((namespace): Action[] => {
        const present = state.get("configMaps", namespace, rootCertificateName);
        if (present?.data?.["ca.crt"] === certificatePem) return [];
        if (present !== undefined) return [update("configMaps", { ...present, data })];
        const metadata = { name: rootCertificateName, namespace };
        return [create("configMaps", { apiVersion: "v1", kind: "ConfigMap", metadata, data })];
      }),
  };
}

function liveNamespaces(state: ClusterState): string[] {
  return state.list("namespaces")
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name);
}
