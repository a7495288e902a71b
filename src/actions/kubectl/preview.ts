/**
 * What a kubectl command line would do, before it does it: by the server's dry run of the very same command line, and
 * by the difference between its result and the objects as they are.
 */
import { type KubectlLine, parseKubectl } from "../../gate/kubectl.ts";
import { flagValue, isOn, objectSources } from "../../gate/kubectl_rating.ts";
import type { ApiResource, KubeClient } from "../../kube/client.ts";
import type { KubeObject, LabelSelector, Node, Pod } from "../../kube/types.ts";
import type { Host } from "../host.ts";
import type { KubectlPlan } from "./guard.ts";
import { isOneTime } from "./objects.ts";
import type { KubectlProgram } from "./program.ts";
import { listAll } from "../../kube/http/list.ts";
import { PODS } from "../../kube/resources.ts";

/** An object that a command line would change. */
export interface PreviewedChange {
  /** `deployment.apps/web`. */
  name: string;
  /** Absent if the object has none. */
  namespace?: string;
  effect: "create" | "change" | "delete" | "none";
  /** The lines that a change changes. */
  diff: readonly DiffLine[];
}

/** What a command line would do. */
export type KubectlPreview =
  /** Its verb has no dry run. */
  | { kind: "unknown" }
  /** The dry run failed, as the run may. */
  | { kind: "failed"; message: string }
  | { kind: "objects"; objects: readonly PreviewedChange[] }
  | { kind: "nodes"; verb: "cordon" | "uncordon" | "drain"; nodes: readonly NodePreview[] };

/** Verbs whose dry run prints the objects as they would be. */
const printing: ReadonlySet<string> = new Set([
  ...["annotate", "apply", "autoscale", "create", "expose", "label", "patch", "replace", "run"],
  ...["scale", "set", "taint"],
]);

/** The result of a dry run is read up to this size: beyond it only the names are. */
const maxBytes = 16 * 1024 * 1024;

/** The differences of more objects aren't computed. */
const maxDiffs = 50;

/** Returns whether kubectl's verb knows `--dry-run`. */
export function hasDryRun({ verb: [verb = "", part] }: KubectlLine): boolean {
  return verb === "delete" || verb === "drain" || verb === "cordon" || verb === "uncordon" ||
    printing.has(verb) && part?.endsWith("-applied") !== true ||
    verb === "rollout" && part === "undo";
}

/** Returns what the command line of a plan would do. */
export async function previewKubectl(
  host: Host,
  kubectl: KubectlProgram,
  plan: KubectlPlan,
  signal: AbortSignal,
): Promise<KubectlPreview> {
  const { line } = plan.judgement;
  const [verb = ""] = line.verb;
  if (verb === "cordon" || verb === "uncordon" || verb === "drain") {
    const client = await clientOf(host, plan);
    if (client === undefined) return { kind: "unknown" };
    return { kind: "nodes", verb, nodes: await previewNodes(client, line, signal) };
  }
  const { files, kustomizations } = objectSources(line);
  if ([...files, ...kustomizations].some(isOneTime)) return { kind: "unknown" };
  if (line.flags.some(({ name }) => name === "--raw")) return { kind: "unknown" };
  if (!hasDryRun(line)) return { kind: "unknown" };
  if (isOn(line, "--interactive", "-i") && verb === "delete") return { kind: "unknown" };
  const format = verb === "delete" ? "name" : "json";
  const { exitCode, stdout, stderr, isTruncated } = await kubectl.read(
    withFlags(plan.args, ["--dry-run=server", "--output", format]),
    {
      stderr: "read",
      maxBytes,
      signal,
      ...(plan.input === undefined ? {} : { input: plan.input }),
    },
  );
  if (exitCode !== 0) return { kind: "failed", message: stderr.trim() };
  if (isTruncated) return { kind: "unknown" };
  if (verb === "delete") return { kind: "objects", objects: deleted(stdout) };
  const after = objectsOf(stdout);
  if (after === undefined) return { kind: "unknown" };
  // The dry run of a scale prints the objects as they were.
  const replicas = flagValue(line, "--replicas");
  if (verb === "scale" && replicas !== undefined) {
    for (const object of after) {
      object.spec = { ...object.spec as Record<string, unknown>, replicas: Number(replicas) };
    }
  }
  return { kind: "objects", objects: await compared(kubectl, line, after, signal) };
}

