/** Kinds whose pods can be named as `kind/name`. */

/** Every name that kubectl knows for them, by plural. */
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

/** What a word such as `web-0` or `sts/db` names: a pod, or all pods of a workload. */
export type PodOperand =
  | { kind: "pod"; name: string }
  | { kind: "workload"; plural: string; name: string };

/** The operand of a word, or why it is none; `unknownKind` is a kind that has no pods. */
export function parsePodOperand(
  raw: string,
): PodOperand | { kind: "invalid"; unknownKind?: string } {
  const [kind = "", name, ...rest] = raw.split("/");
  if (name === undefined) return raw === "" ? { kind: "invalid" } : { kind: "pod", name: raw };
  if (kind === "" || name === "" || rest.length > 0) return { kind: "invalid" };
  const lower = kind.toLowerCase();
  if (["pod", "pods", "po"].includes(lower)) return { kind: "pod", name };
  const plural = Object.entries(workloads).find(([, names]) => names.includes(lower))?.[0];
  return plural === undefined
    ? { kind: "invalid", unknownKind: kind }
    : { kind: "workload", plural, name };
}
