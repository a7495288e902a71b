/** Workflows: found by name, planned, and run as one command over the pods of their selection. */
import { workflowFiles } from "./workflow_files.ts";
import { KodamaError } from "../../base/errors.ts";
import {
  findWorkflow,
  listWorkflowFiles,
  ownWorkflowFolders,
} from "../../workflow/find_workflow.ts";
import {
  parseShortWorkflow,
  plan,
  type PlanOverrides,
  type Workflow,
} from "../../workflow/short_form.ts";
import { exec } from "../exec/exec.ts";
import type { ExecEvent, ExecOptions } from "../exec/events.ts";
import type { Host } from "../host.ts";
import { absolute } from "../../workflow/permissions.ts";
import type { TrustOptions } from "./trust.ts";

export { plan, type PlanOverrides } from "../../workflow/short_form.ts";
export type { Workflow } from "../../workflow/short_form.ts";

/** The source of a named workflow. */
interface WorkflowSource {
  path: string;
  kind: "shipped" | "own" | "repository";
}

/**
 * Returns the source of the workflow of a name or path.
 *
 * @throws KodamaError `notFound` with the nearest names.
 */
export async function workflowSource(host: Host, wanted: string): Promise<WorkflowSource> {
  const { path } = await findWorkflow(await workflowFiles(host), host.places, wanted);
  if (path.startsWith(`${host.places.shippedWorkflowsDir}/`)) return { path, kind: "shipped" };
  const isOwn = ownWorkflowFolders(host.places).some((folder) => path.startsWith(`${folder}/`));
  return { path, kind: isOwn ? "own" : "repository" };
}

/** Which workflow, its overrides, and the options of a run only. */
export interface RunWorkflowOptions
  extends Omit<ExecOptions, "contexts" | "selection" | "command" | "workflow"> {
  workflow: Workflow;
  overrides: PlanOverrides;
  trust: TrustOptions;
}

/**
 * Returns the workflow of a name, or of a path with a slash or an extension; undefined for one with steps, which
 * `run_steps.ts` handles. Only reads files.
 *
 * @throws KodamaError `notFound` with the nearest names; FileError with every problem of the file.
 */
export async function shortWorkflow(host: Host, wanted: string): Promise<Workflow | undefined> {
  const found = await findWorkflow(await workflowFiles(host), host.places, wanted);
  return await parseShortWorkflow(found, found.name);
}

/**
 * Runs a workflow.
 *
 * @throws KodamaError `forbidden` or `cancelled` if it isn't trusted; whatever {@link exec} throws.
 */
export async function* runWorkflow(
  host: Host,
  options: RunWorkflowOptions,
): AsyncGenerator<ExecEvent, void> {
  const { workflow: read, overrides, trust, ...run } = options;
  const workflow = isOwn(host, read) ? read : await trustedWorkflow(host, read, {
    ...trust,
    replacesCommand: overrides.command !== undefined,
  });
  const planned = plan(workflow, overrides);
  yield* exec(host, { ...planned, strict: planned.shell, ...run });
}

/** The user's own, and those shipped with kodama: they need no trust, and nothing is loaded to find that out. */
function isOwn({ places }: Host, workflow: Workflow): boolean {
  const path = absolute(workflow.path, places.workingDir);
  return ownWorkflowFolders(places).some((folder) => path.startsWith(`${folder}/`));
}

/** Returns the workflow of exactly the trusted text. A command that replaces its own is the user's. */
async function trustedWorkflow(
  host: Host,
  { name, path }: Workflow,
  { replacesCommand, ...trust }: TrustOptions & { replacesCommand: boolean },
): Promise<Workflow> {
  const [{ loadWorkflow }, { trustSubject }, { ensureTrusted }] = await Promise.all([
    import("../../workflow/load_workflow.ts"),
    import("./trust_subject.ts"),
    import("./trust.ts"),
  ]);
  const loaded = await loadWorkflow(await workflowFiles(host), host.places, path);
  const subject = await trustSubject(host, loaded);
  const own = replacesCommand ? { changes: [], secrets: [] } : {};
  const { texts } = await ensureTrusted(host, { ...subject, ...own }, trust);
  const workflow = await parseShortWorkflow({ path, text: texts.get(path) ?? "" }, name);
  if (workflow === undefined) throw new KodamaError("conflict", `${path} has changed meanwhile`);
  return workflow;
}

/** Returns the names of all workflows that can be run from here. */
export async function workflowNames({ files, places }: Host): Promise<string[]> {
  return (await listWorkflowFiles(files, places)).map(({ name }) => name);
}
