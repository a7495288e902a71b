/**
 * The file that runs a workflow in GitHub Actions: a template, in which the workflow, its parameters and its schedule
 * are set. Pure. https://docs.github.com/en/actions/writing-workflows/workflow-syntax-for-github-actions
 */
import { UsageError } from "../base/errors.ts";
import type { AutomatedWorkflow } from "../actions/workflow/automation.ts";
import template from "./github_actions.yaml" with { type: "text" };
import { objectName } from "./workflow_rights.ts";

type Param = AutomatedWorkflow["params"][number];

/** What the file depends on beside the workflow. */
interface ActionsOptions {
  /** The workflow as `kodama run` takes it: a path from the repository's root, or a name. */
  workflow: string;
  /** A cron expression; run by hand only if absent. */
  schedule?: string;
}

/** Returns the path of the file, from the repository's root. */
export function actionsPath({ name }: AutomatedWorkflow): string {
  return `.github/workflows/${objectName(name)}.yaml`;
}

/** Returns the file: its parameters are inputs, its secret ones are secrets of the repository. */
export async function actionsFile(
  { name, params }: AutomatedWorkflow,
  { workflow, schedule }: ActionsOptions,
): Promise<string> {
  const { parseDocument } = await import("yaml");
  const file = parseDocument(template);
  const inputs = params.filter(({ secret }) => !secret);
  const command = [`kodama run ${shellWord(workflow)} --yes --trust`, ...inputs.map(argumentOf)];
  file.set("name", `kodama ${name}`);
  file.setIn(["concurrency", "group"], objectName(name));
  if (inputs.length > 0) {
    const fields = Object.fromEntries(inputs.map((param) => [param.name, inputOf(param)]));
    file.setIn(["on", "workflow_dispatch"], file.createNode({ inputs: fields }));
  }
  if (schedule !== undefined) file.setIn(["on", "schedule"], file.createNode([{ cron: schedule }]));
  const steps = ["jobs", "run", "steps"];
  for (const [variable, value] of params.map(environmentOf)) {
    file.setIn([...steps, 4, "env", variable], value);
  }
  file.setIn([...steps, 4, "run"], `${command.join(" \\\n  ")}\n`);
  file.setIn([...steps, 6, "with", "name"], `report-${name}`);
  // Long lines aren't folded: a shell reads some of them.
  return file.toString({ lineWidth: 0 });
}

function inputOf(param: Param): Record<string, unknown> {
  const { description, type, enum: values, required } = param;
  const fallback = param.default;
  return {
    ...(description === undefined ? {} : { description }),
    ...(values === undefined
      ? { type: type === "boolean" || type === "number" ? type : "string" }
      : { type: "choice", options: values.map(String) }),
    ...(fallback === undefined || fallback === null ? { required } : {
      required: false,
      default: typeof fallback === "boolean" || typeof fallback === "number"
        ? fallback
        : Array.isArray(fallback)
        ? fallback.map(String).join(",")
        : String(fallback),
    }),
  };
}

/** A value gets into the shell as a variable: in its text it could be a command. */
function environmentOf({ name, secret, env }: Param): [string, string] {
  if (!secret) return [variableOf(name), `\${{ inputs.${name} }}`];
  if (env === undefined) throw secretError(name);
  return [env, `\${{ secrets.${env} }}`];
}

/** Absent if it is empty: a run by a schedule has no inputs. */
function argumentOf({ name }: Param): string {
  const variable = variableOf(name);
  return `\${${variable}:+--param} \${${variable}:+"${name}=$${variable}"}`;
}

function variableOf(name: string): string {
  return `PARAM_${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
}

function secretError(name: string): UsageError {
  return new UsageError(`the parameter ${name} is secret, and would be an argument`, {
    hint: `give it \`env: NAME\` in the workflow; the variable is set from a secret then`,
  });
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
