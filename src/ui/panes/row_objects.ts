/** Objects of rows as configuration of other panes: layouts store them, so that they are read again with care. */
import { isRecord } from "../../base/json_value.ts";
import { type Selection, wholeSelection } from "../../actions/exec/events.ts";
import { plural } from "../../base/plural.ts";
import type { PaneConfig } from "../pane.ts";
import type { RowObject } from "./resource_list.ts";

/** Returns the objects of a pane's configuration. */
export function objectsOfRows(config: PaneConfig): RowObject[] {
  const { objects } = config;
  if (!Array.isArray(objects)) return [];
  return objects.flatMap((one: unknown): RowObject[] => {
    if (!isRecord(one)) return [];
    const text = (value: unknown) => typeof value === "string" ? value : undefined;
    const { context, name, plural, group, namespace, labels } = one;
    if (typeof name !== "string" || typeof plural !== "string") return [];
    return [{
      context: text(context) ?? "",
      namespace: text(namespace),
      name,
      plural,
      group: text(group) ?? "",
      labels: text(labels),
    }];
  });
}

/** Returns the selection of pods and workloads, and their contexts. */
export function selectionOfRows(
  objects: readonly RowObject[],
): { contexts: string[]; selection: Selection } {
  const contexts = [...new Set(objects.map(({ context }) => context))].filter((one) => one !== "");
  const namespaces = [...new Set(objects.flatMap(({ namespace }) => namespace ?? []))];
  return {
    contexts,
    selection: {
      ...wholeSelection,
      namespaces: namespaces.length === 0
        ? { kind: "default" }
        : { kind: "named", names: namespaces },
      operands: objects.map((one) =>
        one.plural === "pods"
          ? {
            kind: "pod",
            name: one.name,
            ...(one.namespace === undefined ? {} : { namespace: one.namespace }),
          }
          : { kind: "workload", plural: one.plural, name: one.name }
      ),
    },
  };
}

/** `web-0`, `deploy web`, `3 pods`. */
export function objectsText(objects: readonly RowObject[]): string {
  const [first, ...others] = objects;
  if (first === undefined) return "nothing";
  if (others.length === 0) {
    return first.plural === "pods" ? first.name : `${first.plural} ${first.name}`;
  }
  return plural(objects.length, first.plural.replace(/s$/, ""));
}
