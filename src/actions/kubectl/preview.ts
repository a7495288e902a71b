/**
 * The effects of a kubectl command line, before it runs: by the server's dry run of the very same command line, and by
 * the difference between its result and the objects as they are.
 */
import { parseApiVersion } from "../../base/api_version.ts";
import { type KubectlLine, parseKubectl, withFlags } from "../../gate/kubectl.ts";
import { flagValue, isOn, objectSources } from "../../gate/kubectl_rating.ts";
import { definedOnly, isRecord } from "../../base/json_value.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { KubeObject, ObjectMeta } from "../../kube/types.ts";
import type { Host } from "../host.ts";
import type { KubectlPlan } from "./guard.ts";
import { isOneTime, jsonDocuments, valuesIn } from "./objects.ts";
import type { KubectlProgram } from "./program.ts";
import { type NodePreview, previewNodes } from "./nodes.ts";

/** An object that a command line would change. */
export interface PreviewedChange {
  /** `deployment.apps/web`. */
  name: string;
  /** Absent if the object has none. */
  namespace?: string;
  /** Identifies the object: another object of its name has another uid; absent if it doesn't exist, or isn't known. */
  uid?: string;
  effect: "create" | "change" | "replace" | "delete" | "none";
  diff: readonly DiffLine[];
  /** The objects in a namespace that is deleted, by kind; `undefined` if they aren't known. */
  contents?: readonly string[] | undefined;
}

/** The effects of a command line. */
export type KubectlPreview =
  /** Nothing can tell before it runs; `why` says so for a verb whose objects are usually known. */
  | { kind: "unknown"; why?: string }
  /** `failure`: the part that kubectl can't do, in its own words; it does the rest. */
  | { kind: "objects"; objects: readonly PreviewedChange[]; failure?: string }
  | {
    kind: "nodes";
    verb: "cordon" | "uncordon" | "drain";
    nodes: readonly NodePreview[];
    failure?: string;
  };

/** Verbs whose dry run prints the objects as they would be. */
const printing: ReadonlySet<string> = new Set([
  ...["annotate", "apply", "autoscale", "create", "expose", "label", "patch", "replace", "run"],
  ...["scale", "set", "taint"],
]);

/** Verbs without a dry run, which change the objects that the same choice of `kubectl get` prints. */
const listed: ReadonlySet<string> = new Set([
  ...["apply edit-last-applied", "apply set-last-applied", "auth reconcile", "edit", "replace"],
  ...["rollout pause", "rollout restart", "rollout resume"],
]);

/** Flags that choose objects, and which none of them has: kubectl refuses the command line. */
const unlisted: ReadonlySet<string> = new Set([
  ...["-A", "--all", "--all-namespaces", "--field-selector"],
]);

/** The result of a dry run is read up to this size. */
const maxBytes = 16 * 1024 * 1024;

/** The differences of more objects aren't computed. */
const maxDiffs = 50;

/** Objects in more namespaces aren't read. */
const maxNamespaces = 10;

/** Returns whether kubectl's verb knows `--dry-run`. */
export function hasDryRun(line: KubectlLine): boolean {
  const [verb = "", part] = line.verb;
  if (verb === "replace") return !isOn(line, "--force");
  return verb === "delete" || verb === "drain" || verb === "cordon" || verb === "uncordon" ||
    printing.has(verb) && part?.endsWith("-applied") !== true && part !== "token" ||
    verb === "rollout" && part === "undo";
}

