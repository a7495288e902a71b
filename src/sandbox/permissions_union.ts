/** The joint permissions of several workflows. */
import { type Grant, noPermissions, type Permissions } from "../workflow/model.ts";

/** Returns permissions that grant all that any of these does. */
export function permissionsUnion(all: readonly Permissions[]): Permissions {
  return all.reduce((sum, one) => ({
    net: grantUnion(sum.net, one.net),
    read: grantUnion(sum.read, one.read),
    write: grantUnion(sum.write, one.write),
    env: grantUnion(sum.env, one.env),
    run: grantUnion(sum.run, one.run),
    sys: grantUnion(sum.sys, one.sys),
    cluster: [...sum.cluster, ...one.cluster],
  }), noPermissions);
}

function grantUnion(a: Grant, b: Grant): Grant {
  if (a === true || b === true) return true;
  const listed = [...new Set([...(a || []), ...(b || [])])];
  return listed.length === 0 ? false : listed;
}
