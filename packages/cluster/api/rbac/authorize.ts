/** Role-based access control over the stored roles and bindings. https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
import type { PolicyRule, Role, RoleBinding, Subject } from "kubernetes-types/rbac/v1.d.ts";
import type { Store } from "../../model.ts";
import { resources } from "../../resources.ts";
import type { User } from "../message.ts";

/** The action to authorize. */
export type Attributes =
  | {
    kind: "resource";
    verb: string;
    group: string;
    /** With its subresource: `pods/exec`. */
    resource: string;
    /** Empty: cluster-scoped. */
    namespace: string;
    /** Empty: the collection. */
    name: string;
  }
  | { kind: "path"; verb: string; path: string };

/** Whether it is allowed, and by which rule. */
interface AccessDecision {
  allowed: boolean;
  reason: string;
}

/** Members of this group may do everything, whatever the roles. */
export const masters = "system:masters";

/** Authorizes by the present roles. */
export function authorize(store: Store, user: User, attributes: Attributes): AccessDecision {
  if (user.groups.includes(masters)) return { allowed: true, reason: "" };
  const namespace = attributes.kind === "resource" ? attributes.namespace : "";
  for (const { rules, reason } of grants(store, user, namespace)) {
    if (rules.some((rule) => covers(rule, attributes))) return { allowed: true, reason };
  }
  return { allowed: false, reason: "" };
}

/** Returns every rule that applies to a user in a namespace. */
export function grantedRules(store: Store, user: User, namespace: string): PolicyRule[] {
  if (user.groups.includes(masters)) {
    return [
      { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
      { verbs: ["*"], nonResourceURLs: ["*"] },
    ];
  }
  return [...grants(store, user, namespace)].flatMap(({ rules }) => rules);
}

interface Grant {
  rules: readonly PolicyRule[];
  reason: string;
}

function* grants(store: Store, user: User, namespace: string): Generator<Grant> {
  for (const object of store.list(resources.clusterRoleBindings)) {
    const binding = object as unknown as RoleBinding;
    if (!names(binding.subjects, user, "")) continue;
    yield { rules: rulesOfRole(store, binding, ""), reason: reasonOf(binding, user, "") };
  }
  if (namespace === "") return;
  for (const object of store.list(resources.roleBindings, namespace)) {
    const binding = object as unknown as RoleBinding;
    if (!names(binding.subjects, user, namespace)) continue;
    yield {
      rules: rulesOfRole(store, binding, namespace),
      reason: reasonOf(binding, user, namespace),
    };
  }
}

function rulesOfRole(
  store: Store,
  { roleRef }: RoleBinding,
  namespace: string,
): readonly PolicyRule[] {
  const role = roleRef.kind === "ClusterRole"
    ? store.get(resources.clusterRoles, "", roleRef.name)
    : store.get(resources.roles, namespace, roleRef.name);
  return (role as unknown as Role | undefined)?.rules ?? [];
}

function reasonOf({ metadata, roleRef }: RoleBinding, user: User, namespace: string): string {
  const binding = namespace === ""
    ? `ClusterRoleBinding ${JSON.stringify(metadata?.name)}`
    : `RoleBinding ${JSON.stringify(`${metadata?.name}/${namespace}`)}`;
  return `RBAC: allowed by ${binding} of ${roleRef.kind} ${JSON.stringify(roleRef.name)} to User ${
    JSON.stringify(user.name)
  }`;
}

function names(subjects: readonly Subject[] | undefined, user: User, namespace: string): boolean {
  return (subjects ?? []).some((subject) => {
    switch (subject.kind) {
      case "User":
        return subject.name === user.name;
      case "Group":
        return user.groups.includes(subject.name);
      case "ServiceAccount":
        return user.name ===
          `system:serviceaccount:${subject.namespace ?? namespace}:${subject.name}`;
      default:
        return false;
    }
  });
}

function covers(rule: PolicyRule, attributes: Attributes): boolean {
  if (!includes(rule.verbs, attributes.verb)) return false;
  if (attributes.kind === "path") {
    return (rule.nonResourceURLs ?? []).some((each) =>
      each === attributes.path ||
      (each.endsWith("*") && attributes.path.startsWith(each.slice(0, -1)))
    );
  }
  const named = rule.resourceNames ?? [];
  return includes(rule.apiGroups, attributes.group) &&
    coversResource(rule.resources ?? [], attributes.resource) &&
    (named.length === 0 || named.includes(attributes.name));
}

function includes(list: readonly string[] | undefined, value: string): boolean {
  return (list ?? []).some((each) => each === "*" || each === value);
}

/** `*` is everything, `pods` doesn't cover `pods/exec`, and a star before `/scale` covers every scale. */
function coversResource(list: readonly string[], resource: string): boolean {
  const [, subresource] = resource.split("/");
  return list.some((each) =>
    each === "*" || each === resource || (subresource !== undefined && each === `*/${subresource}`)
  );
}

/** Returns the message of a 403: user, verb, resource and scope. */
export function denial(user: User, attributes: Attributes): string {
  const who = `User ${JSON.stringify(user.name)} cannot ${attributes.verb}`;
  if (attributes.kind === "path") return `${who} path ${JSON.stringify(attributes.path)}`;
  const what = `${who} resource ${JSON.stringify(attributes.resource)} in API group ${
    JSON.stringify(attributes.group)
  }`;
  return attributes.namespace === ""
    ? `${what} at the cluster scope`
    : `${what} in the namespace ${JSON.stringify(attributes.namespace)}`;
}
