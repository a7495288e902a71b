/** The search for workflow files, nearest first. */
import { action, hint } from "../base/hint.ts";
import { KodamaError } from "../base/errors.ts";
import { nearestNames } from "../base/nearest_names.ts";

/** The folders that the search starts and ends with; absolute paths. */
export interface WorkflowPaths {
  workingDir: string;
  /** The user's own; undefined if there is none. */
  userDir: string | undefined;
  shippedWorkflowsDir: string;
}

/** File access of the search. */
export interface WorkflowFiles {
  /** Returns undefined if there is no such file. */
  readText(path: string, maxBytes: number): Promise<string | undefined>;
  /** Returns the names of the files in a folder; none if there is no such folder. */
  listFiles(folder: string): Promise<string[]>;
}

/** A workflow file that was found. */
interface FoundWorkflow {
  name: string;
  path: string;
}

/** Tests lie beside the workflows, and aren't workflows. */
const ending = /(?<!\.test)\.ya?ml$/;

/** More than any workflow that a person can still read. */
const maxBytes = 256 * 1024;

/**
 * Returns the folders: from the working directory upwards `workflows` and `.kodama/workflows`, then the user's own,
 * then those that are shipped with kodama.
 */
export function workflowFolders(paths: WorkflowPaths): string[] {
  const near = upwards(paths.workingDir).flatMap((folder) => [
    joined(folder, "workflows"),
    joined(folder, ".kodama/workflows"),
  ]);
  return [...new Set([...near, ...ownWorkflowFolders(paths)])];
}

/** Returns those that don't belong to a repository: the user's own, and kodama's. */
export function ownWorkflowFolders(
  { userDir, shippedWorkflowsDir }: Pick<WorkflowPaths, "userDir" | "shippedWorkflowsDir">,
): string[] {
  return [...(userDir === undefined ? [] : [joined(userDir, "workflows")]), shippedWorkflowsDir];
}

/** Returns every workflow, by name; the nearest file of a name hides the others. */
export async function listWorkflowFiles(
  files: WorkflowFiles,
  paths: WorkflowPaths,
): Promise<FoundWorkflow[]> {
  const found = new Map<string, FoundWorkflow>();
  for (const folder of workflowFolders(paths)) {
    for (const file of (await files.listFiles(folder)).filter((file) => ending.test(file))) {
      const name = file.replace(ending, "");
      if (!found.has(name)) found.set(name, { name, path: joined(folder, file) });
    }
  }
  return [...found.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}

/**
 * Returns the file of a workflow, given by name or as a path (`./a.yaml`).
 *
 * @throws KodamaError `notFound`, with the nearest names.
 */
export async function findWorkflow(
  files: WorkflowFiles,
  paths: WorkflowPaths,
  requested: string,
): Promise<FoundWorkflow & { text: string }> {
  const found = isPath(requested)
    ? {
      name: requested.split("/").at(-1)?.replace(ending, "") ?? "",
      path: absolute(paths, requested),
    }
    : (await listWorkflowFiles(files, paths)).find(({ name }) => name === requested);
  const text = found === undefined ? undefined : await files.readText(found.path, maxBytes);
  if (found !== undefined && text !== undefined) return { ...found, text };
  throw await notFound(files, paths, requested);
}

async function notFound(files: WorkflowFiles, paths: WorkflowPaths, requested: string) {
  if (isPath(requested)) {
    return new KodamaError("notFound", `workflow file ${requested} not found`);
  }
  const names = (await listWorkflowFiles(files, paths)).map(({ name }) => name);
  const near = await nearestNames(requested, names);
  const advice = near.length > 0
    ? `did you mean ${near.join(" or ")}?`
    : names.length === 0
    ? hint`none is available; ${action("workflow.new")} creates one`
    : hint`available: ${shortList(names)}; ${action("workflow.list")} shows their files`;
  return new KodamaError("notFound", `workflow "${requested}" not found`, { hint: advice });
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 12).join(", ");
  return names.length > 12 ? `${shown} and ${names.length - 12} more` : shown;
}

function isPath(requested: string): boolean {
  return requested.includes("/") || ending.test(requested);
}

function absolute({ workingDir }: WorkflowPaths, path: string): string {
  return path.startsWith("/") ? path : joined(workingDir, path.replace(/^\.\//, ""));
}

/** Returns a folder and all its parents, the innermost first. */
function upwards(folder: string): string[] {
  const parts = folder.split("/").filter((part) => part !== "");
  return parts.map((_, index) => `/${parts.slice(0, parts.length - index).join("/")}`).concat("/");
}

function joined(folder: string, name: string): string {
  return folder.endsWith("/") ? `${folder}${name}` : `${folder}/${name}`;
}
