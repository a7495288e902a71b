/** Permissions as text, for a person who must confirm them. */
import {
  type ClusterRule,
  type Grant,
  noPermissions,
  type Permissions,
} from "../workflow/model.ts";

const denoKinds: readonly (readonly [kind: keyof Omit<Permissions, "cluster">, does: string])[] = [
  ["net", "connect to"],
  ["read", "read"],
  ["write", "write"],
  ["env", "read the variables"],
  ["run", "run"],
  ["sys", "ask the system for"],
];

/** The meaning of each kind if all of it is granted. */
const everything: Readonly<Record<string, string>> = {
  net: "connect to everything",
  read: "read every file that you can read",
  write: "write every file that you can write, also programs that you run",
  env: "read every variable of the environment",
  run: "run every program, and through it do all that you can do",
  sys: "ask the system for everything about it",
};

/** Returns whether anything at all is granted. */
export function grantsAnything(permissions: Permissions): boolean {
  return permissionWords(permissions).length > 0;
}

/** Returns a line for each grant; none if nothing is granted. */
export function permissionWords(permissions: Permissions): string[] {
  return [
    ...denoKinds.flatMap(([kind, does]) => grantWords(kind, does, permissions[kind])),
    ...permissions.cluster.map(ruleWords),
  ];
}

function grantWords(kind: string, does: string, grant: Grant): string[] {
  if (grant === false || (grant !== true && grant.length === 0)) return [];
  if (grant === true) return [everything[kind] ?? kind];
  // The workflow's permissions don't bound a program's actions.
  const beyond = kind === "run" ? " (a program can do all that you can do)" : "";
  return [`${does} ${grant.join(", ")}${beyond}`];
}

function ruleWords({ verbs, namespaces }: ClusterRule): string {
  const what = verbs.includes("*") ? "everything" : verbs.join(", ");
  const where = namespaces.length === 0
    ? "the namespaces of its pods"
    : namespaces.includes("*")
    ? "every namespace"
    : `the namespaces ${namespaces.join(", ")}`;
  return `in scripts, of the cluster: ${what} in ${where}`;
}

/* The joint permissions of several workflows. */

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