/** Returns the effects of a plan's command line. */
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
    if (client === undefined) return { kind: "unknown", why: "not known: another connection" };
    return { kind: "nodes", verb, ...await previewNodes(client, line, signal) };
  }
  const { files, kustomizations } = objectSources(line);
  const source = [...files, ...kustomizations].find(isOneTime);
  if (source !== undefined) {
    return { kind: "unknown", why: `not known: ${source} can be read only once` };
  }
  if (line.flags.some(({ name }) => name === "--raw")) return { kind: "unknown" };
  if (hasDryRun(line)) {
    return verb === "delete"
      ? await previewDeletion(kubectl, plan, signal)
      : await previewResult(kubectl, plan, signal);
  }
  if (!listed.has(line.verb.join(" ")) && !listed.has(verb)) return { kind: "unknown" };
  const refused = line.flags.find(({ name }) => unlisted.has(name));
  if (refused !== undefined) {
    return { kind: "unknown", why: `not known: this verb of kubectl has no ${refused.name}` };
  }
  if (verb === "replace") return await previewReplacement(kubectl, plan, signal);
  const { objects, failure } = await chosenObjects(kubectl, plan, signal);
  const changes = objects.map((one): PreviewedChange => ({
    ...identityOf(one),
    effect: isRefused(line, one.name, one.isPaused) ? "none" : "change",
    diff: [],
  }));
  return { kind: "objects", objects: changes, ...definedOnly({ failure }) };
}

/** Returns whether kubectl refuses to pause, resume or restart an object. */
function isRefused({ verb: [verb, part] }: KubectlLine, name: string, isPaused: boolean): boolean {
  if (verb !== "rollout") return false;
  const [kind = ""] = name.split("/");
  if (part !== "restart") return kind !== "deployment.apps" || isPaused === (part === "pause");
  return !/^(?:deployment|statefulset|daemonset)\.apps$/.test(kind) || isPaused;
}

/** The answer of a server's dry run. */
async function dryRun(
  kubectl: KubectlProgram,
  { args, input }: KubectlPlan,
  format: "name" | "json",
  signal: AbortSignal,
): Promise<{ stdout: string; isTruncated: boolean; failure?: string }> {
  const { exitCode, stdout, stderr, isTruncated } = await kubectl.read(
    withFlags(args, ["--dry-run=server", "--output", format]),
    { stderr: "read", maxBytes, signal, ...definedOnly({ input }) },
  );
  return { stdout, isTruncated, ...(exitCode === 0 ? {} : { failure: stderr.trim() }) };
}

/** Returns the objects of a deletion: kubectl prints their names alone, and `kubectl get` has the namespaces. */
async function previewDeletion(
  kubectl: KubectlProgram,
  plan: KubectlPlan,
  signal: AbortSignal,
): Promise<KubectlPreview> {
  const [{ stdout, isTruncated, ...failure }, { objects: chosen }] = await Promise.all([
    dryRun(kubectl, plan, "name", signal),
    chosenObjects(kubectl, plan, signal),
  ]);
  if (isTruncated) return { kind: "unknown", why: "too many objects to show" };
  const names = stdout.split("\n").filter((line) => /^[^\s/]+\/\S+$/.test(line));
  const isWhole = sameTexts(names, chosen.map(({ name }) => name));
  const found: ChosenObject[] = isWhole ? chosen.map(identityOf) : names.map((name) => ({ name }));
  const objects = await Promise.all(found.map(async (one): Promise<PreviewedChange> => {
    const [kind, name = ""] = one.name.split("/");
    const deleted = { ...one, effect: "delete" as const, diff: [] };
    if (kind !== "namespace" || found.length > maxNamespaces) return deleted;
    const { namespaceContents } = await import("./namespace_contents.ts");
    const connection = connectionArgs(plan.judgement.line);
    return { ...deleted, contents: await namespaceContents(kubectl, name, { connection, signal }) };
  }));
  return { kind: "objects", objects, ...failure };
}

