/** The files of workflows on this machine: those of a repository are read within it. Cheap to load. */
import type { WorkflowFiles } from "../../workflow/find_workflow.ts";
import { readable, repositoryFolders } from "../config/setting_sources.ts";
import type { Host } from "../host.ts";

/**
 * Returns the reader of workflow files. Authors of a repository choose where its links lead: what an error quotes is in
 * the repository, and no other file of the user's.
 */
export async function workflowFiles(host: Host): Promise<WorkflowFiles> {
  const { files, places: { userDir } } = host;
  const root = (await repositoryFolders(host)).root;
  const isBelow = (path: string, folder: string) => `${path}/`.startsWith(`${folder}/`);
  const isOwn = (path: string) => userDir !== undefined && isBelow(path, userDir);
  return {
    async listFiles(folder) {
      if (isOwn(folder)) return await files.listFiles(folder);
      const names = await readable(files.listFiles(folder));
      return names === "unreadable" ? [] : names;
    },
    readText(path, maxBytes) {
      const isRepositorys = root !== undefined && isBelow(path, root) && !isOwn(path);
      return files.readText(path, maxBytes, { within: isRepositorys ? root || "/" : undefined });
    },
  };
}
