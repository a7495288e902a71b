/** Workflows: found by name, planned, and run as one command over the pods of their selection. */
import { findWorkflow, listWorkflowFiles } from "../workflow/find_workflow.ts";
import { parseShortWorkflow, parseWorkflow } from "../workflow/parse_workflow.ts";
import { type Plan, plan, type PlanOverrides } from "../workflow/plan.ts";
import { exec } from "./exec.ts";
import type { ExecEvent, ExecOptions } from "./exec_events.ts";
import type { Host } from "./host.ts";

export type { Plan, PlanOverrides } from "../workflow/plan.ts";
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
  /** A name, or a path with a slash or an ending. */
  workflow: string;
  overrides: PlanOverrides;
}

/**
 * What a run of the workflow would do. Reads files alone.
 *
 * @throws KodamaError `notFound` with the nearest names; FileError with every problem of the file.
 */
export async function planWorkflow(
  host: Host,
  workflow: string,
  overrides: PlanOverrides = {},
): Promise<Plan> {
  const found = await findWorkflow(host.files, host.places, workflow);
  return plan(await parseWorkflow(found, found.name), overrides);
}

/**
 * Whether a workflow is of the short form: one command. The full form has steps, and is `run_steps.ts`'s.
 *
 * @throws KodamaError `notFound` with the nearest names; FileError where the file can't be read.
 */
export async function isShortForm(host: Host, workflow: string): Promise<boolean> {
  const found = await findWorkflow(host.files, host.places, workflow);
  return await parseShortWorkflow(found, found.name) !== undefined;
}

/** Runs a workflow. Throws as {@link planWorkflow} and {@link exec} do. */
export async function* runWorkflow(
  host: Host,
  options: RunWorkflowOptions,
): AsyncGenerator<ExecEvent, void> {
  const { workflow, overrides, ...run } = options;
  yield* exec(host, { ...await planWorkflow(host, workflow, overrides), ...run });
}

/** The names of all workflows that can be run from here. */
export async function workflowNames({ files, places }: Host): Promise<string[]> {
  return (await listWorkflowFiles(files, places)).map(({ name }) => name);
}
