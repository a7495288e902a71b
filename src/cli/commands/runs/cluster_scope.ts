/** The flags with which commands find runs in the cluster. */
import type { ClusterScope } from "../../../actions/cluster_run/runs.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { UsageError } from "../../../base/errors.ts";
import { text, toggle, value } from "../../parser/flag.ts";
import { contextFlags, namespaceValue } from "../../parser/scope_flags.ts";

const group = "In the cluster";

/** The namespace and the cluster. */
export const clusterScopeFlags = {
  "namespace": value("namespace of the run (default the context's)", text, namespaceValue),
  ...contextFlags,
};

/** The flag of commands that also have runs of this machine. */
export const inClusterFlag = toggle("runs in the cluster, instead of those of this machine", {
  group,
});

/** In all namespaces. */
export const everywhereFlag = toggle("in all namespaces", { short: "A", group });

type Flags = {
  namespace: string | undefined;
  context: string | undefined;
  "all-namespaces"?: boolean;
};

/** Returns where runs are searched. */
export function clusterScope(flags: Flags): ClusterScope {
  const { namespace, context, "all-namespaces": allNamespaces } = flags;
  return {
    ...definedOnly({ namespace, context }),
    ...(allNamespaces === true ? { allNamespaces: true } : {}),
  };
}

/** Returns where runs are searched; undefined for those of this machine. */
export function clusterScopeIf(
  flags: Flags & { "in-cluster": boolean },
  given: ReadonlySet<string>,
): ClusterScope | undefined {
  if (flags["in-cluster"]) return clusterScope(flags);
  const other = [...Object.keys(clusterScopeFlags), "all-namespaces"].find((flag) =>
    flag !== "kubeconfig" && given.has(flag)
  );
  if (other !== undefined) throw new UsageError(`--${other} needs --in-cluster`);
  return undefined;
}
