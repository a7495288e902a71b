/** Objects with a session's labels, grouped by whether the session still exists. Pure. */
import { plainText } from "../base/plain_text.ts";
import type { KubeObject } from "../kube/types.ts";
import { componentLabel, sessionLabel } from "./names.ts";

/** The objects of one name in one namespace. */
export interface SessionRemains {
  name: string;
  namespace: string;
  /**
   * `orphaned`: without a state they are neither listed nor deleted. `kept`: only claims, as a deletion retains them.
   */
  kind: "whole" | "orphaned" | "kept";
  /** `pod kodama-x`, claims last. */
  objects: readonly string[];
  /** The objects of a copy that is active, or was killed. */
  passing: readonly string[];
}

/** Sorts them; by namespace and name. */
export function remainsOfSessions(objects: readonly KubeObject[]): SessionRemains[] {
  const groups = Map.groupBy(objects, ({ metadata }) => {
    const name = metadata.labels?.[sessionLabel] ?? "";
    return `${metadata.namespace}/${name}`;
  });
  return [...groups].sort(([a], [b]) => a < b ? -1 : 1).map(([, group]) => {
    const { namespace = "", labels } = group[0]?.metadata ?? {};
    const nameOf = ({ kind, metadata }: KubeObject) =>
      `${kind.toLowerCase()} ${plainText(metadata.name ?? "", 100)}`;
    const isPassing = ({ metadata }: KubeObject) =>
      ["files", "restore"].includes(metadata.labels?.[componentLabel] ?? "");
    const isClaim = (one: KubeObject) => one.kind === "PersistentVolumeClaim";
    const hasState = group.some((one) => one.metadata.labels?.[componentLabel] === "state");
    return {
      name: plainText(labels?.[sessionLabel] ?? "", 63),
      namespace,
      kind: hasState ? "whole" : group.every(isClaim) ? "kept" : "orphaned",
      objects: [...group.filter((one) => !isClaim(one)), ...group.filter(isClaim)]
        .map(nameOf),
      passing: group.filter(isPassing).map(nameOf),
    };
  });
}
