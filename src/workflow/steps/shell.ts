/** `shell`: a command on this machine. */
import * as v from "valibot";
import { commandLine } from "../../base/shell_quote.ts";
import { command, described, environment, maxOutput } from "../fields.ts";
import { defineStep } from "../step_kind.ts";
import { localOutput, runHere } from "./local_output.ts";

/** The kind `shell`. */
export const shellStep = defineStep({
  name: "shell",
  summary: "Runs a command on this machine; `permissions.run` must name its program.",
  entries: {
    shell: described(
      command,
      "The command: a list of arguments, run without a shell, or a text, run by sh.",
    ),
    env: v.optional(described(environment, "Environment variables of the command.")),
    maxOutput: v.optional(
      described(
        maxOutput,
        "The size up to which each stream is available to expressions; 1Mi by default.",
      ),
    ),
  },
  output: localOutput,
  example: `
permissions: { run: [echo, sh] }
steps:
  - id: greeting
    shell: [echo, hello]
    maxOutput: 4Mi
  - shell: echo "$WORD" | tr a-z A-Z
    env: { WORD: "\${{ steps.greeting.stdout }}" }
`,
  fixed: ["shell"],
  command: "shell",
  needs: ({ shell }) => [{ kind: "run", what: typeof shell === "string" ? "sh" : shell[0] ?? "" }],
  plan: ({ shell }) => {
    const argv = typeof shell === "string" ? ["sh", "-c", shell] : shell;
    return {
      does: `run ${typeof shell === "string" ? argv.join(" ") : commandLine(argv)} here`,
      command: argv,
      where: "here",
      effect: "changes",
    };
  },
  run: async ({ shell, env, maxOutput }, step) => {
    const argv = typeof shell === "string" ? ["sh", "-c", shell] : shell;
    step.require("run", argv[0] ?? "");
    return await runHere(step, argv, { env, maxOutput });
  },
});
