/** Whether the permissions of a workflow grant what one of its steps needs. Pure. */
import type { Grant, Permissions } from "./model.ts";
import type { Need } from "./step_kind.ts";

/** Returns whether the grant covers it. Relative paths are below the workflow's folder. */
export function grants(permissions: Permissions, need: Need, folder: string): boolean {
  const grant: Grant = permissions[need.kind];
  if (typeof grant === "boolean") return grant;
  switch (need.kind) {
    case "net":
      return grant.some((one) => coversHost(one, need.what));
    case "read":
    case "write":
      return grant.some((one) => isWithin(absolute(need.what, folder), absolute(one, folder)));
    default:
      return grant.includes(need.what);
  }
}

/** `example.com` covers each of its ports, `example.com:443` that one. */
function coversHost(granted: string, host: string): boolean {
  return granted === host || granted === host.slice(0, host.lastIndexOf(":"));
}

/** Returns whether an absolute path is the folder, or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

/** Returns a path without `.` and `..`; a relative one is below the folder. */
export function absolute(path: string, folder: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${folder}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** Returns the grant that the file would need: `permissions: { run: [git] }`. */
export function grantText({ kind, what }: Need): string {
  return `permissions: { ${kind}: [${/^[\w./-]+$/.test(what) ? what : JSON.stringify(what)}] }`;
}
