/**
 * `kubectl`: one of its commands. A command that is known to read only runs at once, one that changes the cluster asks,
 * and one that reaches beyond the cluster needs a permission.
 */
import * as v from "valibot";
import { commandLine } from "../../base/shell_quote.ts";
import { hasExpression } from "../../expression/template.ts";
import { type KubectlReason, kubectlReasonText, kubectlUse } from "../../gate/kubectl.ts";
import { described, maxOutput, text } from "../fields.ts";
import { defineStep, failed, type Need } from "../step_kind.ts";
import { localOutput, runHere } from "./local_output.ts";

/** Returns the permissions that the command line needs. */
function needsOf(args: readonly string[], isJudged: (reason: KubectlReason) => boolean): Need[] {
  const use = kubectlUse(args);
  if (use.kind !== "needsPermission") return [];
  const reasons = use.reasons.filter(isJudged);
  const beyond = reasons.find(({ reach, path }) => reach !== "readsFiles" || path === undefined);
  if (beyond !== undefined) {
    return [{ kind: "run", what: "kubectl", why: kubectlReasonText(beyond) }];
  }
  return reasons.map((reason) => ({
    kind: "read",
    what: reason.path ?? "",
    why: kubectlReasonText(reason),
  }));
}

/** Returns whether a confirmation is needed: it changes something in the cluster, as far as is known. */
function changes(args: readonly string[]): boolean {
  const use = kubectlUse(args);
  return (use.kind === "needsPermission" ? use.effect : use.kind) === "changes";
}

/** The kind `kubectl`. */
export const kubectlStep = defineStep({
  name: "kubectl",
  summary:
    "Runs the user's own kubectl. Commands that change the cluster ask first, unless confirmed beforehand; those that reach beyond " +
    "the cluster (other servers or credentials, programs and files of this machine) need `permissions`.",
  entries: {
    kubectl: described(
      v.pipe(
        v.array(v.string("a text"), "a list of arguments"),
        v.nonEmpty("at least one argument"),
      ),
      "The arguments of kubectl. Context and namespace are those of the workflow's pods unless given.",
    ),
    maxOutput: v.optional(
      described(
        maxOutput,
        "The size up to which each stream is available to expressions; 1Mi by default.",
      ),
    ),
    context: v.optional(
      described(
        text,
        "The context; by default that of the workflow's pods, however it is chosen.",
      ),
    ),
  },
  fixed: ["kubectl"],
  command: "kubectl",
  valuesAreNoFlags: true,
  // Args that depend on values are judged when the step runs.
  needs: ({ kubectl }) =>
    needsOf(kubectl, ({ word, path = "" }) => !hasExpression(word) && !hasExpression(path)),
  output: localOutput,
  example: `
steps:
  - id: nodes
    kubectl: [get, nodes, -o, name]
    context: kodama
    maxOutput: 4Mi
    allowFailure: true
outputs:
  nodes: \${{ steps.nodes.stdout.lines() }}
`,
  plan: ({ kubectl }) => ({
    does: `kubectl ${commandLine(kubectl)}`,
    command: ["kubectl", ...kubectl],
    where: "here",
    effect: changes(kubectl) ? "asks" : "reads",
  }),
  run: async ({ kubectl, context, maxOutput }, step) => {
    for (const { kind, what } of needsOf(kubectl, () => true)) {
      if (kind === "read") await step.requirePath(kind, what);
      else step.require("run", what);
    }
    const contexts = new Set(context === undefined ? step.where(undefined).contexts : [context]);
    if (contexts.size > 1) {
      return failed("kubectl: the pods are in several contexts; name one in `context`");
    }
    const [named] = contexts;
    const { namespaces } = step.where(undefined).selection;
    const [namespace, ...others] = namespaces.kind === "named" ? namespaces.names : [];
    // First, so that a namespace in the args wins.
    const args = [
      ...(named === undefined ? [] : ["--context", named]),
      ...(namespace === undefined || others.length > 0 ? [] : ["--namespace", namespace]),
      ...kubectl,
    ];
    const line = `kubectl ${args.join(" ")}`;
    const action = { kind: "command", command: ["kubectl", ...args], shell: false } as const;
    if (changes(kubectl) && !await step.confirmChange(action, [])) {
      return { outcome: { kind: "refused", reason: `declined: ${line}` }, output: {} };
    }
    return await runHere(step, ["kubectl", ...args], { maxOutput });
  },
});
