/** Groups and versions of kinds in texts. */

/** Returns the group and the version of an object's `apiVersion`; the group of `v1` is empty. */
export function parseApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf("/");
  return { group: apiVersion.slice(0, Math.max(0, slash)), version: apiVersion.slice(slash + 1) };
}

/**
 * Returns the group of a kind's name: `apps` of `deployments.apps` and `deployments.v1.apps`; undefined without a
 * group.
 */
export function groupOfKindName(name: string): string | undefined {
  const [, ...qualifier] = name.toLowerCase().split(".");
  if (qualifier.length === 0) return undefined;
  return (/^v\d/.test(qualifier[0] ?? "") ? qualifier.slice(1) : qualifier).join(".");
}
