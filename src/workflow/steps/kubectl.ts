/**
 * `kubectl`: one of its commands. A command that is known to read only runs at once, one that changes the cluster asks,
 * and one that reaches beyond the cluster needs a permission.
 */
import * as v from "valibot";
import { commandLine } from "../../base/shell_quote.ts";
import { hasExpression } from "../../expression/template.ts";
import { kubectlRights } from "../../gate/kubectl_rights.ts";
import {
  type KubectlReason,
  kubectlReasonText,
  kubectlUse,
  parseKubectl,
} from "../../gate/kubectl.ts";
import { flagValue, isOn, judgeKubectl, mayShowSecrets } from "../../gate/kubectl_rating.ts";
import { definedOnly } from "../../base/json_value.ts";
import { described, environment, expectedExitCodes, maxOutput, text } from "../fields.ts";
import type { StepContext } from "../engine/step_context.ts";
import { onePlace } from "../places.ts";
import { defineStep, type Need, type Place } from "../step_kind.ts";
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

/** Variables lead kubectl to other servers and programs: `KUBECONFIG`, `HTTPS_PROXY`, `KUBECTL_EXTERNAL_DIFF`. */
function needsOfVariables(env: Readonly<Record<string, unknown>> = {}): Need[] {
  const [name] = Object.keys(env);
  if (name === undefined) return [];
  const why = `the variable ${name} can lead kubectl to other servers and programs`;
  return [{ kind: "run", what: "kubectl", why }];
}

/** Returns whether a confirmation is needed: it changes something in the cluster, as far as is known. */
function changes(args: readonly string[]): boolean {
  const use = kubectlUse(args);
  return (use.kind === "needsPermission" ? use.effect : use.kind) === "changes";
}

/** Returns what a kind without a name reaches, which no argument shows. */
function reachOf(args: readonly string[]): string {
  // Which kind it is, or whether there is a name, may depend on a value.
  if (args.some(hasExpression)) return "";
  const { dangers } = judgeKubectl(args, { above: Infinity });
  const kinds = dangers.flatMap((danger) =>
    danger.kind === "allOfKind" ? [`all ${danger.resource}`] : []
  );
  return kinds.length === 0 ? "" : `  (${kinds.join(", ")})`;
}

/** Returns the context and namespace that the step names; a part of them may depend on a value. */
function placeOf(args: readonly string[], context: string | undefined): Place {
  const line = parseKubectl(args);
  const isEverywhere = isOn(line, "-A", "--all-namespaces");
  // A kind that isn't known may be of the cluster, and the objects of a file may name their namespace.
  const rights = kubectlRights(args)?.rights ?? [];
  const isNamespaced = rights.length > 0 && !rights.some(({ isClusterWide }) => isClusterWide);
  return {
    ...definedOnly({
      context: context ?? flagValue(line, "--context"),
      namespace: isEverywhere ? undefined : flagValue(line, "-n", "--namespace"),
    }),
    ...(isEverywhere ? { allNamespaces: true } : {}),
    ...(isNamespaced ? { isNamespaced } : {}),
  };
}

/** Returns the args for the context and namespace of the workflow's pods. @throws as {@link onePlace} */
export function scopeArgs(step: StepContext, place: Place): string[] {
  const { context, namespace } = onePlace(
    place,
    `step ${step.key}`,
    (fields) => step.where(fields),
  );
  return [
    ...(context === undefined ? [] : ["--context", context]),
    ...(namespace === undefined ? [] : ["--namespace", namespace]),
  ];
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
    env: v.optional(described(environment, "Environment variables of kubectl.")),
    expect: v.optional(
      described(expectedExitCodes, "The exit codes of a success; 0 by default: `[0, 1]`."),
    ),
    context: v.optional(
      described(text, "The context; by default that of the workflow's pods, however it is chosen."),
    ),
  },
  fixed: ["kubectl"],
  command: "kubectl",
  valuesAreNoFlags: true,
  // Args that depend on values are judged when the step runs.
  needs: ({ kubectl, env }) => [
    ...needsOf(kubectl, ({ word, path = "" }) => !hasExpression(word) && !hasExpression(path)),
    ...needsOfVariables(env),
  ],
  output: localOutput,
  example: `
permissions: { run: [kubectl] }
steps:
  - id: nodes
    kubectl: [get, nodes, -o, name]
    context: kodama
    maxOutput: 4Mi
    env: { KUBECTL_COMMAND_HEADERS: "false" }
    expect: 0
    allowFailure: true
outputs:
  nodes: \${{ steps.nodes.stdout.lines() }}
`,
  rights: ({ kubectl }) =>
    kubectlRights(kubectl) ?? "the rights of this kubectl command aren't known",
  plan: ({ kubectl, context }) => ({
    place: placeOf(kubectl, context),
    does: `kubectl ${commandLine(kubectl)}${reachOf(kubectl)}`,
    command: ["kubectl", ...kubectl],
    where: "here",
    effect: changes(kubectl) ? "asks" : "reads",
    ...(!changes(kubectl) && mayShowSecrets(kubectl) ? { readsSecrets: true } : {}),
  }),
  run: async ({ kubectl, context, env, expect, maxOutput }, step) => {
    for (const { kind, what } of [...needsOf(kubectl, () => true), ...needsOfVariables(env)]) {
      if (kind === "read") await step.requirePath(kind, what);
      else step.require("run", what);
    }
    // First, so that a namespace in the args wins.
    const args = [...scopeArgs(step, placeOf(kubectl, context)), ...kubectl];
    const line = `kubectl ${args.join(" ")}`;
    const action = {
      kind: "command",
      command: ["kubectl", ...args],
      shell: false,
      variables: [],
    } as const;
    if (changes(kubectl) && !await step.confirmChange(action, [])) {
      return { outcome: { kind: "refused", reason: `declined: ${line}` }, output: {} };
    }
    return await runHere(step, ["kubectl", ...args], { env, expect, maxOutput });
  },
});
