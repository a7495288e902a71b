/** What becomes of the objects that a kubectl command line has changed: what to wait for. Pure. */
import type { KubectlLine } from "../../gate/kubectl.ts";
import { resourceOf } from "../../gate/kubectl_rating.ts";
import type { WaitOptions } from "../wait/wait.ts";
import type { KubectlPreview } from "./preview.ts";

/** Kinds that are ready at some time; of all others only a deletion can be awaited. */
const readying: ReadonlySet<string> = new Set([
  ...["pods", "deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "namespaces"],
  ...["persistentvolumeclaims"],
]);

/** A wait in one namespace. */
type WatchedObjects = Pick<WaitOptions, "targets" | "conditions"> & { namespace: string };

/**
 * Returns the waits, one for each namespace; none if nothing of it becomes ready, or disappears.
 *
 * @param namespace of objects whose preview has none.
 */
export function watchedObjects(
  line: KubectlLine,
  preview: KubectlPreview,
  namespace: string,
): WatchedObjects[] {
  const isDeletion = line.verb[0] === "delete";
  const found = preview.kind === "objects" ? preview.objects : namedObjects(line);
  const awaited = found.map(({ name, ...one }) => {
    const [kind = "", object = ""] = name.split("/");
    return { kind, name: object, namespace: one.namespace ?? namespace };
  }).filter(({ kind }) => isDeletion || readying.has(resourceOf(kind)));
  const groups = Map.groupBy(awaited, (one) => one.namespace);
  return [...groups].map(([namespace, objects]) => ({
    namespace,
    conditions: [{ kind: isDeletion ? "delete" : "ready" }],
    targets: objects.map(({ kind, name }) => ({
      kind: readying.has(resourceOf(kind)) ? kind.split(".")[0] ?? kind : kind,
      name,
    })),
  }));
}

/** The objects of `rollout restart deploy/web` and `rollout restart deploy web db`, whose verb has no dry run. */
function namedObjects({ verb, operands }: KubectlLine): { name: string; namespace?: string }[] {
  if (verb[0] !== "rollout") return [];
  if (operands.some((one) => one.includes("/"))) return operands.map((name) => ({ name }));
  const [kind = "", ...names] = operands;
  return names.map((name) => ({ name: `${kind}/${name}` }));
}