/** `replace --force`, which has no dry run: existing objects are deleted, then all of the manifests is created. */
async function previewReplacement(
  kubectl: KubectlProgram,
  { args, input, ...plan }: KubectlPlan,
  signal: AbortSignal,
): Promise<KubectlPreview> {
  if (input === undefined) return { kind: "unknown", why: "not known: they can't be read here" };
  const line = parseKubectl(args);
  const whole = { ...plan, args: [...args, "--ignore-not-found"], input };
  const { objects, failure } = await chosenObjects(kubectl, whole, signal);
  const replaced = new Map(objects.map((one) => [`${one.namespace ?? ""}/${one.name}`, one]));
  const namespace = flagValue(line, "-n", "--namespace") ?? plan.scope?.namespace;
  const all = await valuesIn(new TextDecoder().decode(input)) ?? [];
  const other = all.find(({ metadata }) => (metadata.namespace ?? namespace) !== namespace);
  if (flagValue(line, "-n", "--namespace") !== undefined && other !== undefined) {
    return {
      kind: "objects",
      objects: objects.map((one) => ({ ...identityOf(one), effect: "delete", diff: [] })),
      failure: `${nameOf(other)} is in namespace ${String(other.metadata.namespace)}, ` +
        "which the command isn't for: kubectl deletes these, and creates none",
    };
  }
  const changes = all.map((value): PreviewedChange => {
    const { apiVersion = "", metadata } = value;
    const created = createdOf({
      ...value,
      apiVersion: String(apiVersion),
      metadata: { namespace, ...metadata } as ObjectMeta,
    });
    const old = replaced.get(`${created.namespace ?? ""}/${created.name}`) ??
      replaced.get(`/${created.name}`);
    return old === undefined
      ? { ...created, effect: "create", diff: [] }
      : { ...identityOf(old), effect: "replace", diff: [] };
  });
  return {
    kind: "objects",
    objects: failure === undefined ? changes : [],
    ...definedOnly({ failure }),
  };
}

/** The objects as the dry run prints them, compared with those that exist. */
async function previewResult(
  kubectl: KubectlProgram,
  plan: KubectlPlan,
  signal: AbortSignal,
): Promise<KubectlPreview> {
  const { line } = plan.judgement;
  const { stdout, isTruncated, ...failure } = await resultOf(kubectl, plan, signal);
  if (isTruncated) return { kind: "unknown", why: "too many objects to show" };
  const documents = objectsOf(stdout);
  if (documents === undefined) {
    return { kind: "unknown", why: "not known: no objects were printed" };
  }
  // The list of applied objects comes first, then each object that is pruned.
  const [applied = [], ...others] = documents;
  const isPruning = line.verb[0] === "apply" && isOn(line, "--prune");
  const after = isPruning ? applied : documents.flat();
  // The dry run of a scale prints the objects as they were.
  const replicas = flagValue(line, "--replicas");
  if (line.verb[0] === "scale" && replicas !== undefined) {
    for (const object of after) {
      object.spec = { ...object.spec as Record<string, unknown>, replicas: Number(replicas) };
    }
  }
  const { known, unknown } = line.verb[0] === "rollout"
    ? await restored(kubectl, line, after, signal)
    : { known: after, unknown: [] };
  const objects = await compared(kubectl, line, known, signal);
  const pruned = isPruning ? others.flat() : [];
  return {
    kind: "objects",
    objects: [
      ...objects,
      ...unknown.map((object) => ({ ...chosenOf(object), effect: "change" as const, diff: [] })),
      ...pruned.map((object) => ({ ...chosenOf(object), effect: "delete" as const, diff: [] })),
    ],
    ...failure,
  };
}

/**
 * The dry run's objects. `apply` prints none of them if it fails for a single object, but names those that pass: a dry
 * run of these alone has them.
 */
