/**
 * Namespaces: their initial objects, and their deletion.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
 */
import type { Namespace } from "kubernetes-types/core/v1.d.ts";
import { resources } from "../resources.ts";
import { type ControllerAction, createAction, deleteAction, updateAction } from "./action.ts";
import type { ClusterSnapshot, Controller } from "./state.ts";
import type { KindName, Live } from "./kinds.ts";

const namespacedKinds = (Object.keys(resources) as KindName[])
  .filter((name) => resources[name].namespaced);

/**
 * The namespaces of every cluster.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#initial-namespaces
 */
const initialNamespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

/** Creates the initial namespaces, and empties those that are being deleted. */
export const namespaceController: Controller = {
  name: "namespace-controller",
  watches: ["namespaces", ...namespacedKinds],
  reconcile: (state) => [
    ...initialNamespaces.filter((name) => state.get("namespaces", "", name) === undefined)
      .map((name) => createAction("namespaces", newNamespace(name))),
    ...state.list("namespaces")
      .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
      .flatMap((namespace) => empty(namespace, state)),
  ],
};

function newNamespace(name: string): Namespace & { metadata: { name: string } } {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
    spec: { finalizers: ["kubernetes"] },
    status: { phase: "Active" },
  };
}

/** Deletes all remaining objects; once there are none, the namespace is removed. */
function empty(namespace: Live<Namespace>, state: ClusterSnapshot): ControllerAction[] {
  const { name } = namespace.metadata;
  const contents = namespacedKinds.flatMap((type) =>
    state.list(type, name).map((object) => ({ type, object }))
  );
  if (contents.length === 0) return [{ kind: "remove", type: "namespaces", namespace: "", name }];
  return contents.filter(({ object }) => object.metadata.deletionTimestamp === undefined)
    .map(({ type, object }) => deleteAction(type, object));
}

/* The defaults of every namespace: an account for its pods, and the cluster's certificate authority. */

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
        createAction("serviceAccounts", {
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
      liveNamespaces(state).flatMap((namespace): ControllerAction[] => {
        const present = state.get("configMaps", namespace, rootCertificateName);
        if (present?.data?.["ca.crt"] === certificatePem) return [];
        if (present !== undefined) return [updateAction("configMaps", { ...present, data })];
        const metadata = { name: rootCertificateName, namespace };
        return [
          createAction("configMaps", { apiVersion: "v1", kind: "ConfigMap", metadata, data }),
        ];
      }),
  };
}

function liveNamespaces(state: ClusterSnapshot): string[] {
  return state.list("namespaces")
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name);
}
