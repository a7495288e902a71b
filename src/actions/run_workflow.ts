/** Workflows: found by name, planned, and run as one command over the pods of their selection. */
import { findWorkflow, listWorkflowFiles } from "../workflow/find_workflow.ts";
import { parseShortWorkflow } from "../workflow/parse_workflow.ts";
import { plan, type PlanOverrides } from "../workflow/plan.ts";
import { exec } from "./exec.ts";
import type { ExecEvent, ExecOptions } from "./exec_events.ts";
import type { Workflow } from "../workflow/workflow.ts";
import type { Host } from "./host.ts";

export { type Plan, plan, type PlanOverrides } from "../workflow/plan.ts";
export type { Workflow } from "../workflow/workflow.ts";

/** Which workflow, what of it is changed, and what only a run needs. */
export interface RunWorkflowOptions extends
  Pick<
    ExecOptions,
    | "stdin"
    | "foldStderr"
    | "diff"
    | "confirm"
    | "maxExitCode"
    | "graceMs"
    | "environment"
    | "workdir"
    | "shell"
    | "substitute"
    | "serial"
    | "maxFail"
    | "failFast"
    | "outputFolder"
    | "signal"
  > {
  workflow: Workflow;
  overrides: PlanOverrides;
}

/**
 * The workflow of a name, or of a path with a slash or an ending; undefined for one with steps, which is
 * `run_steps.ts`'s. Reads files alone.
 *
 * @throws KodamaError `notFound` with the nearest names; FileError with every problem of the file.
 */
export async function shortWorkflow(host: Host, wanted: string): Promise<Workflow | undefined> {
  const found = await findWorkflow(host.files, host.places, wanted);
  return await parseShortWorkflow(found, found.name);
}

/** Runs a workflow. Throws as {@link exec} does. */
export async function* runWorkflow(
  host: Host,
  options: RunWorkflowOptions,
): AsyncGenerator<ExecEvent, void> {
  const { workflow, overrides, ...run } = options;
  yield* exec(host, { ...plan(workflow, overrides), ...run });
}

/** The names of all workflows that can be run from here. */
export async function workflowNames({ files, places }: Host): Promise<string[]> {
  return (await listWorkflowFiles(files, places)).map(({ name }) => name);
}
