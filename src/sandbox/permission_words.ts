/** Permissions as a person reads them before saying yes. */
import type { ClusterRule, Grant, Permissions } from "../workflow/model.ts";

const denoKinds: readonly (readonly [kind: keyof Omit<Permissions, "cluster">, does: string])[] = [
  ["net", "connect to"],
  ["read", "read"],
  ["write", "write"],
  ["env", "read the variables"],
  ["run", "run"],
  ["sys", "ask the system for"],
];

/** What each kind means where all of it is granted. */
const everything: Readonly<Record<string, string>> = {
  net: "connect to everything",
  read: "read every file that you can read",
  write: "write every file that you can write",
  env: "read every variable of the environment",
  run: "run every program, and through it do all that you can do",
  sys: "ask the system for everything about it",
};

/** Whether anything at all is granted. */
export function grantsAnything(permissions: Permissions): boolean {
  return permissionWords(permissions).length > 0;
}

/** One line for each thing that is granted; none where nothing is. */
export function permissionWords(permissions: Permissions): string[] {
  return [
    ...denoKinds.flatMap(([kind, does]) => grantWords(kind, does, permissions[kind])),
    ...permissions.cluster.map(ruleWords),
  ];
}

function grantWords(kind: string, does: string, grant: Grant): string[] {
  if (grant === false || (grant !== true && grant.length === 0)) return [];
  if (grant === true) return [everything[kind] ?? kind];
  // What a program does isn't bounded by what the workflow is granted.
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
