/**
 * How far a kubectl command line may be trusted: it reads, changes something, or is dangerous. Rules alone decide, over
 * verb, kind, number, namespace, flags and credentials; the same line always gets the same rating.
 *
 * Dangerous are changes that reach further than the objects that the line names (all of a kind, because no name is
 * given or by a flag; the matches of a selector; the objects of other owners), that can't be reverted (deleted volumes
 * and namespaces), changes to rights, and everything that isn't known.
 */
import { isKnownReadOnly } from "./commands.ts";
import { type KubectlFlag, type KubectlLine, kubectlUse, parseKubectl } from "./kubectl.ts";

/** The ratings, in order of severity. */
const kubectlRatings = ["read", "change", "dangerous"] as const;

/** How far a command line may be trusted. */
export type KubectlRating = typeof kubectlRatings[number];

/** Why a command line is dangerous. */
export type KubectlDanger =
  /** Another program, or a verb that a newer kubectl has. */
  | { kind: "unknownVerb"; verb: string }
  | { kind: "unknownFlag"; flag: string }
  /** The verb itself reaches beyond the named objects: `drain`, `proxy`. */
  | { kind: "verb"; verb: string }
  | { kind: "flag"; flag: string }
  /** A kind on which other objects, or the rights of others, depend. */
  | { kind: "resource"; resource: string }
  /** More objects than are confirmed one by one; `by` is the flag that chooses them, if it isn't names. */
  | { kind: "many"; by?: string; count?: number }
  /** A kind without a name: some verbs take all objects of it. */
  | { kind: "allOfKind"; resource: string }
  | { kind: "systemNamespace"; namespace: string }
  | { kind: "stopsWorkload" }
  /** The objects of a file are not known. */
  | { kind: "unknownObjects"; source: string }
  /** Credentials or a server that the context doesn't name. */
  | { kind: "otherConnection"; flag: string };

/** An object of a file that a command line names. */
export interface KubectlObject {
  kind: string;
  name: string;
  /** The command line's, or the context's, if absent. */
  namespace?: string;
}

/** The facts on which a rating depends beside the command line. */
interface KubectlSurroundings {
  /** The namespace that applies if the command line names none. */
  namespace?: string;
  /** The objects of its files; undefined if they couldn't be read. */
  objects?: readonly KubectlObject[];
  /** More objects than this are many. */
  above: number;
  /** Ratings of plugins, by their name and first arguments: `neat`, `argo rollouts get`. */
  verbs?: Readonly<Record<string, KubectlRating>>;
  /** Further commands in pods that only read. */
  readOnly?: readonly string[];
}

/** The rating of a command line. */
export interface KubectlJudgement {
  rating: KubectlRating;
  line: KubectlLine;
  /** Why it is dangerous; empty if it isn't. */
  dangers: readonly KubectlDanger[];
}

/**
 * Returns the rating of `kubectl ARGS`. Pure.
 *
 * @param args without `kubectl` itself.
 */
export function judgeKubectl(
  args: readonly string[],
  surroundings: KubectlSurroundings,
): KubectlJudgement {
  const line = parseKubectl(args);
  const configured = line.isUnknown ? configuredRating(args, surroundings.verbs) : undefined;
  if (configured !== undefined) return { rating: configured, line, dangers: [] };
  if (line.isUnknown) {
    const words = line.verb.length === 0 ? args.slice(0, 1) : [...line.verb, ...line.operands];
    return dangerous(line, [{ kind: "unknownVerb", verb: words.slice(0, 2).join(" ") }]);
  }
  const unknownFlags = line.flags.filter(({ kind }) => kind === undefined)
    .map(({ name }): KubectlDanger => ({ kind: "unknownFlag", flag: name }));
  if (readsOnly(line, args, surroundings)) return { rating: "read", line, dangers: [] };
  // An unknown flag could take the next flag for its value.
  if (unknownFlags.length > 0) return dangerous(line, unknownFlags);
  if (isHelp(line) || dryRunOf(line) !== "none") return { rating: "read", line, dangers: [] };
  const dangers = dangersOf(line, surroundings);
  return dangers.length > 0 ? dangerous(line, dangers) : { rating: "change", line, dangers };
}

/** Reading verbs whose output has no objects, or only such as hold no Secrets. */
const withoutSecrets: ReadonlySet<string> = new Set([
  ..."api-resources api-versions auth cluster-info config events explain logs rollout top version"
    .split(" "),
]);

/** Returns whether the output of a reading command line may include the values of Secrets. */
export function mayShowSecrets(args: readonly string[]): boolean {
  const line = parseKubectl(args);
  const [verb = ""] = line.verb;
  if (line.flags.some(({ name }) => name === "--raw")) return true;
  if (withoutSecrets.has(verb) || isHelp(line)) return false;
  const { kinds } = namedObjects(line);
  // A kind that isn't known yet, or that a file has, may be any.
  const isKnown = (kind: string) => /^[a-z][a-z0-9.-]*$/i.test(kind);
  return kinds.length === 0 || !kinds.every(isKnown) || kinds.map(resourceOf).includes("secrets");
}

