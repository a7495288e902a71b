/** Files that a workflow's permissions grant, with links resolved: a repository can contain a link to any file. */
import { KodamaError } from "../../base/errors.ts";
import type { FullWorkflow } from "../model.ts";
import { absolute, grants, grantText, isWithin } from "../permissions.ts";
import type { LocalWorld } from "./environment.ts";

/**
 * Returns the absolute path of what a step names, without resolving links, if the resolved path is granted. A relative
 * path in a grant is below the workflow's folder: a link there grants nothing outside of it.
 *
 * @throws KodamaError `forbidden`.
 */
export async function grantedPath(
  { path: file, permissions }: FullWorkflow,
  { kind, what }: { kind: "read" | "write"; what: string },
  { realPath, protectedPaths }: Pick<LocalWorld, "realPath" | "protectedPaths">,
): Promise<string> {
  const folder = file.slice(0, file.lastIndexOf("/")) || "/";
  const path = absolute(what, folder);
  const grant = permissions[kind];
  const [place, home] = await Promise.all([realPath(path), realPath(folder)]);
  const own = kind === "read" ? [] : await Promise.all(protectedPaths.map(realPath));
  if (own.some((one) => isWithin(place, one))) {
    // A step that could write there could trust itself.
    throw new KodamaError("forbidden", `no step writes to kodama's own folder: ${what}`);
  }
  if (grant === true) return path;
  const granted = grant === false
    ? []
    : await Promise.all(grant.map((one) => one.startsWith("/") ? realPath(one) : one));
  if (grants({ ...permissions, [kind]: granted }, { kind, what: place }, home)) return path;
  const isLink = grants(permissions, { kind, what: path }, folder);
  const leads = isLink ? `, to which ${what} leads` : "";
  const named = isLink ? place : what;
  throw new KodamaError("forbidden", `permissions don't grant ${kind} ${named}${leads}`, {
    hint: grantText({ kind, what: named }),
  });
}
