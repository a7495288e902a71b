/** The subject of trust in a workflow: all files that it refers to, including its scripts, and their permissions. */
import { KodamaError } from "../../base/errors.ts";
import { hasExpression } from "../../expression/template.ts";
import type { ReadFile } from "../../sandbox/fingerprint.ts";
import { permissionsUnion } from "../../sandbox/permission_text.ts";
import {
  listWorkflowFiles,
  ownWorkflowFolders,
  workflowFolders,
} from "../../workflow/find_workflow.ts";
import type { Loaded } from "../../workflow/load_workflow.ts";
import type { FullWorkflow, Step } from "../../workflow/model.ts";
import { absolute } from "../../workflow/permissions.ts";
import { isFile } from "../../workflow/engine/run_in_sandbox.ts";
import type { Host } from "../host.ts";
import { intentOf } from "./files.ts";
import { workflowFiles } from "./workflow_files.ts";
import type { TrustSubject } from "./trust.ts";

/** More than any script that a person can still read, in bytes. */
const maxScriptBytes = 1024 * 1024;

/**
 * Returns the subject of a loaded workflow.
 *
 * @throws KodamaError `notFound` for a missing script file, `config` for one that depends on values: no one could
 *   have read it.
 */
export async function trustSubject(host: Host, loaded: Loaded): Promise<TrustSubject> {
  const { workflow, uses, files } = loaded;
  const workflows = [...new Set([workflow, ...uses.values()])];
  const scripts = new Set(workflows.flatMap(scriptPaths));
  const known = new Set(files.map(({ path }) => path));
  const read: ReadFile[] = [];
  for (const path of scripts) {
    if (known.has(path)) continue;
    const text = await (await workflowFiles(host)).readText(path, maxScriptBytes);
    if (text === undefined) throw new KodamaError("notFound", `there is no script ${path}`);
    read.push({ path, text });
  }
  const textOf = (path: string) => files.find((file) => file.path === path)?.text;
  return {
    name: workflow.name,
    path: workflow.path,
    permissions: permissionsUnion(workflows.map(({ permissions }) => permissions)),
    files: [...files, ...read],
    changes: [...new Set(workflows.flatMap(changesOf))],
    secrets: [...new Set(workflows.flatMap(secretsOf))],
    hidesShipped: await hidesShipped(host, workflow, textOf(workflow.path)),
  };
}

/** Returns what the steps of a workflow change in pods or in the cluster, for any values of expressions. */
function changesOf({ steps, finally: last }: FullWorkflow): string[] {
  return allSteps([...steps, ...last]).flatMap((step) => {
    const { does, effect, change } = intentOf(step);
    return change === undefined && effect !== "asks" ? [] : [does];
  });
}

/** Returns the steps of a workflow that only read, and may show the values of Secrets. */
function secretsOf({ steps, finally: last }: FullWorkflow): string[] {
  return allSteps([...steps, ...last]).flatMap((step) => {
    const { does, readsSecrets } = intentOf(step);
    return readsSecrets ? [does] : [];
  });
}

/** Returns whether this text differs from the workflow of the same name that is shipped with kodama. */
async function hidesShipped(
  host: Host,
  { name, path }: FullWorkflow,
  text: string | undefined,
): Promise<boolean> {
  const { shippedWorkflowsDir } = host.places;
  if (path.startsWith(`${shippedWorkflowsDir}/`)) return false;
  const shipped = await host.files.readText(`${shippedWorkflowsDir}/${name}.yaml`, maxScriptBytes);
  return shipped !== undefined && shipped !== text;
}

function scriptPaths(workflow: FullWorkflow): string[] {
  const folder = workflow.path.slice(0, workflow.path.lastIndexOf("/"));
  return allSteps([...workflow.steps, ...workflow.finally]).flatMap((step) => {
    const { script } = step.fields;
    if (step.kind !== "script" || typeof script !== "string" || !isFile(script)) return [];
    if (!hasExpression(script)) return [absolute(script, folder)];
    throw new KodamaError(
      "config",
      `${workflow.path}: step ${step.id}: the file of a script can't depend on values`,
      { hint: "give the values by `with`, and let the script choose" },
    );
  });
}

function allSteps(steps: readonly Step[]): Step[] {
  return steps.flatMap((step) => [step, ...allSteps(Object.values(step.inner).flat())]);
}

/**
 * Returns paths of the workflows in the nearest folder that has some, from the working folder upwards.
 *
 * @throws KodamaError `noMatch` if no folder of a repository has any.
 */
export async function nearestWorkflows(host: Host): Promise<string[]> {
  const own = ownWorkflowFolders(host.places);
  const paths = (await listWorkflowFiles(await workflowFiles(host), host.places)).map(({ path }) =>
    path
  );
  for (const folder of workflowFolders(host.places).filter((one) => !own.includes(one))) {
    const within = paths.filter((path) => path.slice(0, path.lastIndexOf("/")) === folder);
    if (within.length > 0) return within;
  }
  throw new KodamaError("noMatch", "no folder from here upwards has workflows of a repository", {
    hint: "workflows are looked for in workflows/ and .kodama/workflows/",
  });
}
