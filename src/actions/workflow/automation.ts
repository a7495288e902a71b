/** What a workflow needs in order to run elsewhere: its files, its rights, and where it is found. */
import { hint, option } from "../../base/hint.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import type { WhereOverrides } from "../../workflow/engine/scope.ts";
import { loadWorkflow } from "../../workflow/load_workflow.ts";
import { type ParamTexts, paramValues } from "../../workflow/params.ts";
import type { Host } from "../host.ts";
import { trustSubject } from "./trust_subject.ts";
import type { JsonValue } from "../../base/json_value.ts";
import { planOf } from "../../workflow/full_plan.ts";
import { type NeededRights, neededRights, type PlannedRights } from "../../workflow/rights.ts";
import type { FullWorkflow } from "../../workflow/model.ts";

/** The limit of a ConfigMap, without what its metadata takes. */
const maxConfigMapBytes = 1000 * 1000;

/** Returns a workflow, and how it is named in a checkout of the working directory: by its path, or its name. */
export async function workflowInCheckout(
  host: Host,
  wanted: string,
): Promise<{ workflow: AutomatedWorkflow; name: string }> {
  const { workflow } = await loadWorkflow(host.files, host.places, wanted);
  const { workingDir } = host.places;
  const isHere = workflow.path.startsWith(`${workingDir}/`);
  return {
    workflow,
    name: isHere ? workflow.path.slice(workingDir.length + 1) : workflow.name,
  };
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

/** A workflow as a job in the cluster has it. */
interface ClusterJob {
  workflow: AutomatedWorkflow;
  /** The namespace of the job. */
  namespace: string;
  rights: NeededRights;
  /** Its own file first: paths from its folder, and their texts. */
  files: readonly { path: string; text: string }[];
}

/**
 * Returns what a job in the cluster needs.
 *
 * @throws UsageError if its namespace must be given; KodamaError `config` for files that a ConfigMap can't have.
 */
export async function clusterJob(
  host: Host,
  { workflow: wanted, namespace, params, overrides }: {
    workflow: string;
    /** That of the workflow's pods if absent. */
    namespace?: string;
    params: ParamTexts;
    overrides: WhereOverrides;
  },
): Promise<ClusterJob> {
  const loaded = await loadWorkflow(host.files, host.places, wanted);
  const { workflow } = loaded;
  const rights = await workflowRights(host, { workflow: wanted, params, overrides });
  const named = rights.roles.flatMap(({ scope }) => scope.kind === "namespace" ? [scope.name] : []);
  const home = namespace ?? (new Set(named).size === 1 ? named[0] : undefined);
  if (home === undefined) {
    throw new UsageError("the namespace of the job must be given", {
      hint: hint`${option("namespace", "NAME")}`,
    });
  }
  const { files } = await trustSubject(host, loaded);
  const folder = workflow.path.slice(0, workflow.path.lastIndexOf("/") + 1);
  const outside = files.find(({ path }) => !path.startsWith(folder));
  if (outside !== undefined) {
    throw new KodamaError("config", `${outside.path} isn't in the folder of the workflow`, {
      hint: "a ConfigMap has the files of one folder",
    });
  }
  const bytes = files.reduce((sum, { text }) => sum + new TextEncoder().encode(text).length, 0);
  if (bytes > maxConfigMapBytes) {
    throw new KodamaError("config", "the files of the workflow are too large for a ConfigMap");
  }
  const ownFirst = files.toSorted((a, b) =>
    Number(b.path === workflow.path) - Number(a.path === workflow.path)
  );
  return {
    workflow,
    namespace: home,
    rights,
    files: ownFirst.map(({ path, text }) => ({ path: path.slice(folder.length), text })),
  };
}

/* The rights in the cluster that a workflow needs. */

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