async function resultOf(
  kubectl: KubectlProgram,
  plan: KubectlPlan,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<typeof dryRun>>> {
  const whole = await dryRun(kubectl, plan, "json", signal);
  const isApply = plan.judgement.line.verb.join(" ") === "apply";
  if (whole.failure === undefined || !isApply || plan.input === undefined) return whole;
  const { stdout, isTruncated } = await dryRun(kubectl, plan, "name", signal);
  const passing = new Set(stdout.split("\n"));
  if (isTruncated || stdout.trim() === "") return whole;
  const items = (await valuesIn(new TextDecoder().decode(plan.input)) ?? [])
    .filter((object) => passing.has(nameOf(object)));
  const input = new TextEncoder().encode(JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  const { stdout: objects } = await dryRun(kubectl, { ...plan, input }, "json", signal);
  return { ...whole, stdout: objects };
}

/**
 * Returns workloads as `rollout undo` makes them, whose dry run prints them as they are; `unknown` are those whose
 * revisions can't be read.
 */
async function restored(
  kubectl: KubectlProgram,
  line: KubectlLine,
  workloads: readonly KubeObject[],
  signal: AbortSignal,
): Promise<{ known: KubeObject[]; unknown: KubeObject[] }> {
  const { revisionKinds, undone } = await import("./undo.ts");
  const to = Number(flagValue(line, "--to-revision") ?? 0);
  const groups = Map.groupBy(
    workloads,
    ({ kind, metadata }) => JSON.stringify([revisionKinds[kind], metadata?.namespace ?? ""]),
  );
  const all = await Promise.all([...groups].map(async ([key, some]) => {
    const [kind = "", namespace = ""] = JSON.parse(key) as string[];
    const { stdout } = await kubectl.read([
      ...connectionArgs(line),
      ...["get", kind, "--namespace", namespace, "--output", "json"],
    ], { stderr: "read", maxBytes, signal });
    const revisions = objectsOf(stdout)?.flat() ?? [];
    return some.map((workload) => ({ workload, after: undone(workload, revisions, to) }));
  }));
  return {
    known: all.flat().flatMap(({ after }) => after ?? []),
    unknown: all.flat().flatMap(({ workload, after }) => after === undefined ? workload : []),
  };
}

/** An object as `kubectl get` lists it. */
type ChosenObject = Pick<PreviewedChange, "name" | "namespace" | "uid">;

function chosenOf({ metadata, ...object }: KubeObject): ChosenObject {
  const { namespace, uid } = metadata ?? {};
  return { name: nameOf({ ...object, metadata }), ...definedOnly({ namespace, uid }) };
}

function identityOf({ name, namespace, uid }: ChosenObject): ChosenObject {
  return { name, ...definedOnly({ namespace, uid }) };
}

/** A dry run gives each object that it creates another uid, and maybe another name. */
function createdOf(object: KubeObject): ChosenObject {
  const { namespace, generateName } = object.metadata ?? {};
  const metadata = generateName === undefined
    ? object.metadata
    : { ...object.metadata, name: `${generateName}*` };
  return { name: nameOf({ ...object, metadata }), ...definedOnly({ namespace }) };
}

/** Flags by which `get` chooses objects, as other verbs do. */
const choosingFlags: ReadonlySet<string> = new Set([
  ...["-A", "--all-namespaces", "-l", "--selector", "--field-selector"],
  ...["-n", "--namespace", "-f", "--filename", "-k", "--kustomize", "-R", "--recursive"],
]);

const columns: readonly string[] = [
  ...["apiVersion", "kind", "metadata.namespace", "metadata.name", "metadata.uid", "spec.paused"],
];

/** Returns the existing objects that a command line chooses, and why others can't be listed. */
async function chosenObjects(
  kubectl: KubectlProgram,
  { args, input }: KubectlPlan,
  signal: AbortSignal,
): Promise<{ objects: (ChosenObject & { isPaused: boolean })[]; failure?: string }> {
  const line = parseKubectl(args);
  const { exitCode, stdout, stderr, isTruncated } = await kubectl.read([
    ...connectionArgs(line),
    ...["get", "--no-headers"],
    ...(isOn(line, "--ignore-not-found") ? ["--ignore-not-found"] : []),
    ...["--output", `custom-columns=${columns.map((path) => `C:.${path}`).join(",")}`],
    ...flagArgs(line.flags.filter(({ name }) => choosingFlags.has(name))),
    ...line.operands,
  ], { stderr: "read", maxBytes, signal, ...definedOnly({ input }) });
  if (isTruncated) return { objects: [], failure: "too many objects to show" };
  const objects = stdout.split("\n").filter((row) => row.trim() !== "").map((row) => {
    const [apiVersion = "", kind = "", namespace = "", name = "", uid = "", paused] = row.trim()
      .split(/\s+/);
    const named = namespace === "<none>" ? {} : { namespace };
    const chosen = chosenOf({ apiVersion, kind, metadata: { name, uid, ...named } });
    return { ...chosen, isPaused: paused === "true" };
  });
  return { objects, ...(exitCode === 0 ? {} : { failure: stderr.trim() }) };
}

function sameTexts(some: readonly string[], others: readonly string[]): boolean {
  const sorted = others.toSorted();
  return some.length === others.length &&
    some.toSorted().every((text, at) => text === sorted[at]);
}

/** Undefined if the command line uses another server, or another user, than its context. */
async function clientOf(
  host: Host,
  { judgement, scope }: KubectlPlan,
): Promise<KubeClient | undefined> {
  const isOther = judgement.dangers.some(({ kind }) => kind === "otherConnection");
  return isOther || scope === undefined ? undefined : await host.kube(scope.context);
}

/** Returns the objects of each document that kubectl has printed; undefined if it printed something else. */
function objectsOf(text: string): KubeObject[][] | undefined {
  return jsonDocuments(text)?.map((value) => {
    const object = value as KubeObject & { items?: KubeObject[] };
    return object.kind === "List" ? object.items ?? [] : [object];
  });
}

/** Flags that choose the server and the user of a command line. */
const connectionFlags: ReadonlySet<string> = new Set([
  ...["--as", "--as-group", "--as-uid", "--as-user-extra", "--certificate-authority"],
  ...["--client-certificate", "--client-key", "--cluster", "--context"],
  ...["--insecure-skip-tls-verify", "--kubeconfig", "--password", "--request-timeout", "-s"],
  ...["--server", "--tls-server-name", "--token", "--user", "--username"],
]);

/** Returns the flags of a command line that choose its server and user, as args of another command line. */
export function connectionArgs(line: KubectlLine): string[] {
  return flagArgs(line.flags.filter(({ name }) => connectionFlags.has(name)));
}

async function compared(
  kubectl: KubectlProgram,
  line: KubectlLine,
  after: readonly KubeObject[],
  signal: AbortSignal,
): Promise<PreviewedChange[]> {
  const before = after.length > maxDiffs ? undefined : await current(kubectl, line, after, signal);
  return await Promise.all(after.map(async (object): Promise<PreviewedChange> => {
    const old = before?.get(keyOf(object));
    const named = old === undefined ? createdOf(object) : chosenOf(old);
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
  const connection = connectionArgs(line);
  const found = new Map<string, KubeObject>();
  const byNamespace = Map.groupBy(objects, ({ metadata }) => metadata?.namespace);
  for (const [namespace, some] of byNamespace) {
    const { exitCode, stdout, isTruncated } = await kubectl.read([
      ...connection,
      ...(namespace === undefined ? [] : ["--namespace", namespace]),
      ...["get", "--ignore-not-found", "--output", "json"],
      ...some.map(qualifiedName),
    ], { stderr: "read", maxBytes, signal });
    const read = objectsOf(stdout)?.flat();
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
    ...connectionArgs(line),
    ...["get", "--ignore-not-found", "--output", "json"],
    ...flagArgs(chosen),
    ...line.operands,
  ], { stderr: "read", maxBytes, signal });
  const objects = exitCode !== 0 || isTruncated ? undefined : objectsOf(stdout)?.flat();
  return objects && new Map(objects.map((one) => [keyOf(one), one]));
}

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
  const { group } = parseApiVersion(apiVersion);
  return [group, kind, metadata?.namespace ?? "", metadata?.name ?? ""].join(" ");
}

/** `deployment.v1.apps/web`: the very collection that the dry run used. */
function qualifiedName({ apiVersion = "", kind = "", metadata }: KubeObject): string {
  const { group, version } = parseApiVersion(apiVersion);
  return `${kind.toLowerCase()}.${version}.${group}/${metadata?.name ?? ""}`;
}

/** `deployment.apps/web`, as kubectl prints it. */
function nameOf(
  { apiVersion = "", kind = "", metadata }: {
    apiVersion?: unknown;
    kind?: string;
    metadata?: { name?: unknown };
  },
): string {
  const { group } = parseApiVersion(String(apiVersion));
  return `${[kind.toLowerCase(), group].filter((one) => one !== "").join(".")}/${
    metadata?.name ?? ""
  }`;
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

/** Returns an object without the fields that the server itself writes. */
function comparable(object: KubeObject): Fields {
  const { status: _status, metadata, ...rest } = withoutNullTimes(object) as KubeObject;
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

/** Without the `creationTimestamp: null` of templates that kubectl's own types add. */
function withoutNullTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNullTimes);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([name, one]) => name !== "creationTimestamp" || one !== null)
      .map(([name, one]) => [name, withoutNullTimes(one)]),
  );
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
