/** Kinds whose pods can be named as `kind/name`, in the spellings of kubectl. */
import { groupOfKindName, parseApiVersion } from "./api_version.ts";
import { expandNames } from "./name_ranges.ts";

/** A kind: its plural, its API group, and every name that kubectl knows for it, the kind's own first. */
interface Workload {
  plural: string;
  group: string;
  names: readonly [string, string, ...string[]];
}

const workloads: readonly Workload[] = [
  { plural: "deployments", group: "apps", names: ["deployment", "deployments", "deploy"] },
  { plural: "statefulsets", group: "apps", names: ["statefulset", "statefulsets", "sts"] },
  { plural: "daemonsets", group: "apps", names: ["daemonset", "daemonsets", "ds"] },
  { plural: "replicasets", group: "apps", names: ["replicaset", "replicasets", "rs"] },
  { plural: "jobs", group: "batch", names: ["job", "jobs"] },
  { plural: "cronjobs", group: "batch", names: ["cronjob", "cronjobs", "cj"] },
  { plural: "services", group: "", names: ["service", "services", "svc"] },
  {
    plural: "replicationcontrollers",
    group: "",
    names: ["replicationcontroller", "replicationcontrollers", "rc"],
  },
];

/** Returns the API group of a workload's plural; empty for the core group. */
export function workloadGroup(plural: string): string {
  return workloads.find((one) => one.plural === plural)?.group ?? "";
}

/**
 * Returns the operand's name of an object's kind: `sts` of a StatefulSet of `apps/v1`. Undefined if the pods of the kind
 * can't be found, as of a StatefulSet of another group.
 */
export function operandKind(apiVersion: string, kind: string): string | undefined {
  const { group } = parseApiVersion(apiVersion);
  const name = kind.toLowerCase();
  if (group === "" && name === "pod") return name;
  const found = workloads.find((one) => one.group === group && one.names[0] === name);
  return found && (found.names[2] ?? found.names[0]);
}

const podNames: readonly string[] = ["pod", "pods", "po"];

/** kubectl's names for nodes, whose pods are selected by `--node`. */
export const nodeNames: readonly string[] = ["node", "nodes", "no"];

/** Common kinds without pods: before a slash they are a kind, not the name of a namespace. */
const podless: readonly string[] = [
  ...nodeNames,
  ...["namespace", "namespaces", "ns", "configmap", "configmaps", "cm", "secret", "secrets"],
  ...["ingress", "ingresses", "ing", "serviceaccount", "serviceaccounts", "sa", "event", "events"],
  ...["persistentvolumeclaim", "persistentvolumeclaims", "pvc", "persistentvolume", "pv"],
  ...["endpoints", "ep"],
];

/** The kinds, as completion and messages offer them. */
export const workloadKinds: readonly string[] = [
  "pod",
  "deploy",
  "sts",
  "ds",
  "rs",
  "job",
  "cj",
  "svc",
];

/** The operand `web-0`, `storage/web-0` or `sts/db`, parsed: a pod, or all pods of a workload. */
type PodOperand =
  | { kind: "pod"; name: string; namespace?: string }
  | { kind: "workload"; plural: string; name: string };

/**
 * Why a text isn't an operand: it has blanks, characters of a pattern that no name has, a kind without pods, or another
 * form.
 */
type InvalidOperand =
  | { kind: "invalid"; reason: "form" | "blanks" | "pattern" }
  | { kind: "invalid"; reason: "kind"; unknownKind: string };

/** Characters of patterns and of lists of shells. Names have none of them. */
const ofPatterns = /[*?[\]{}()^$|+\\,]/;

/**
 * Parses operands in a text, as kodama prints them: names with ranges of numbers, and several with commas between them,
 * as in `web-[0-3,7],db-0`.
 */
export function parsePodOperands(raw: string): readonly PodOperand[] | InvalidOperand {
  const operands: PodOperand[] = [];
  for (const name of /[[,]/.test(raw) ? expandNames(raw) ?? [raw] : [raw]) {
    const operand = /\s/.test(name)
      ? { kind: "invalid" as const, reason: "blanks" as const }
      : ofPatterns.test(name) || /^\.+$/.test(name)
      ? { kind: "invalid" as const, reason: "pattern" as const }
      : name.includes(":")
      ? { kind: "invalid" as const, reason: "form" as const }
      : parsePodOperand(name);
    if (operand.kind === "invalid") return operand;
    operands.push(operand);
  }
  return operands;
}

/**
 * Parses `POD`, `KIND/NAME`, `KIND.GROUP/NAME`, `KIND.VERSION.GROUP/NAME`, `NAMESPACE/POD` and `NAMESPACE/pod/POD`, the
 * form for a namespace that is named like a kind.
 */
export function parsePodOperand(raw: string): PodOperand | InvalidOperand {
  const [first = "", second, third, ...others] = raw.split("/");
  const invalid = { kind: "invalid", reason: "form" } as const;
  if (second === undefined) return raw === "" ? invalid : { kind: "pod", name: raw };
  if (first === "" || second === "" || others.length > 0) return invalid;
  if (third !== undefined) {
    const isPod = podNames.includes(second.toLowerCase()) && third !== "";
    return isPod ? { kind: "pod", name: third, namespace: first } : invalid;
  }
  if (podNames.includes(first.toLowerCase())) return { kind: "pod", name: second };
  const plural = pluralOf(first);
  if (plural !== undefined) return { kind: "workload", plural, name: second };
  const isNamespace = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(first) && !podless.includes(first) &&
    !isMisspeltKind(first);
  return isNamespace
    ? { kind: "pod", name: second, namespace: first }
    : { kind: "invalid", reason: "kind", unknownKind: first };
}

/** Returns whether a text is a kind that has pods, in a spelling of kubectl's: `deploy`, `pods`. */
export function isPodKind(text: string): boolean {
  return podNames.includes(text.toLowerCase()) || pluralOf(text) !== undefined;
}

/** Returns whether a text is a common kind of objects, in a spelling of kubectl's: `deploy`, `nodes`. */
export function isKind(text: string): boolean {
  return isPodKind(text) || podless.includes(text.toLowerCase());
}

/** Returns a pod in a namespace in the form that {@link parsePodOperand} reads back. */
export function namespacedPod(namespace: string, pod: string): string {
  const short = `${namespace}/${pod}`;
  const parsed = parsePodOperand(short);
  const isClear = parsed.kind === "pod" && parsed.namespace === namespace;
  return isClear ? short : `${namespace}/pod/${pod}`;
}

/** Shorter names of kinds are a single typo away from too many names of namespaces. */
const leastMisspelt = 5;

function isMisspeltKind(text: string): boolean {
  return workloads.some(({ names }) =>
    names.some((name) => name.length >= leastMisspelt && isOneSlip(text, name))
  );
}

/** Returns whether two names differ in a letter, or in the order of two neighbours. */
function isOneSlip(a: string, b: string): boolean {
  const length = Math.max(a.length, b.length);
  let start = 0;
  while (start < length && a[start] === b[start]) start++;
  let end = 0;
  while (end < length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [restA, restB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  return restA.length <= 1 && restB.length <= 1 ||
    (restA.length === 2 && restA === [...restB].reverse().join(""));
}

/** Returns the plural of `sts`, `StatefulSet`, `statefulset.apps` and `statefulset.v1.apps`. */
function pluralOf(kind: string): string | undefined {
  const [name = ""] = kind.toLowerCase().split(".");
  const workload = workloads.find(({ names }) => names.includes(name));
  const isMeant = workload?.group === (groupOfKindName(kind) ?? workload?.group);
  return isMeant ? workload?.plural : undefined;
}
