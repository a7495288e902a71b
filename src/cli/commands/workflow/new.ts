import { UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { BadValue, choice, text, toggle, value } from "../../parser/flag.ts";
import { namespaceValue } from "../../parser/scope_flags.ts";
import { paramTexts, workflowFlags } from "../run/flags.ts";
import { runId } from "../runs/run_operand.ts";

const kinds = choice(["command", "steps", "rolling"]);
const elsewhere = { group: "Elsewhere" };

/** `kodama workflow new`. */
export const command = defineCommand({
  description:
    "Creates workflows/NAME.yaml in the current directory, from a template or from a past run. " +
    "`--from-run last` is the last run; otherwise give the id from kodama runs list, or the start of " +
    "it.\n\n" +
    "With --github-actions or --cronjob, NAME is an existing workflow: the first creates a file for GitHub Actions that " +
    "installs kodama, runs the workflow and keeps a report; the second prints a CronJob for the cluster, with its " +
    "ServiceAccount, its files and the Role that the workflow needs.",
  operands: [{ name: "NAME", arity: "one" }],
  flags: {
    template: value("template to start with (default command)", kinds.parse, {
      ...kinds,
      short: "t",
    }),
    "from-run": value("past run to take the command from", text, {
      placeholder: "RUN",
      completion: { kind: "runs" },
    }),
    "github-actions": toggle("create .github/workflows/kodama-NAME.yaml", elsewhere),
    cronjob: toggle("print a CronJob, for kubectl apply", elsewhere),
    schedule: value('when it runs, as cron has it: "0 6 * * *"', cronExpression, {
      placeholder: "CRON",
      ...elsewhere,
    }),
    image: value("with --cronjob: an image that has kodama on its PATH", text, {
      placeholder: "IMAGE",
      ...elsewhere,
    }),
    namespace: value("with --cronjob: its namespace (default that of the pods)", text, {
      ...namespaceValue,
      ...elsewhere,
    }),
    param: { ...workflowFlags.param, ...elsewhere },
  },
  examples: [
    { title: "A command and its pods", line: "kodama workflow new uptime" },
    { title: "Steps, with parameters", line: "kodama workflow new drift --template steps" },
    { title: "From the last run", line: "kodama workflow new again --from-run last" },
    {
      title: "Run a workflow in GitHub Actions, every morning",
      line: 'kodama workflow new drift --github-actions --schedule "0 6 * * *"',
    },
    {
      title: "Run it in the cluster",
      line: "kodama workflow new drift --cronjob --schedule @daily --image kodama:1",
    },
  ],
  seeAlso: [
    "kodama workflow check --help reports problems in a file.",
    "kodama workflow rights --help prints the Role alone.",
  ],
  resolve({ operands: [name = ""], flags }) {
    const { template, "from-run": run, "github-actions": actions, cronjob } = flags;
    const { schedule, image, namespace } = flags;
    if (template !== undefined && run !== undefined) {
      throw new UsageError("--template and --from-run can't be used together");
    }
    if (actions && cronjob) {
      throw new UsageError("--github-actions and --cronjob can't be used together");
    }
    const isElsewhere = actions || cronjob;
    if (isElsewhere && (template !== undefined || run !== undefined)) {
      throw new UsageError("--github-actions and --cronjob are for an existing workflow", {
        hint: "create it first, without them",
      });
    }
    if (!isElsewhere && schedule !== undefined) {
      throw new UsageError("--schedule needs --github-actions or --cronjob");
    }
    if (!cronjob && (image ?? namespace) !== undefined || !cronjob && flags.param.length > 0) {
      throw new UsageError("--image, --namespace and --param need --cronjob");
    }
    if (actions) return { kind: "actions" as const, workflow: name, ...definedOnly({ schedule }) };
    if (cronjob) {
      if (schedule === undefined || image === undefined) {
        throw new UsageError("--cronjob needs --schedule and --image", {
          hint: `kodama workflow new ${name} --cronjob --schedule "0 6 * * *" --image IMAGE`,
        });
      }
      return {
        kind: "cronJob" as const,
        job: {
          workflow: name,
          schedule,
          image,
          params: paramTexts(flags.param),
          ...definedOnly({ namespace }),
        },
      };
    }
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
    const { clusterJob, createFile, workflowInCheckout } = await import(
      "../../../actions/workflow/automation.ts"
    );
    const { actionsFile, actionsPath, cronJobYaml } = await import(
      "../../../present/automation_files.ts"
    );
    const opened = await host();
    if (request.kind === "actions") {
      const { workflow, name } = await workflowInCheckout(opened, request.workflow);
      const { schedule } = request;
      const text = await actionsFile(workflow, { workflow: name, ...definedOnly({ schedule }) });
      const path = await createFile(opened, actionsPath(workflow), text);
      await terminal.stdout.write(`${path}\n`);
      return success;
    }
    const { schedule, image, params } = request.job;
    const { workflow, rights, ...job } = await clusterJob(opened, {
      ...request.job,
      overrides: {},
    });
    const values = [...params].flatMap(([name, texts]) =>
      [texts].flat().map((text) => [name, text] as const)
    );
    const { roles, unknown } = rights;
    const options = { ...job, schedule, image, params: values, roles, unknown };
    await terminal.stdout.write(await cronJobYaml(workflow, options));
    return success;
  },
});

/** Five fields, or a name such as `@daily`. */
function cronExpression(raw: string): string {
  if (/^(?:@[a-z]+|\S+(?:\s+\S+){4})$/.test(raw.trim())) return raw.trim();
  throw new BadValue(raw, 'must have five fields, as in "0 6 * * *"');
}