/** Returns the last value of a flag, by any of its names; undefined if it isn't given. */
export function flagValue(line: KubectlLine, ...names: readonly string[]): string | undefined {
  return lastOf(line, names)?.value;
}

/** Returns whether a switch is on. */
export function isOn(line: KubectlLine, ...names: readonly string[]): boolean {
  const flag = lastOf(line, names);
  return flag !== undefined && !/^(?:0|f|false)$/i.test(flag.value ?? "true");
}

/** Returns the mode that `--dry-run` requests. */
function dryRunOf(line: KubectlLine): "none" | "client" | "server" {
  const flag = lastOf(line, ["--dry-run"]);
  if (flag === undefined) return "none";
  const value = flag.value ?? "client";
  if (value === "client" || value === "server") return value;
  return "none";
}

/** Returns the files, folders and addresses of objects, as `-f` and `-k` name them. */
export function objectSources(line: KubectlLine): { files: string[]; kustomizations: string[] } {
  const valuesOf = (names: readonly string[]) =>
    line.flags.filter(({ name, kind }) => names.includes(name) && kind?.kind !== "switch")
      .map(({ value = "" }) => value);
  return {
    files: valuesOf(["-f", "--filename"]).flatMap((value) => value.split(",")),
    kustomizations: valuesOf(["-k", "--kustomize"]),
  };
}

function dangerous(line: KubectlLine, dangers: readonly KubectlDanger[]): KubectlJudgement {
  return { rating: "dangerous", line, dangers };
}

function lastOf(line: KubectlLine, names: readonly string[]): KubectlFlag | undefined {
  return line.flags.findLast(({ name }) => names.includes(name));
}

/** kubectl takes a plugin's name of as many arguments as it can: the longest entry counts. */
function configuredRating(
  args: readonly string[],
  verbs: Readonly<Record<string, KubectlRating>> = {},
): KubectlRating | undefined {
  const entries = Object.entries(verbs)
    .map(([entry, rating]) => ({ words: entry.trim().split(/\s+/), rating }))
    .filter(({ words }) => words[0] !== "" && words.every((word, at) => args[at] === word));
  return entries.toSorted((a, b) => b.words.length - a.words.length)[0]?.rating;
}

function isHelp(line: KubectlLine): boolean {
  return isOn(line, "--help", "-h");
}

function readsOnly(
  line: KubectlLine,
  args: readonly string[],
  { readOnly = [] }: KubectlSurroundings,
): boolean {
  const [verb, part] = line.verb;
  switch (verb) {
    case "exec":
      // Standard input, or a terminal, is for a command that follows instructions from there.
      return line.trailing !== undefined && !isOn(line, "-i", "--stdin") &&
        isKnownReadOnly(line.trailing, { readOnly });
    case "attach":
      return !isOn(line, "-i", "--stdin");
    case "cp":
      return line.operands.length === 2 && isPodPath(line.operands[0] ?? "") &&
        !isPodPath(line.operands[1] ?? "");
    case "config":
      // The others write the kubeconfig: they decide which cluster the next command changes.
      return part === "view" || part === "current-context" || /^get-/.test(part ?? "");
    case "port-forward":
      return flagValue(line, "--address") === undefined;
    case "annotate":
    case "label":
    case "patch":
    case "set":
      // Locally the result is printed, and nothing is sent.
      return isOn(line, "--local") || isOn(line, "--list") && verb !== "patch" && !isChanging(line);
    default: {
      const use = kubectlUse(args);
      return (use.kind === "needsPermission" ? use.effect : use.kind) === "reads";
    }
  }
}

/** Returns whether `label`, `annotate` or `set env` changes something beside the listed objects. */
function isChanging({ verb, operands, flags }: KubectlLine): boolean {
  if (verb[0] === "set" && verb[1] !== "env") return true;
  return operands.some(isAssignment) ||
    flags.some(({ name }) => name === "-e" || name === "--env" || name === "--from");
}

/** `tier=front` and `tier-` in `label pods web tier=front`. */
function isAssignment(operand: string): boolean {
  return /=|-$/.test(operand);
}

/** As kubectl cp: whatever has a colon is a path in a pod. */
function isPodPath(operand: string): boolean {
  return operand.indexOf(":") > 0;
}

/** Verbs that reach beyond the objects that the line names, or open a way around the gate. */
const dangerousVerbs: ReadonlySet<string> = new Set([
  ...["drain", "proxy", "auth reconcile", "certificate approve", "certificate deny", "taint"],
]);