/** Returns the args with flags of ours: after the user's own, which they take precedence over, and before `--`. */
export function withFlags(args: readonly string[], flags: readonly string[]): string[] {
  const { trailing } = parseKubectl(args);
  const end = trailing === undefined ? args.length : args.length - trailing.length - 1;
  return [...args.slice(0, end), ...flags, ...args.slice(end)];
}

/** Undefined if the command line uses another server, or another user, than its context. */
async function clientOf(
  host: Host,
  { judgement, scope }: KubectlPlan,
): Promise<KubeClient | undefined> {
  const isOther = judgement.dangers.some(({ kind }) => kind === "otherConnection");
  return isOther || scope === undefined ? undefined : await host.kube(scope.context);
}

/** `pod/web-0`, a line each. With a dry run kubectl prints nothing else of a deletion. */
function deleted(stdout: string): PreviewedChange[] {
  return stdout.split("\n").filter((name) => name !== "").map((name) => ({
    name,
    effect: "delete",
    diff: [],
  }));
}

function objectsOf(text: string): KubeObject[] | undefined {
  let value: KubeObject & { items?: KubeObject[] };
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return value.kind === "List" ? value.items ?? [] : [value];
}

/** Flags that choose the server and the user of a command line. */
const connectionFlags: ReadonlySet<string> = new Set([
  ...["--as", "--as-group", "--as-uid", "--as-user-extra", "--certificate-authority"],
  ...["--client-certificate", "--client-key", "--cluster", "--context"],
  ...["--insecure-skip-tls-verify", "--kubeconfig", "--password", "--request-timeout", "-s"],
  ...["--server", "--tls-server-name", "--token", "--user", "--username"],
]);

async function compared(
  kubectl: KubectlProgram,
  line: KubectlLine,
  after: readonly KubeObject[],
  signal: AbortSignal,
): Promise<PreviewedChange[]> {
  const before = after.length > maxDiffs ? undefined : await current(kubectl, line, after, signal);
  return await Promise.all(after.map(async (object): Promise<PreviewedChange> => {
    const { namespace } = object.metadata ?? {};
    const named = { name: nameOf(object), ...(namespace === undefined ? {} : { namespace }) };
    const old = before?.get(keyOf(object));
    // A dry run that creates an object gives it a uid too; only the server's list can tell.
    if (before === undefined) return { ...named, effect: "change", diff: [] };
    if (old === undefined) return { ...named, effect: "create", diff: [] };
    const diff = await objectDiff(old, object);
    return { ...named, effect: diff.length === 0 ? "none" : "change", diff };
  }));
}

/** Returns the objects as they are now, by {@link keyOf}; undefined if they can't be read. */
async function current(
  kubectl: KubectlProgram,
  line: KubectlLine,
  objects: readonly KubeObject[],
  signal: AbortSignal,
): Promise<Map<string, KubeObject> | undefined> {
  const connection = flagArgs(line.flags.filter(({ name }) => connectionFlags.has(name)));
  const found = new Map<string, KubeObject>();
  const byNamespace = Map.groupBy(objects, ({ metadata }) => metadata?.namespace);
  for (const [namespace, some] of byNamespace) {
    const { exitCode, stdout, isTruncated } = await kubectl.read([
      ...connection,
      ...(namespace === undefined ? [] : ["--namespace", namespace]),
      ...["get", "--ignore-not-found", "--output", "json"],
      ...some.map(qualifiedName),
    ], { stderr: "read", maxBytes, signal });
    const read = stdout.trim() === "" ? [] : objectsOf(stdout);
    if (exitCode !== 0 || isTruncated || read === undefined) return undefined;
    for (const object of read) found.set(keyOf(object), object);
  }
  return found;
}

/** The objects of a `kubectl edit`, as they are. */
type EditedObjects = ReadonlyMap<string, KubeObject>;

/** Returns the objects that a `kubectl edit` opens; undefined if they can't be read. */
export async function editedObjects(
  kubectl: KubectlProgram,
  line: KubectlLine,
  signal: AbortSignal,
): Promise<EditedObjects | undefined> {
  const chosen = line.flags.filter(({ name }) => choosingFlags.has(name));
  const { exitCode, stdout, isTruncated } = await kubectl.read([
    ...flagArgs(line.flags.filter(({ name }) => connectionFlags.has(name))),
    ...["get", "--ignore-not-found", "--output", "json"],
    ...flagArgs(chosen),
    ...line.operands,
  ], { stderr: "read", maxBytes, signal });
  const objects = exitCode !== 0 || isTruncated ? undefined : objectsOf(stdout);
  return objects && new Map(objects.map((one) => [keyOf(one), one]));
}

