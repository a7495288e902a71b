import { UsageError } from "../../../base/errors.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, value } from "../../parser/flag.ts";
import { runId } from "../runs/run_operand.ts";

const kinds = choice(["command", "steps", "rolling"]);

/** `kodama workflow new`. */
export const command = defineCommand({
  description:
    "Creates workflows/NAME.yaml in the current directory, from a template or from a past run. " +
    "`--from-run last` is the last run; otherwise give the id from kodama runs list, or the start of " +
    "it.",
  operands: [{ name: "NAME", arity: "one" }],
  flags: {
    template: value("template to start with (default command)", kinds.parse, {
      ...kinds,
      short: "t",
    }),
    "from-run": value("past run to take the command from", (text) => text, {
      placeholder: "RUN",
      completion: { kind: "runs" },
    }),
  },
  examples: [
    { title: "A command and its pods", line: "kodama workflow new uptime" },
    { title: "Steps, with parameters", line: "kodama workflow new drift --template steps" },
    { title: "From the last run", line: "kodama workflow new again --from-run last" },
  ],
  seeAlso: ["kodama workflow check --help reports problems in a file."],
  resolve({ operands: [name = ""], flags }) {
    const { template, "from-run": run } = flags;
    if (template !== undefined && run !== undefined) {
      throw new UsageError("--template and --from-run can't be used together");
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
