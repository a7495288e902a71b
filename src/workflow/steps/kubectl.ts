/** `kubectl`: one of its commands. What is known only to read runs at once; all else asks. */
import * as v from "valibot";
import { described, text } from "../fields.ts";
import { defineStep, failed } from "./kind.ts";
import { localOutput, runHere } from "./local_output.ts";

const readers = new Set([
  ..."get describe logs top explain events version cluster-info api-resources".split(" "),
  ..."api-versions wait diff options".split(" "),
]);

/** By their second word. */
const readingParts: Readonly<Record<string, readonly string[]>> = {
  rollout: ["status", "history"],
  auth: ["can-i", "whoami"],
  config: ["view", "get-contexts", "current-context", "get-clusters", "get-users"],
};

/** Whether kubectl is known only to look; what isn't known counts as a change. */
function isKubectlRead(words: readonly string[]): boolean {
  const [verb = "", part = ""] = words;
  // A flag before the verb: which of its words is the verb isn't known here.
  return readers.has(verb) || (readingParts[verb]?.includes(part) ?? false);
}

/** The kind `kubectl`. */
export const kubectlStep = defineStep({
  name: "kubectl",
  summary:
    "A command of the user's own kubectl. What isn't known only to read asks, or needs --yes.",
  entries: {
    kubectl: described(
      v.pipe(v.array(v.string(), "words"), v.nonEmpty("one word at least")),
      "The words after `kubectl`.",
    ),
    context: v.optional(
      described(text, "The context; by default that of the workflow's pods, `--context` included."),
    ),
  },
  command: "kubectl",
  output: localOutput,
  example: `
steps:
  - id: nodes
    kubectl: [get, nodes, -o, name]
    context: kodama
    continueOn: failure
outputs:
  nodes: \${{ steps.nodes.stdout.lines() }}
`,
  plan: ({ kubectl }) => ({
    does: `kubectl ${kubectl.join(" ")}`,
    command: ["kubectl", ...kubectl],
    where: "here",
    effect: isKubectlRead(kubectl) ? "reads" : "asks",
  }),
  run: async ({ kubectl, context }, stage) => {
    const contexts = new Set(context === undefined ? stage.where(undefined).contexts : [context]);
    if (contexts.size > 1) {
      return failed("kubectl: the pods are in several contexts; `context` says which is meant");
    }
    const [named] = contexts;
    const words = named === undefined ? kubectl : ["--context", named, ...kubectl];
    const line = `kubectl ${words.join(" ")}`;
    if (!isKubectlRead(kubectl) && !await stage.confirm(`${line}\nRun it?`)) {
      return { outcome: { kind: "refused", reason: `no to ${line}` }, output: {} };
    }
    return await runHere(stage, ["kubectl", ...words]);
  },
});