/** Flags by which `edit`, as `get`, chooses objects. */
const choosingFlags: ReadonlySet<string> = new Set([
  ...["-n", "--namespace", "-f", "--filename", "-k", "--kustomize", "-R", "--recursive"],
]);

/** Returns how objects have changed between two reads of them. */
export async function changesBetween(
  before: EditedObjects,
  after: EditedObjects,
): Promise<PreviewedChange[]> {
  const changes = await Promise.all([...after].map(async ([key, now]) => {
    const old = before.get(key);
    const diff = old === undefined ? [] : await objectDiff(old, now);
    return { name: nameOf(now), effect: "change" as const, diff };
  }));
  return changes.filter(({ diff }) => diff.length > 0);
}

function flagArgs(flags: KubectlLine["flags"]): string[] {
  return flags.flatMap(({ name, value }) =>
    value === undefined ? [name] : name.startsWith("--") ? [`${name}=${value}`] : [name, value]
  );
}

function keyOf({ apiVersion = "", kind = "", metadata }: KubeObject): string {
  const [group] = apiVersion.includes("/") ? apiVersion.split("/") : [""];
  return [group, kind, metadata?.namespace ?? "", metadata?.name ?? ""].join(" ");
}

/** `deployment.v1.apps/web`: the very collection that the dry run used. */
function qualifiedName({ apiVersion = "", kind = "", metadata }: KubeObject): string {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  return `${kind.toLowerCase()}.${version}.${group}/${metadata?.name ?? ""}`;
}

/** `deployment.apps/web`, as kubectl prints it. */
function nameOf({ apiVersion = "", kind = "", metadata }: KubeObject): string {
  const group = apiVersion.includes("/") ? `.${apiVersion.split("/")[0]}` : "";
  return `${kind.toLowerCase()}${group}/${metadata?.name ?? ""}`;
}

/* The difference between two states of an object, as lines of YAML. */

/** A line of a difference: unchanged, removed, added; `gap` stands for unchanged lines that are omitted. */
interface DiffLine {
  kind: "same" | "removed" | "added" | "gap";
  text: string;
}

/** Unchanged lines around each change. */
const contextLines = 3;

/** Annotations that only repeat the object. */
const repeated = "kubectl.kubernetes.io/last-applied-configuration";

/** Returns the difference; empty if there is none. Values of Secrets are masked. */
export async function objectDiff(before: KubeObject, after: KubeObject): Promise<DiffLine[]> {
  const [{ stringify }, { structuredPatch }] = await Promise.all([import("yaml"), import("diff")]);
  const [old, now] = withoutSecrets(comparable(before), comparable(after));
  const text = (object: unknown) => stringify(object, { sortMapEntries: true, lineWidth: 0 });
  const { hunks } = structuredPatch("", "", text(old), text(now), "", "", {
    context: contextLines,
  });
  return hunks.flatMap(({ lines }, at): DiffLine[] => [
    ...(at === 0 ? [] : [{ kind: "gap" as const, text: "" }]),
    ...lines.filter((line) => !line.startsWith("\\")).map((line): DiffLine => ({
      kind: line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "same",
      text: line.slice(1),
    })),
  ]);
}

/** Returns an object without what the server itself writes. */
function comparable(object: KubeObject): Fields {
  const { status: _status, metadata, ...rest } = object;
  const {
    managedFields: _managed,
    resourceVersion: _version,
    generation: _generation,
    creationTimestamp: _created,
    uid: _uid,
    annotations = {},
    ...remaining
  } = metadata;
  const shown = Object.entries(annotations).filter(([name]) => name !== repeated);
  return {
    ...rest,
    metadata: {
      ...remaining,
      ...(shown.length === 0 ? {} : { annotations: Object.fromEntries(shown) }),
    },
  };
}

type Fields = Record<string, unknown>;

/** Replaces the values of two states of a Secret, so that only whether they differ is visible. */
function withoutSecrets(before: Fields, after: Fields): [Fields, Fields] {
  if (after.kind !== "Secret") return [before, after];
  const masked = (object: Fields, other: Fields, mark: string) => ({
    ...object,
    ...Object.fromEntries(
      ["data", "stringData"].filter((field) => Object.hasOwn(object, field)).map((field) => [
        field,
        maskedValues(object[field], other[field], mark),
      ]),
    ),
  });
  return [masked(before, after, "*** (before)"), masked(after, before, "*** (after)")];
}

