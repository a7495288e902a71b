/** Lists, reads and validates workflow files, with all that they refer to. Nothing is run. */
import { KodamaError, UsageError } from "../../base/errors.ts";
import { action, hint } from "../../base/hint.ts";
import { type Diagnostic, isError } from "../../workflow/diagnostics.ts";
import { findWorkflow, listWorkflowFiles } from "../../workflow/find_workflow.ts";
import { inspectWorkflow, type Loaded, loadWorkflow } from "../../workflow/load_workflow.ts";
import type { FullWorkflow, Step } from "../../workflow/model.ts";
import type { Intent } from "../../workflow/step_kind.ts";
import { stepKind } from "../../workflow/step_registry.ts";
import { choosingParams } from "../../workflow/templates.ts";
import type { Host } from "../host.ts";
import { workflowFiles } from "./workflow_files.ts";

export type { Diagnostic } from "../../workflow/diagnostics.ts";
export { diagnosticsText, isError, ruleTexts } from "../../workflow/diagnostics.ts";
export type { Loaded } from "../../workflow/load_workflow.ts";
export type { FullWorkflow, Param, Permissions, Step } from "../../workflow/model.ts";
export { type ParameterSchema, type ParamsSchema, paramsSchema } from "../../workflow/params.ts";
export { workflowSchema } from "../../workflow/schema.ts";

/** A workflow file in a list. */
export interface ListedWorkflow {
  name: string;
  path: string;
  description?: string;
  /** Names of the parameters; required ones first. */
  params: readonly string[];
  /** Those that only choose pods. */
  choosing: readonly string[];
  /** The number of errors in the file. */
  errors: number;
}

/** A file that was checked. */
export interface CheckedWorkflow {
  path: string;
  diagnostics: readonly Diagnostic[];
}

/** Returns every workflow that can be named from here, the nearest file of each name. */
export async function listWorkflows(host: Host): Promise<ListedWorkflow[]> {
  const files = await listWorkflowFiles(await workflowFiles(host), host.places);
  return await Promise.all(files.map(async ({ name, path }): Promise<ListedWorkflow> => {
    const { workflow, errors } = await inspected(host, path);
    const params = (workflow?.params ?? [])
      .toSorted((a, b) => Number(b.required) - Number(a.required)).map((param) => param.name);
    const description = workflow?.description;
    const choosing = workflow === undefined ? [] : choosingParams(workflow);
    return {
      name,
      path,
      params,
      choosing,
      errors,
      ...(description === undefined ? {} : { description }),
    };
  }));
}

async function inspected(
  host: Host,
  path: string,
): Promise<{ workflow?: FullWorkflow | undefined; errors: number }> {
  try {
    const { workflow, diagnostics } = await inspectWorkflow(
      await workflowFiles(host),
      host.places,
      path,
    );
    return { workflow, errors: diagnostics.filter(isError).length };
  } catch (error) {
    // A file that can't even be read: too large, or not text.
    if (!(error instanceof KodamaError)) throw error;
    return { errors: 1 };
  }
}

/**
 * Returns the workflows of these names and paths; all that can be named from here if there are none.
 *
 * @throws KodamaError `notFound` with the nearest names; UsageError for a file of tests.
 */
export async function checkWorkflows(
  host: Host,
  wanted: readonly string[],
): Promise<CheckedWorkflow[]> {
  const paths = wanted.length > 0
    ? wanted
    : (await listWorkflowFiles(await workflowFiles(host), host.places)).map(({ path }) => path);
  const checked: CheckedWorkflow[] = [];
  for (const one of paths) checked.push(await checkOne(host, one));
  return checked;
}

async function checkOne(host: Host, wanted: string): Promise<CheckedWorkflow> {
  if (/\.test\.ya?ml$/.test(wanted)) {
    throw new UsageError(`${wanted} is a file of tests, and not a workflow`, {
      hint: hint`${action("workflow.test", { path: wanted })} checks and runs it`,
    });
  }
  try {
    const { diagnostics } = await inspectWorkflow(await workflowFiles(host), host.places, wanted);
    const { path } = await findWorkflow(await workflowFiles(host), host.places, wanted);
    return { path, diagnostics };
  } catch (error) {
    if (!(error instanceof KodamaError) || error.kind !== "config") throw error;
    // The file can't even be read: there is no line to show.
    const file = { path: wanted.replace(/^\.\//, ""), text: "" };
    const message = error.message.replace(/^\/\S+ is /, "");
    const place = { line: 1, column: 1, width: 1, message };
    return { path: wanted, diagnostics: [{ ...place, severity: "error", rule: "syntax", file }] };
  }
}

/**
 * Returns a workflow with all that it refers to.
 *
 * @throws KodamaError `notFound`; WorkflowError with every problem.
 */
export async function readWorkflow(host: Host, wanted: string): Promise<Loaded> {
  return await loadWorkflow(await workflowFiles(host), host.places, wanted);
}

/** Returns a one-line summary of what a step would do. */
export function intentOf(step: Step): Intent {
  return stepKind(step.kind).plan(step.fields);
}
