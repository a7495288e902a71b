/** The rights that a teammate needs to attach to one session, and to no other. Pure. */
import type { KubeObject } from "../kube/types.ts";
import { sessionLabel, sessionNames, workspaceFolder } from "./names.ts";
import { sessionCommand } from "./pod_script.ts";

const group = "rbac.authorization.k8s.io";

/** Returns a Role for this session only, and its subjects. */
export function shareRights(
  { name, namespace }: { name: string; namespace: string },
  user: string,
): KubeObject[] {
  const { pod, state, team } = sessionNames(name);
  const metadata = {
    name: `kodama-share-${name}`,
    namespace,
    labels: { "app.kubernetes.io/managed-by": "kodama", [sessionLabel]: name },
  };
  const rule = (resource: string, verbs: string[], resourceName: string) => ({
    apiGroups: [""],
    resources: [resource],
    resourceNames: [resourceName],
    verbs,
  });
  const role = {
    apiVersion: `${group}/v1`,
    kind: "Role",
    metadata,
    rules: [
      rule("configmaps", ["get"], state),
      // Who is attached, and notes.
      rule("configmaps", ["get", "update"], team),
      rule("pods", ["get"], pod),
      rule("pods/exec", ["get", "create"], pod),
    ],
  };
  const binding = {
    apiVersion: `${group}/v1`,
    kind: "RoleBinding",
    metadata,
    roleRef: { apiGroup: group, kind: "Role", name: metadata.name },
    subjects: [{ apiGroup: group, kind: "User", name: user }],
  };
  return [role, binding] as unknown as KubeObject[];
}

/* One shell of a session's pod for several users at once, by the pod's own tmux. Pure. */

/** The shell's state; `shared`: it has been started. */
type SharedShellState = "noTmux" | "none" | "shared";

/** Returns the command that queries the pod. */
export function sharedStateCommand(): string[] {
  return sessionCommand("sharedState");
}

/** Returns the pod's answer; undefined for anything else. */
export function sharedStateOf(answer: string): SharedShellState | undefined {
  const states: readonly SharedShellState[] = ["noTmux", "none", "shared"];
  return states.find((state) => state === answer.trim());
}

/** Returns the command that joins it, or starts it; a read-only user only joins. */
export function sharedShellCommand({ readOnly }: { readOnly: boolean }): string[] {
  return sessionCommand("sharedShell", [readOnly ? "read" : "write", workspaceFolder]);
}
