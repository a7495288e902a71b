/** `shell`: a command on this machine. */
import * as v from "valibot";
import { commandLine } from "../../base/shell_quote.ts";
import { strictLine } from "../../base/strict_line.ts";
import { command, described, environment, expectedExitCodes, maxOutput, text } from "../fields.ts";
import { defineStep, usesCluster } from "../step_kind.ts";
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
    workdir: v.optional(described(
      text,
      "The working directory, which `permissions.read` must grant; by default the folder of the file.",
    )),
    expect: v.optional(
      described(expectedExitCodes, "The exit codes of a success; 0 by default: `[0, 1]`."),
    ),
    maxOutput: v.optional(
      described(
        maxOutput,
        "The size up to which each stream is available to expressions; 1Mi by default.",
      ),
    ),
  },
  output: localOutput,
  example: `
permissions: { run: [echo, sh, grep], read: [.] }
steps:
  - id: greeting
    shell: [echo, hello]
    maxOutput: 4Mi
  - shell: echo "$WORD" | tr a-z A-Z
    env: { WORD: "\${{ steps.greeting.stdout }}" }
  - name: grep finds nothing, which is fine
    shell: [grep, -rq, no such text, "."]
    workdir: .
    expect: [0, 1]
`,
  fixed: ["shell"],
  command: "shell",
  needs: ({ shell, workdir }) => [
    { kind: "run", what: typeof shell === "string" ? "sh" : shell[0] ?? "" },
    ...(workdir === undefined ? [] : [{ kind: "read" as const, what: workdir }]),
  ],
  rights: ({ shell }) =>
    usesCluster(typeof shell === "string" ? [shell] : shell)
      ? "a local program uses the cluster in its own way"
      : { rights: [] },
  plan: ({ shell }) => {
    const argv = typeof shell === "string" ? ["sh", "-c", shell] : shell;
    return {
      does: `run ${typeof shell === "string" ? argv.join(" ") : commandLine(argv)} here`,
      command: argv,
      where: "here",
      effect: "changes",
    };
  },
  run: async ({ shell, env, workdir, expect, maxOutput }, step) => {
    const argv = typeof shell === "string" ? ["sh", "-c", strictLine(shell)] : shell;
    step.require("run", argv[0] ?? "");
    const folder = workdir === undefined ? undefined : await step.requirePath("read", workdir);
    return await runHere(step, argv, { env, maxOutput, folder, expect });
  },
});
