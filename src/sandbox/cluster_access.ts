/** Checks one request of a script to the cluster against `permissions.cluster`. */
import type { ClusterRule } from "../workflow/model.ts";

/** A request, as far as permissions depend on it. */
export interface ClusterAsk {
  verb: string;
  /** The namespaces that it touches. */
  namespaces: readonly string[];
}

/**
 * Returns what isn't granted of a request, as a noun, or undefined if all of it is. `own` are the namespaces of the
 * workflow's selection, which a rule without namespaces stands for.
 */
export function notGranted(
  { verb, namespaces }: ClusterAsk,
  rules: readonly ClusterRule[],
  own: readonly string[],
): string | undefined {
  const fitting = rules.filter(({ verbs }) => verbs.includes(verb) || verbs.includes("*"));
  const refused = namespaces.find((namespace) =>
    !fitting.some((rule) =>
      rule.namespaces.length === 0
        ? own.includes(namespace)
        : rule.namespaces.includes(namespace) || rule.namespaces.includes("*")
    )
  );
  if (refused !== undefined) return `cluster access: ${verb} in namespace ${refused}`;
  return fitting.length === 0 ? `cluster access: ${verb}` : undefined;
}