/** Flags that replace the fields of others, remove objects that the line doesn't name, or skip a check. */
const dangerousFlags: Readonly<Record<string, readonly string[]>> = {
  apply: ["--prune", "--force", "--force-conflicts"],
  delete: ["--force", "--now"],
  replace: ["--force"],
  debug: ["--replace"],
};

/** Kinds that others depend on: rights, admission, storage, nodes, definitions. Plural, as the API has them. */
const weighty: Readonly<Record<string, string>> = {
  apiservices: "apiservice",
  certificatesigningrequests: "csr certificatesigningrequest",
  clusterrolebindings: "clusterrolebinding",
  clusterroles: "clusterrole",
  csidrivers: "csidriver",
  csinodes: "csinode",
  customresourcedefinitions: "crd crds customresourcedefinition",
  ingressclasses: "ingressclass",
  mutatingadmissionpolicies: "mutatingadmissionpolicy",
  mutatingwebhookconfigurations: "mutatingwebhookconfiguration",
  namespaces: "ns namespace",
  nodes: "no node",
  persistentvolumes: "pv persistentvolume",
  priorityclasses: "pc priorityclass",
  rolebindings: "rolebinding",
  roles: "role",
  runtimeclasses: "runtimeclass",
  storageclasses: "sc storageclass",
  validatingadmissionpolicies: "validatingadmissionpolicy",
  validatingadmissionpolicybindings: "validatingadmissionpolicybinding",
  validatingwebhookconfigurations: "validatingwebhookconfiguration",
  volumeattachments: "volumeattachment",
};

/** Kinds of which an object may be deleted like any other change: they hold no data, and can be applied again. */
const replaceable: Readonly<Record<string, string>> = {
  configmaps: "cm configmap",
  cronjobs: "cj cronjob",
  daemonsets: "ds daemonset",
  deployments: "deploy deployment",
  endpoints: "ep",
  endpointslices: "endpointslice",
  events: "ev event",
  horizontalpodautoscalers: "hpa horizontalpodautoscaler",
  ingresses: "ing ingress",
  jobs: "job",
  leases: "lease",
  networkpolicies: "netpol networkpolicy",
  poddisruptionbudgets: "pdb poddisruptionbudget",
  pods: "po pod",
  replicasets: "rs replicaset",
  replicationcontrollers: "rc replicationcontroller",
  services: "svc service",
  serviceaccounts: "sa serviceaccount",
};

/** Kinds that hold data. */
const holding: Readonly<Record<string, string>> = {
  persistentvolumeclaims: "pvc persistentvolumeclaim",
  secrets: "secret",
  statefulsets: "sts statefulset",
};

const pluralOf: ReadonlyMap<string, string> = new Map(
  [weighty, replaceable, holding].flatMap(Object.entries<string>).flatMap(([plural, names]) =>
    [plural, ...names.split(" ")].map((name): [string, string] => [name, plural])
  ),
);

/** Kinds for which a verb isn't rated by its kind: its effect can be reverted, and nothing depends on it yet. */
const ratedByVerb: Readonly<Record<string, string>> = {
  cordon: "nodes",
  uncordon: "nodes",
  create: "namespaces",
  // Dangerous by their verb already.
  drain: "nodes",
  taint: "nodes",
  certificate: "certificatesigningrequests",
};

/** Returns a kind's plural as kubectl resolves a name of it: `Deploy`, `deployments.v1.apps`. */
export function resourceOf(name: string): string {
  const [word = ""] = name.toLowerCase().split(".");
  return pluralOf.get(word) ?? word;
}

/** Namespaces of the cluster's own components. */
const systemNamespaces: ReadonlySet<string> = new Set([
  ...["kube-system", "kube-public", "kube-node-lease"],
]);

