/** The rights in the cluster that a workflow needs. */
import type { JsonValue } from "../../base/json_value.ts";
import { loadWorkflow } from "../../workflow/load_workflow.ts";
import { planOf } from "../../workflow/full_plan.ts";
import { type ParamTexts, paramValues } from "../../workflow/params.ts";
import { type NeededRights, neededRights, type PlannedRights } from "../../workflow/rights.ts";
import type { FullWorkflow } from "../../workflow/model.ts";
import type { WhereOverrides } from "../../workflow/engine/scope.ts";
import type { Host } from "../host.ts";

export type { NeededRights, NeededRole, RoleRule } from "../../workflow/rights.ts";

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
  const { workflow, uses } = await loadWorkflow(host.files, host.places, wanted);
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
