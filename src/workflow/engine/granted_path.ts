/** Files that a workflow's permissions grant, wherever links lead: a repository can hold a link to anything. */
import { KodamaError } from "../../base/errors.ts";
import type { FullWorkflow } from "../model.ts";
import { absolute, grants, grantText, isWithin } from "../permissions.ts";
import type { LocalWorld } from "./world.ts";

/**
 * The absolute path of what a step names, links and all, where the place that it leads to is granted. What the file
 * grants as a relative path lies in the workflow's folder: a link there grants nothing elsewhere.
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
    // What could write there could make itself trusted.
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
