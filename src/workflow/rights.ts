/** The rights in the cluster that a workflow needs, as the rules of Roles: from its plan, without asking the cluster. Pure. */
import type { Right } from "../gate/kubectl_rights.ts";
import { workloadGroup } from "../base/workload_kinds.ts";
import type { Where } from "./selection_fields.ts";

/** What a step needs in the cluster. */
export interface PlannedRights {
  /** The step's id. */
  id: string;
  rights: readonly Right[];
  /** Why not all of them are known. */
  unknown?: string;
  /** The pods that it selects, or those of its workflow; undefined if only the run can resolve them. */
  where: Where | undefined;
  /** It looks for these pods. */
  selects: boolean;
  /** The namespace that it names itself; `*` for all. */
  namespace?: string;
}

/** One rule of a Role, and the steps that need it. */
export interface RoleRule {
  group: string;
  resources: readonly string[];
  verbs: readonly string[];
  steps: readonly string[];
}

/** A Role, or a ClusterRole. */
export interface NeededRole {
  /** `current` is the namespace in which it is applied; `cluster` is a ClusterRole. */
  scope: { kind: "namespace"; name: string } | { kind: "current" } | { kind: "cluster" };
  rules: readonly RoleRule[];
}

/** The rights of a workflow. */
export interface NeededRights {
  roles: readonly NeededRole[];
  /** Steps whose rights aren't known, or not completely, with the reason. */
  unknown: readonly { step: string; reason: string }[];
  /** Contexts that its steps name: the roles are needed in each. */
  contexts: readonly string[];
}

/** Rights on the pods of a selection, and on the workloads that it names. */
function selectionRights({ selection: { operands } }: Where): Right[] {
  const plurals = operands.flatMap((one) => one.kind === "workload" ? [one.plural] : []);
  return [
    { group: "", resource: "pods", verbs: ["get", "list"] },
    ...[...new Set(plurals)].map((resource): Right => ({
      group: workloadGroup(resource),
      resource,
      verbs: ["get"],
    })),
    // Its pods are those of its jobs.
    ...(plurals.includes("cronjobs")
      ? [{ group: "batch", resource: "jobs", verbs: ["list"] }]
      : []),
  ];
}

/** Returns the roles that all of these steps need together. */
export function neededRights(steps: readonly PlannedRights[]): NeededRights {
  type Collected = { verbs: Set<string>; steps: Set<string> };
  const scopes = new Map<string, Map<string, Collected>>();
  const unknown: { step: string; reason: string }[] = [];
  const contexts = new Set<string>();
  for (const step of steps) {
    const { id, rights, unknown: reason, where, selects } = step;
    if (reason !== undefined) unknown.push({ step: id, reason });
    const all = [...(where !== undefined && selects ? selectionRights(where) : []), ...rights];
    for (const context of all.length === 0 ? [] : where?.contexts ?? []) contexts.add(context);
    for (const right of all) {
      for (const scope of right.isClusterWide ? ["*"] : namespacesOf(step)) {
        const rules = scopes.get(scope) ?? new Map<string, Collected>();
        scopes.set(scope, rules);
        const key = JSON.stringify([right.group, right.resource]);
        const rule = rules.get(key) ?? { verbs: new Set(), steps: new Set() };
        rules.set(key, rule);
        for (const verb of right.verbs) rule.verbs.add(verb);
        rule.steps.add(id);
      }
    }
  }
  const roles = [...scopes].map(([scope, rules]): NeededRole => ({
    scope: scope === "*"
      ? { kind: "cluster" }
      : scope === ""
      ? { kind: "current" }
      : { kind: "namespace", name: scope },
    rules: [...rules].map(([key, { verbs, steps }]) => {
      const [group, resource] = JSON.parse(key) as [string, string];
      return { group, resources: [resource], verbs: [...verbs], steps: [...steps] };
    }),
  }));
  return { roles: withoutCovered(roles), unknown, contexts: [...contexts] };
}

/** Empty for that of the context. What selects no pods works in one namespace. */
function namespacesOf({ where, selects, namespace }: PlannedRights): readonly string[] {
  if (namespace !== undefined) return [namespace];
  const namespaces = where?.selection.namespaces;
  if (namespaces?.kind === "all" && selects) return ["*"];
  if (namespaces?.kind !== "named") return [""];
  return selects || namespaces.names.length === 1 ? namespaces.names : [""];
}

/** What a ClusterRole grants needs no rule of a Role. */
function withoutCovered(roles: readonly NeededRole[]): NeededRole[] {
  const everywhere = roles.find(({ scope }) => scope.kind === "cluster")?.rules ?? [];
  const isCovered = (rule: RoleRule) =>
    everywhere.some((one) =>
      one.group === rule.group && one.resources[0] === rule.resources[0] &&
      rule.verbs.every((verb) => one.verbs.includes(verb))
    );
  return roles.map((role) =>
    role.scope.kind === "cluster"
      ? role
      : { ...role, rules: role.rules.filter((rule) => !isCovered(rule)) }
  ).filter(({ rules }) => rules.length > 0);
}
