/** The conditions to wait for after a kubectl command line has changed objects. Pure. */
import { groupOfKindName } from "../../base/api_version.ts";
import { workloadGroup } from "../../base/workload_kinds.ts";
import type { KubectlLine } from "../../gate/kubectl.ts";
import { resourceOf } from "../../gate/kubectl_rating.ts";
import type { WaitOptions } from "../wait/wait.ts";
import type { KubectlPreview } from "./preview.ts";

/** Kinds that are ready at some time; of all others only a deletion can be awaited. */
const readying: ReadonlySet<string> = new Set([
  ...["pods", "deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "namespaces"],
  ...["persistentvolumeclaims"],
]);

/** Returns whether a kind's name means a kind of {@link readying}, and none of another group. */
function isReadying(kind: string): boolean {
  const plural = resourceOf(kind);
  const group = workloadGroup(plural);
  return readying.has(plural) && (groupOfKindName(kind) ?? group) === group;
}

type WatchedObjects = Pick<WaitOptions, "targets" | "conditions"> & { namespace: string };

/**
 * Returns the waits, one for each namespace; none if no object becomes ready, or disappears.
 *
 * @param namespace of objects whose preview has none.
 */
export function watchedObjects(
  line: KubectlLine,
  preview: KubectlPreview,
  namespace: string,
): WatchedObjects[] {
  const isDeletion = line.verb[0] === "delete";
  const found = preview.kind === "objects" ? preview.objects : [];
  const awaited = found.map(({ name, ...one }) => {
    const [kind = "", object = ""] = name.split("/");
    return { kind, name: object, namespace: one.namespace ?? namespace };
  }).filter(({ kind }) => isDeletion || isReadying(kind));
  const groups = Map.groupBy(awaited, (one) => one.namespace);
  return [...groups].map(([namespace, objects]) => ({
    namespace,
    conditions: [{ kind: isDeletion ? "delete" : "ready" }],
    targets: objects.map(({ kind, name }) => ({
      kind: isReadying(kind) ? kind.split(".")[0] ?? kind : kind,
      name,
    })),
  }));
}
