/** The name of a cluster in its kubeconfig. Pure. */

/** The user's own cluster, of which there is one. */
const ownName = "kodama";

/** The maximum length of the folder's part. */
const longestPart = 40;

/**
 * Returns the context's name. A persistent cluster is named after its folder, so that two of them, or one and the
 * user's own, can share one `KUBECONFIG`: of two contexts with one name kubectl sees the first alone.
 *
 * @param folder absolute path.
 */
export function contextNameOf(folder: string, { kept }: { kept: boolean }): string {
  if (!kept) return ownName;
  const last = folder.split("/").findLast((part) => part !== "") ?? "";
  const part = last.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  const short = part.slice(0, longestPart).replace(/-$/, "");
  return short === "" || short.startsWith(`${ownName}-`) ? short || ownName : `${ownName}-${short}`;
}