function dangersOf(
  line: KubectlLine,
  { namespace: contextual, objects, above }: KubectlSurroundings,
): KubectlDanger[] {
  const [verb = ""] = line.verb;
  const name = line.verb.join(" ");
  const dangers: KubectlDanger[] = [];
  for (const { name: flag, kind } of line.flags) {
    const isOther = kind?.kind === "beyond" &&
      (kind.reach === "otherServer" || kind.reach === "otherIdentity");
    // `config` writes them, and uses none of them.
    if (isOther && flag !== "--kubeconfig" && verb !== "config") {
      dangers.push({ kind: "otherConnection", flag });
    }
    if (flag === "--raw") dangers.push({ kind: "flag", flag });
  }
  if (dangerousVerbs.has(name) || dangerousVerbs.has(verb)) {
    dangers.push({ kind: "verb", verb: name });
  }
  for (const flag of dangerousFlags[verb] ?? []) {
    if (isOn(line, flag)) dangers.push({ kind: "flag", flag });
  }
  if (verb === "delete" && flagValue(line, "--grace-period") === "0") {
    dangers.push({ kind: "flag", flag: "--grace-period=0" });
  }
  if (verb === "delete" && flagValue(line, "--cascade") === "orphan") {
    dangers.push({ kind: "flag", flag: "--cascade=orphan" });
  }
  if (isOn(line, "--privileged")) dangers.push({ kind: "flag", flag: "--privileged" });
  if (verb === "debug" && flagValue(line, "--profile") === "sysadmin") {
    dangers.push({ kind: "flag", flag: "--profile=sysadmin" });
  }
  if (verb === "scale" && flagValue(line, "--replicas") === "0") {
    dangers.push({ kind: "stopsWorkload" });
  }

  const named = namedObjects(line);
  const files = objectSources(line);
  const [kustomization] = files.kustomizations;
  const [file = kustomization] = files.files;
  if (file !== undefined && objects === undefined) {
    dangers.push({ kind: "unknownObjects", source: file });
  }
  const kinds = new Set(
    [...named.kinds, ...(objects ?? []).map(({ kind }) => kind)].map(resourceOf),
  );
  for (const resource of kinds) {
    const isWeighty = Object.hasOwn(weighty, resource) && ratedByVerb[verb] !== resource;
    const isLost = verb === "delete" && !Object.hasOwn(replaceable, resource);
    if (isWeighty || isLost) dangers.push({ kind: "resource", resource });
  }
  const by = chooser(line);
  const count = named.count + (objects?.length ?? 0);
  if (by !== undefined) dangers.push({ kind: "many", by });
  else if (count > above) dangers.push({ kind: "many", count });
  else if (count === 0) {
    for (const resource of kinds) dangers.push({ kind: "allOfKind", resource });
  }

  const given = flagValue(line, "-n", "--namespace") ?? contextual;
  const isNamespaced = ![...kinds].every((resource) => Object.hasOwn(weighty, resource)) ||
    kinds.size === 0;
  const namespaces = new Set([
    ...(given !== undefined && isNamespaced ? [given] : []),
    ...(objects ?? []).flatMap(({ namespace }) => namespace ?? []),
  ]);
  for (const namespace of namespaces) {
    if (systemNamespaces.has(namespace)) dangers.push({ kind: "systemNamespace", namespace });
  }
  return dangers;
}

/** Returns the flag that chooses objects without naming them. */
function chooser(line: KubectlLine): string | undefined {
  const [verb] = line.verb;
  // `set selector` and `expose` have a selector as the value that they write; `run -l` labels.
  if (verb === "expose" || verb === "run" || verb === "create") return undefined;
  for (const flag of ["--all", "-A", "--all-namespaces"]) if (isOn(line, flag)) return flag;
  const selector = line.flags.findLast(({ name }) =>
    ["-l", "--selector", "--field-selector"].includes(name)
  );
  return selector === undefined ? undefined : `${selector.name} ${selector.value ?? ""}`;
}

/** Verbs whose operands are of a fixed kind. */
const nodeVerbs: ReadonlySet<string> = new Set(["cordon", "uncordon", "drain"]);

/** Returns the kinds that the operands name, and how many objects. */
function namedObjects(line: KubectlLine): { kinds: string[]; count: number } {
  const [verb = "", part] = line.verb;
  const { operands } = line;
  if (nodeVerbs.has(verb)) return { kinds: ["nodes"], count: operands.length };
  if (verb === "config") return { kinds: [], count: 0 };
  if (verb === "create") return { kinds: part === undefined ? [] : [part], count: 1 };
  if (verb === "certificate") return { kinds: ["csr"], count: operands.length };
  if (verb === "run" || verb === "exec" || verb === "attach") return { kinds: ["pods"], count: 1 };
  if (verb === "cp") return { kinds: ["pods"], count: 1 };
  if (verb === "debug") {
    const [kind = ""] = (operands[0] ?? "").split("/");
    return { kinds: operands[0]?.includes("/") === true ? [kind] : ["pods"], count: 1 };
  }
  // `label pods web a=b c-`, `set serviceaccount deploy web robot`: names end where changes start.
  const isAssigning = ["label", "annotate", "taint", "set"].includes(verb);
  const isAccount = verb === "set" && (part === "serviceaccount" || part === "sa");
  const end = isAccount ? operands.length - 1 : isAssigning ? operands.findIndex(isAssignment) : -1;
  const names = end < 0 ? operands : operands.slice(0, end);
  if (names.some((word) => word.includes("/"))) {
    return { kinds: names.map((word) => word.split("/")[0] ?? ""), count: names.length };
  }
  const [types = "", ...rest] = names;
  const kinds = types.split(",").filter((kind) => kind !== "");
  return { kinds, count: kinds.length * rest.length };
}
