/** The rights of a workflow as manifests of Kubernetes: YAML with the steps that need each rule, and data. */
import type { NeededRole, RoleRule, WorkflowRights } from "../actions/workflow/automation.ts";
import { printable } from "../terminal/printable.ts";

/** Returns a name as Kubernetes allows it: `kodama-log-bundle`. */
export function objectName(workflow: string): string {
  const letters = workflow.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  return `kodama-${letters.slice(0, 40) || "workflow"}`.replace(/-+$/, "");
}

/** Returns the roles as YAML, ready to apply; the rights that aren't known are comments. */
export function rightsYaml({ workflow, roles, unknown, contexts }: WorkflowRights): string {
  const notes = [
    `What the workflow ${workflow} needs in the cluster.`,
    ...(contexts.length > 1 ? [`In each of these contexts: ${contexts.join(", ")}.`] : []),
    ...unknown.map(({ step, reason }) => `Not known, of step ${step}: ${reason}.`),
    ...(roles.length === 0 && unknown.length === 0 ? ["Nothing."] : []),
  ];
  const head = notes.map((note) => `# ${oneLine(note)}\n`).join("");
  return head + roles.map((role) => roleYaml(objectName(workflow), role)).join("---\n");
}

/** Returns one role as YAML. */
function roleYaml(name: string, { scope, rules }: NeededRole): string {
  return [
    "apiVersion: rbac.authorization.k8s.io/v1",
    `kind: ${roleKind(scope)}`,
    "metadata:",
    `  name: ${name}`,
    ...(scope.kind === "namespace" ? [`  namespace: ${JSON.stringify(scope.name)}`] : []),
    "rules:",
    ...rules.flatMap((rule) => ruleLines(rule)),
  ].map((line) => `${line}\n`).join("");
}

/** Returns the kind of the object. */
function roleKind({ kind }: NeededRole["scope"]): "Role" | "ClusterRole" {
  return kind === "cluster" ? "ClusterRole" : "Role";
}

function ruleLines({ group, resources, verbs, steps }: RoleRule): string[] {
  const list = (values: readonly string[]) => `[${values.join(", ")}]`;
  return [
    `  # ${steps.length === 1 ? "step" : "steps"} ${oneLine(steps.join(", "))}`,
    `  - apiGroups: ["${group}"]`,
    `    resources: ${list(resources)}`,
    `    verbs: ${list(verbs)}`,
  ];
}

function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, " ");
}

/** Returns the roles as objects of Kubernetes, and each rule with its steps. */
export function rightsData(
  { workflow, roles, unknown, contexts }: WorkflowRights,
): Record<string, unknown> {
  const name = objectName(workflow);
  const manifests = roles.map(({ scope, rules }) => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: roleKind(scope),
    metadata: { name, ...(scope.kind === "namespace" ? { namespace: scope.name } : {}) },
    rules: rules.map(({ group, resources, verbs }) => ({ apiGroups: [group], resources, verbs })),
  }));
  const steps = roles.flatMap(({ scope, rules }) =>
    rules.map((rule) => ({
      role: roleKind(scope),
      namespace: scope.kind === "namespace" ? scope.name : null,
      ...rule,
    }))
  );
  return { workflow, manifests, rules: steps, unknown, contexts };
}
