/** The words of a selection: patterns and operands, from text to their narrow types. */
import type { NamePattern, SelectionOperand } from "../actions/exec_events.ts";
import { BadValue } from "./flag.ts";

/** `/re/` is a regular expression, anything else a substring. Throws {@link BadValue}. */
export function namePattern(raw: string): NamePattern {
  if (raw === "") throw new BadValue(raw, "it is empty, and would match every pod");
  if (raw.length < 3 || !raw.startsWith("/") || !raw.endsWith("/")) {
    return { kind: "substring", text: raw };
  }
  try {
    return { kind: "regExp", regExp: new RegExp(raw.slice(1, -1), "u") };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BadValue(raw, reason, { hint: "without the slashes it is a plain text" });
  }
}

/** Kinds whose pods can be named as `kind/name`: every name that kubectl knows for them. */
const workloads: Readonly<Record<string, readonly string[]>> = {
  deployments: ["deployment", "deployments", "deploy"],
  statefulsets: ["statefulset", "statefulsets", "sts"],
  daemonsets: ["daemonset", "daemonsets", "ds"],
  replicasets: ["replicaset", "replicasets", "rs"],
  jobs: ["job", "jobs"],
  services: ["service", "services", "svc"],
  replicationcontrollers: ["replicationcontroller", "replicationcontrollers", "rc"],
};

/** The kinds, as completion offers them. */
export const workloadKinds: readonly string[] = ["pod", "deploy", "sts", "ds", "rs", "job", "svc"];

/** A pod's name, `pod/name`, or a workload. Throws {@link BadValue}. */
export function selectionOperand(raw: string): SelectionOperand {
  const [kind = "", name, ...rest] = raw.split("/");
  if (name === undefined) {
    if (raw === "") throw new BadValue(raw, "it is empty");
    return { kind: "pod", name: raw };
  }
  if (kind === "" || name === "" || rest.length > 0) {
    throw new BadValue(raw, "it must be POD or KIND/NAME", { hint: "as in web-0 or deploy/web" });
  }
  const lower = kind.toLowerCase();
  if (["pod", "pods", "po"].includes(lower)) return { kind: "pod", name };
  const plural = Object.entries(workloads).find(([, names]) => names.includes(lower))?.[0];
  if (plural === undefined) {
    throw new BadValue(raw, `pods can't be found by the kind "${kind}"`, {
      candidates: workloadKinds,
    });
  }
  return { kind: "workload", plural, name };
}
