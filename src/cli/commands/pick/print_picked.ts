/** Prints the choice as args for the next command, or as data. */
import type { Selection, Target } from "../../../actions/pick/pods.ts";
import { namespacedPod } from "../../../base/workload_kinds.ts";
import { printable } from "../../../terminal/printable.ts";
import { type DataFormat, renderData } from "../../output.ts";

/** `plain` is the bare name, `name` is `pod/web-0` as in kubectl; both include the namespace if it is ambiguous. */
export type PickFormat = "plain" | "name" | DataFormat;

/** Returns a pod as an operand that every command accepts: with its namespace if several were requested. */
export function operandText(
  { namespace, pod }: Pick<Target, "namespace" | "pod">,
  namespaced: boolean,
): string {
  return namespaced ? namespacedPod(namespace, pod) : `pod/${pod}`;
}

/** Returns whether a selection may choose pods of several namespaces. */
export function isOfSeveral({ namespaces }: Selection): boolean {
  return namespaces.kind === "all" ||
    (namespaces.kind === "named" && new Set(namespaces.names).size > 1);
}

/** Returns the text for standard output. */
export async function printPicked(
  targets: readonly Target[],
  { format, print0, namespaced }: { format: PickFormat; print0: boolean; namespaced: boolean },
): Promise<string> {
  if (format !== "plain" && format !== "name") return await renderData(targets, format);
  const end = print0 ? "\0" : "\n";
  return targets.map((target) => {
    const name = namespaced || format === "name" ? operandText(target, namespaced) : target.pod;
    return `${printable(name)}${end}`;
  }).join("");
}
