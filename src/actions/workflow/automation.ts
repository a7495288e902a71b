/** What a workflow needs in order to run elsewhere: its rights, and where it is found. */
import { workflowFiles } from "./workflow_files.ts";
import type { WhereOverrides } from "../../workflow/places.ts";
import { loadWorkflow } from "../../workflow/load_workflow.ts";
import { type ParamTexts, paramValues } from "../../workflow/params.ts";
import type { Host } from "../host.ts";
import type { JsonValue } from "../../base/json_value.ts";
import { planOf } from "../../workflow/full_plan.ts";
import { type NeededRights, neededRights, type PlannedRights } from "../../workflow/rights.ts";
import type { FullWorkflow } from "../../workflow/model.ts";

/** Returns a workflow, and how it is named in a checkout of the working directory: by its path, or its name. */
export async function workflowInCheckout(
  host: Host,
  wanted: string,
): Promise<{ workflow: AutomatedWorkflow; name: string }> {
  const { workflow } = await loadWorkflow(await workflowFiles(host), host.places, wanted);
  const { workingDir } = host.places;
  const isHere = workflow.path.startsWith(`${workingDir}/`);
  return { workflow, name: isHere ? workflow.path.slice(workingDir.length + 1) : workflow.name };
}

/**
 * Creates a file below the working directory, and returns its path.
 *
 * @throws KodamaError `conflict` if it already exists.
 */
export async function createFile(host: Host, name: string, text: string): Promise<string> {
  const path = `${host.places.workingDir}/${name}`;
  await using created = await host.files.create(path, { private: false, replace: false });
  await created.write(new TextEncoder().encode(text));
  return path;
}

/* The rights in the cluster that a workflow needs. */

export type { NeededRole, RoleRule } from "../../workflow/rights.ts";

/** A workflow that is run without a person: its name, and its parameters. */
export type AutomatedWorkflow = Pick<FullWorkflow, "name" | "params">;

/** The rights, and whose they are. */
export interface WorkflowRights extends NeededRights {
  workflow: string;
}

/**
 * Returns the rights that every step of a workflow needs. Reads files; asks no cluster.
 *
 * @throws KodamaError `notFound` with the nearest names; WorkflowError with every problem of its files.
 */
export async function workflowRights(
  host: Host,
  { workflow: wanted, params: given, overrides }: {
    /** A name, or a path. */
    workflow: string;
    params: ParamTexts;
    overrides: WhereOverrides;
  },
): Promise<WorkflowRights> {
  const { workflow, uses } = await loadWorkflow(await workflowFiles(host), host.places, wanted);
  const { values, missing } = await paramValues(workflow, given, () => undefined);
  const unset: Record<string, JsonValue> = Object.fromEntries(
    missing.map(({ name }) => [name, null]),
  );
  const steps: PlannedRights[] = [];
  await planOf(workflow, {
    params: { ...unset, ...values },
    overrides,
    uses,
    find: () => Promise.resolve({ targets: [], skipped: [], dead: [] }),
    onRights: (rights) => steps.push(rights),
  });
  return { workflow: workflow.name, ...neededRights(steps) };
}
