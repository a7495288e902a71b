import { UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, cron, text, toggle, value } from "../../parser/flag.ts";
import { runId } from "../runs/run_operand.ts";

const elsewhere = { group: "Elsewhere" };

/** `kodama workflow new`. */
export const command = defineCommand({
  description:
    "Creates workflows/NAME.yaml in the current directory, from a template or from a past run. " +
    "`--from-run last` is the last run; otherwise give the id from kodama runs list, or the start of " +
    "it.\n\n" +
    "With --github-actions, NAME is an existing workflow: a file for GitHub Actions is created that installs kodama, " +
    "runs the workflow and keeps a report. kodama schedule add runs a workflow in the cluster.",
  operands: [{ name: "NAME", arity: "one" }],
  flags: {
    template: value(
      "template to start with (default command)",
      choice(["command", "steps", "rolling"]),
      { short: "t" },
    ),
    "from-run": value("past run to take the command from", text, {
      placeholder: "RUN",
      completion: { kind: "runs" },
    }),
    "github-actions": toggle("create .github/workflows/kodama-NAME.yaml", elsewhere),
    schedule: value('when it runs, as cron has it: "0 6 * * *"', cron, { ...elsewhere }),
  },
  examples: {
    "A command and its pods": "kodama workflow new uptime",
    "Steps, with parameters": "kodama workflow new drift --template steps",
    "From the last run": "kodama workflow new again --from-run last",
    "Run a workflow in GitHub Actions, every morning":
      'kodama workflow new drift --github-actions --schedule "0 6 * * *"',
  },
  seeAlso: [
    "kodama workflow check --help reports problems in a file.",
    "kodama workflow rights --help prints the Role alone.",
  ],
  resolve({ operands: [name = ""], flags }) {
    const { template, "from-run": run, "github-actions": actions, schedule } = flags;
    if (template !== undefined && run !== undefined) {
      throw new UsageError("--template and --from-run can't be used together");
    }
    if (actions && (template !== undefined || run !== undefined)) {
      throw new UsageError("--github-actions is for an existing workflow", {
        hint: "create it first, without --github-actions",
      });
    }
    if (!actions && schedule !== undefined) {
      throw new UsageError("--schedule needs --github-actions", {
        hint: "kodama schedule add runs a workflow in the cluster at set times",
      });
    }
    if (actions) return { kind: "actions" as const, workflow: name, ...definedOnly({ schedule }) };
    const source = run === undefined
      ? { kind: "template" as const, template: template ?? "command" }
      : { kind: "run" as const, run: runId([run]) };
    return { kind: "workflow" as const, name, source };
  },
  async run(request, { host, terminal }) {
    if (request.kind === "workflow") {
      const { newWorkflow } = await import("../../../actions/workflow/new_workflow.ts");
      const path = await newWorkflow(await host(), request.name, request.source);
      await terminal.stdout.write(`${path}\n`);
      return success;
    }
    const { createFile, workflowInCheckout } = await import(
      "../../../actions/workflow/automation.ts"
    );
    const { actionsFile, actionsPath } = await import("../../../present/github_actions.ts");
    const opened = await host();
    const { workflow, name } = await workflowInCheckout(opened, request.workflow);
    const { schedule } = request;
    const text = await actionsFile(workflow, { workflow: name, ...definedOnly({ schedule }) });
    const path = await createFile(opened, actionsPath(workflow), text);
    await terminal.stdout.write(`${path}\n`);
    return success;
  },
});
