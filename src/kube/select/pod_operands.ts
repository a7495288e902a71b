/** Pods that operands name, each optionally in one namespace of one context. Pure. */
import type { Selection, SelectionOperand, Target } from "./target.ts";

type PodScope = Pick<Target, "context" | "namespace">;

/** Returns the names of pods to look for in a namespace of a context; all namespaces if it is undefined. */
export function podNamesIn(
  { operands }: Pick<Selection, "operands">,
  scope: { context: string; namespace: string | undefined },
): Set<string> {
  const here = operands.flatMap((one) =>
    one.kind === "pod" && isOperandOf(one, scope) ? [one.name] : []
  );
  return new Set(here);
}

/** Returns whether an operand may name something in a namespace of a context; in any namespace if it is undefined. */
export function isOperandOf(
  operand: SelectionOperand,
  { context, namespace }: { context: string; namespace: string | undefined },
): boolean {
  return matches(operand.context, context) &&
    (namespace === undefined || matches(operand.namespace, namespace));
}

/** Returns whether an operand names the pod. */
export function isNamedPod(
  { operands }: Pick<Selection, "operands">,
  pod: PodScope & { pod: string },
): boolean {
  return operands.some((one) => names(one, pod));
}

/** Returns the containers that operands name of a pod, each once; none if only the pod is named. */
export function namedContainers(
  { operands }: Pick<Selection, "operands">,
  pod: PodScope & { pod: string },
): string[] {
  const containers = operands.flatMap((one) => names(one, pod) ? [one.container] : []);
  return containers.includes(undefined)
    ? []
    : [...new Set(containers.filter((name) => name !== undefined))];
}

function names(
  operand: SelectionOperand,
  { context, namespace, pod }: PodScope & { pod: string },
): operand is Extract<SelectionOperand, { kind: "pod" }> {
  return operand.kind === "pod" && operand.name === pod && matches(operand.context, context) &&
    matches(operand.namespace, namespace);
}

function matches(required: string | undefined, actual: string): boolean {
  return required === undefined || required === actual;
}
