/** `script`: TypeScript in a sandbox, with the permissions of the workflow and no others. */
import * as v from "valibot";
import { anyType } from "../../expression/type.ts";
import { anything, countFromOne, described, text } from "../fields.ts";
import { isFile, knownResource, runInSandbox } from "../engine/run_in_sandbox.ts";
import type { ClusterRule } from "../model.ts";
import { defineStep, type StepRights } from "../step_kind.ts";

/** The kind `script`. */
export const scriptStep = defineStep({
  name: "script",
  summary:
    "Runs TypeScript in a sandbox with the workflow's permissions and access to kodama, for at most 30s unless the step has a `timeout`.",
  entries: {
    script: described(text, "The code, or the name of a .ts file beside the workflow."),
    with: v.optional(described(anything, "The value of `kodama.input`.")),
    memory: v.optional(described(countFromOne, "Memory limit in MiB; 128 by default.")),
  },
  verbatim: ["script"],
  fixed: ["script"],
  output: { value: anyType },
  example: `
steps:
  - id: sum
    with: { numbers: [1, 2, 3] }
    timeout: 10s
    memory: 128
    script: |
      const { numbers } = kodama.input as { numbers: number[] };
      kodama.log("adding " + numbers.length);
      kodama.output(numbers.reduce((a, b) => a + b, 0));
outputs:
  sum: \${{ steps.sum.value }}
`,
  rights: ({ script }, cluster) => rightsOf(script, cluster),
  plan: ({ script }) => ({
    does: isFile(script) ? `run the script ${script}` : "run a script",
    where: "here",
    effect: "changes",
    usesClusterPermissions: true,
  }),
  run: async ({ script, with: input, memory }, step) =>
    await runInSandbox(step, {
      ...(isFile(script) ? { file: script } : { code: script }),
      input: input ?? null,
      // The step's own `timeout` replaces the default.
      timeoutMs: step.limitMs ?? 30_000,
      memoryMiB: memory ?? 128,
    }),
});

/** A call that reads objects, with the resource if it is a literal. */
const readingCall = /\bkodama\.get\s*\(\s*(?:(["'])([a-z.]+)\1)?/g;

/** Returns what the script can use of what `permissions.cluster` grants, as far as its code shows it. */
function rightsOf(script: string, cluster: readonly ClusterRule[]): StepRights {
  const grants = (verb: string) =>
    cluster.some(({ verbs }) => verbs.includes(verb) || verbs.includes("*"));
  const verbs = ["get", "list"].filter(grants);
  const calls = [...script.matchAll(readingCall)].map(([_call, _quote, resource]) => resource);
  const isOpen = isFile(script) || calls.includes(undefined);
  const isElsewhere = cluster.some(({ namespaces }) => namespaces.length > 0);
  const unknown = isOpen
    ? "only its code shows which objects the script reads"
    : isElsewhere && calls.length > 0
    ? "the script may read in other namespaces, which `permissions.cluster` names"
    : undefined;
  const read = [...new Set(calls)].flatMap((plural): StepRights["rights"] => {
    const found = plural === undefined ? undefined : knownResource(plural);
    if (found === undefined || verbs.length === 0) return [];
    const scope = found.namespaced ? {} : { isClusterWide: true } as const;
    return [{ group: found.group, resource: found.plural, verbs, ...scope }];
  });
  return {
    rights: [
      ...(grants("exec") ? [{ group: "", resource: "pods/exec", verbs: ["create", "get"] }] : []),
      ...(grants("logs") ? [{ group: "", resource: "pods/log", verbs: ["get"] }] : []),
      ...read,
    ],
    selects: true,
    ...(unknown === undefined || verbs.length === 0 ? {} : { unknown }),
  };
}
