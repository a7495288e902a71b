/** Time and scope of past runs, as columns and facts. */
import { ageText } from "../../../base/age.ts";
import { printable } from "../../../terminal/printable.ts";

/** In kubectl's format: `5m`, `3d`. */
export function runAge(at: string, now: Date): string {
  return ageText(now.getTime() - Date.parse(at));
}

/** Contexts and namespaces, the first of each with the number of the others. */
export function scopeColumns(
  targets: readonly { context: string; namespace: string }[],
): [context: string, namespace: string] {
  const column = (names: readonly string[]) => {
    const [first = "", ...others] = [...new Set(names)];
    return others.length === 0 ? printable(first) : `${printable(first)} +${others.length}`;
  };
  return [
    column(targets.map(({ context }) => context)),
    column(targets.map(({ namespace }) => namespace)),
  ];
}

/** Context and namespace as facts of a run. */
export function scopeFacts(
  targets: readonly { context: string; namespace: string }[],
): [name: string, value: string][] {
  if (targets.length === 0) return [];
  const names = (part: "context" | "namespace") =>
    [...new Set(targets.map((target) => target[part]))].join(", ");
  return [["context", names("context")], ["namespace", names("namespace")]];
}
