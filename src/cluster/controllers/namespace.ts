/**
 * Namespaces: their initial objects, and their deletion.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
 */
import type { Namespace } from "kubernetes-types/core/v1.d.ts";
import { resources } from "../resources.ts";
import { type Action, create, remove } from "./action.ts";
import type { Controller } from "./controller.ts";
import type { KindName, Live } from "./kinds.ts";
import type { ClusterState } from "./state.ts";

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
      .map((name) => create("namespaces", newNamespace(name))),
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
function empty(namespace: Live<Namespace>, state: ClusterState): Action[] {
  const { name } = namespace.metadata;
  const contents = namespacedKinds.flatMap((type) =>
    state.list(type, name).map((object) => ({ type, object }))
  );
  if (contents.length === 0) return [{ kind: "remove", type: "namespaces", namespace: "", name }];
  return contents.filter(({ object }) => object.metadata.deletionTimestamp === undefined)
    .map(({ type, object }) => remove(type, object));
}
