import { UsageError } from "../../../base/errors.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, value } from "../../parser/flag.ts";
import { runId } from "../runs/run_operand.ts";

const kinds = choice(["command", "steps", "rolling"]);

/** `kodama workflow new`. */
export const command = defineCommand({
  description:
    "Makes workflows/NAME.yaml in the working directory: from a template, or from what a past run did. " +
    "`--from-run last` is the last run; else the id, or its beginning, that kodama runs list shows.",
  operands: [{ name: "NAME", arity: "one" }],
  flags: {
    template: value("what it begins with (default command)", kinds.parse, {
      ...kinds,
      short: "t",
    }),
    "from-run": value("a past run whose command it shall be", (text) => text, {
      placeholder: "RUN",
      completion: { kind: "runs" },
    }),
  },
  examples: [
    { title: "A command and its pods", line: "kodama workflow new uptime" },
    { title: "Steps, with parameters", line: "kodama workflow new drift --template steps" },
    { title: "What I have just run", line: "kodama workflow new again --from-run last" },
  ],
  seeAlso: ["kodama workflow check --help tells what is wrong with a file."],
  resolve({ operands: [name = ""], flags }) {
    const { template, "from-run": run } = flags;
    if (template !== undefined && run !== undefined) {
      throw new UsageError("--template and --from-run contradict each other");
    }
    const source = run === undefined
      ? { kind: "template" as const, template: template ?? "command" }
      : { kind: "run" as const, run: runId([run]) };
    return { name, source };
  },
  async run({ name, source }, { host, terminal }) {
    const { newWorkflow } = await import("../../../actions/workflow/new_workflow.ts");
    const path = await newWorkflow(await host(), name, source);
    await terminal.stdout.write(`${path}\n`);
    return success;
  },
});
