/** Label selectors in the form that workloads carry. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */
import type { LabelSelector, LabelSelectorRequirement } from "kubernetes-types/meta/v1.d.ts";

type Labels = Readonly<Record<string, string>> | undefined;

/** Returns whether labels match a selector. An absent selector matches nothing, an empty one everything. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false;
  return matchesLabels(selector.matchLabels, labels) &&
    (selector.matchExpressions ?? []).every((requirement) => fulfils(requirement, labels));
}

/** Returns whether labels have all of the required pairs. */
export function matchesLabels(desired: Labels, labels: Labels): boolean {
  return Object.entries(desired ?? {}).every(([key, value]) => labels?.[key] === value);
}

/** Returns whether labels match one requirement; `Gt` and `Lt` are those of node affinity. */
export function fulfils(
  { key, operator, values }: LabelSelectorRequirement,
  labels: Labels,
): boolean {
  const value = labels?.[key];
  switch (operator) {
    case "In":
      return value !== undefined && (values ?? []).includes(value);
    case "NotIn":
      return value === undefined || !(values ?? []).includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return Number(value) > Number(values?.[0]);
    case "Lt":
      return Number(value) < Number(values?.[0]);
    default:
      return false;
  }
}