function maskedValues(values: unknown, others: unknown, mark: string): Fields {
  const other = (others ?? {}) as Fields;
  return Object.fromEntries(
    Object.entries((values ?? {}) as Fields).map(([name, value]) => [
      name,
      Object.hasOwn(other, name) && other[name] !== value ? mark : "***",
    ]),
  );
}

/* What runs on the nodes that a command line cordons or drains, and what a drain does to it. */

const NODES: ApiResource = {
  group: "",
  version: "v1",
  plural: "nodes",
  kind: "Node",
  namespaced: false,
};
const BUDGETS: ApiResource = {
  group: "policy",
  version: "v1",
  plural: "poddisruptionbudgets",
  kind: "PodDisruptionBudget",
  namespaced: true,
};

/** One node, and its pods as `namespace/name`. */
export interface NodePreview {
  name: string;
  /** Pods that a drain evicts. */
  evicted: readonly string[];
  /** Pods of DaemonSets: a drain needs `--ignore-daemonsets`, and leaves them. */
  daemons: readonly string[];
  /** Pods without a controller, which nothing replaces: a drain needs `--force`. */
  unmanaged: readonly string[];
  /** Pods that lose an emptyDir: a drain needs `--delete-emptydir-data`. */
  localData: readonly string[];
  /** PodDisruptionBudgets that allow no eviction now, as `namespace/name`. */
  blockedBy: readonly string[];
}

interface Budget extends KubeObject {
  spec?: { selector?: LabelSelector };
  status?: { disruptionsAllowed?: number };
}

/** Returns the nodes of a command line, by name or by its selector. */
async function previewNodes(
  client: KubeClient,
  line: KubectlLine,
  signal: AbortSignal,
): Promise<NodePreview[]> {
  const selector = flagValue(line, "--selector", "-l");
  const names = selector === undefined
    ? line.operands
    : (await listAll<Node>(client, NODES, { labelSelector: selector }, signal))
      .map(({ metadata }) => metadata?.name ?? "");
  const budgets = await listAll<Budget>(client, BUDGETS, {}, signal);
  return await Promise.all(names.map(async (name) => {
    const pods = await listAll<Pod>(
      client,
      PODS,
      { fieldSelector: `spec.nodeName=${name}` },
      signal,
    );
    return previewOf(name, pods, budgets);
  }));
}

/** Returns what a drain does to the pods of a node. Pure. */
export function previewOf(
  name: string,
  pods: readonly Pod[],
  budgets: readonly Budget[],
): NodePreview {
  const running = pods.filter(({ metadata, status }) =>
    metadata?.annotations?.["kubernetes.io/config.mirror"] === undefined &&
    status?.phase !== "Succeeded" && status?.phase !== "Failed"
  );
  const isDaemon = (pod: Pod) => ownerOf(pod)?.kind === "DaemonSet";
  const evicted = running.filter((pod) => !isDaemon(pod));
  const blocking = budgets.filter((budget) =>
    (budget.status?.disruptionsAllowed ?? 0) === 0 &&
    evicted.some((pod) => covers(budget, pod))
  );
  return {
    name,
    evicted: evicted.map(podName),
    daemons: running.filter(isDaemon).map(podName),
    unmanaged: evicted.filter((pod) => ownerOf(pod) === undefined).map(podName),
    localData: evicted.filter(({ spec }) =>
      spec?.volumes?.some(({ emptyDir }) => emptyDir !== undefined) === true
    ).map(podName),
    blockedBy: blocking.map(podName),
  };
}

function ownerOf({ metadata }: Pod) {
  return metadata?.ownerReferences?.find(({ controller }) => controller === true);
}

function podName({ metadata }: Pick<KubeObject, "metadata"> | Pod): string {
  return `${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`;
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#resources-that-support-set-based-requirements */
function covers({ metadata, spec }: Budget, pod: Pod): boolean {
  if (metadata.namespace !== pod.metadata?.namespace || spec?.selector === undefined) return false;
  const labels = pod.metadata?.labels ?? {};
  const { matchLabels = {}, matchExpressions = [] } = spec.selector;
  return Object.entries(matchLabels).every(([name, value]) => labels[name] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      switch (operator) {
        case "In":
          return value !== undefined && values.includes(value);
        case "NotIn":
          return value === undefined || !values.includes(value);
        case "Exists":
          return value !== undefined;
        default:
          return value === undefined;
      }
    });
}
