/** `script`: TypeScript in a sandbox, with the permissions of the workflow and no others. */
import * as v from "valibot";
import { anyType } from "../../expression/type.ts";
import { anything, countFromOne, described, text } from "../fields.ts";
import { isFile, runInSandbox } from "../engine/run_in_sandbox.ts";
import { defineStep } from "../step_kind.ts";

/** The kind `script`. */
export const scriptStep = defineStep({
  name: "script",
  summary:
    "Runs TypeScript in a sandbox with the workflow's permissions and access to kodama, for at most 30s unless the step has a `timeout`.",
  entries: {
    script: described(
      text,
      "The code, or the name of a .ts file beside the workflow.",
    ),
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
  rights: () => "a script needs what `permissions.cluster` grants, as far as it uses it",
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
