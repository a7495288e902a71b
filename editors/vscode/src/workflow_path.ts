/** Which files are workflow files, by their paths. */

/** Where workflow files are, as a glob; `.github/workflows` has other ones. */
export const workflowGlob = "**/{[!.]*,.kodama}/workflows/*.{yaml,yml}";

/** Whether a path is that of a workflow file. */
export function isWorkflowPath(path: string): boolean {
  return /(^|\/)([^./][^/]*|\.kodama)\/workflows\/[^/]+\.ya?ml$/.test(path.replaceAll("\\", "/"));
}
