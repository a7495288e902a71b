/** Resolves a selection in one cluster with the fewest reads. */
import { action, type Hint, hint, joinHints, option } from "../../base/hint.ts";
import { definedOnly } from "../../base/json_value.ts";
import { KodamaError, NoMatchError } from "../../base/errors.ts";
import { plural } from "../../base/plural.ts";
import { didYouMean } from "../../base/nearest_names.ts";
import type { ApiResource, KubeClient, ListScope } from "../client.ts";
import { operandKind } from "../../base/workload_kinds.ts";
import { nearestLabels, nearestMatches, type NearMatch } from "./nearest_matches.ts";
import { namedContainers } from "./pod_operands.ts";
import { type PodsRead, readPods, type Stranger } from "./read_pods.ts";
import { NAMESPACES, PODS } from "../resources.ts";
import { isMeant, type SelectedTargets, selectTargets } from "./selection.ts";
import { selectionScopes, workloadResource } from "./selection_scopes.ts";
import { checkFieldSelector, checkLabelSelector } from "./selectors.ts";
import type { NamePattern, Selection, SkippedPod, Target } from "./target.ts";
import type { KubeObject, Pod } from "../types.ts";

/** The targets that a selection resolves to in one cluster. */
export interface FoundTargets extends SelectedTargets {
  /** The request, in the user's terms. Absent if the targets were given and not searched. */
  requested?: { text: string; scope: string; everywhere: boolean };
  /** The pods of these targets. Absent if no one read them. */
  pods?: readonly Pod[];
  /** Near matches, if nothing was found. */
  nearest: NearMatch[];
}

/** The most names that are searched for near matches. */
const maxNames = 1000;

/** What isn't found. */
export interface AbsentPods {
  /** `target`: a named pod that doesn't exist is one beside others that do, so that it gets an outcome. */
  absent?: "target";
}

/** The pods that the operands of a selection name, or all of its scope. */
interface SelectedPods {
  pods: readonly Pod[];
  strangers: readonly Stranger[];
  /** Named pods that don't exist. */
  absent: readonly Target[];
}

/**
 * Returns the pods of a selection, before its patterns are applied. Throws `usage` for an invalid selector,
 * NoMatchError if a named pod, workload or namespace doesn't exist, and the client's errors.
 */
export async function selectedPods(
  client: KubeClient,
  selection: Selection,
  options: { signal: AbortSignal } & AbsentPods,
): Promise<SelectedPods> {
  if (selection.labelSelector) checkLabelSelector(selection.labelSelector);
  if (selection.fieldSelector) checkFieldSelector(selection.fieldSelector);
  const { signal } = options;
  const { pods, missing, strangers } = await readPods(client, selection, signal);
  const [first] = missing;
  const absent = options.absent === "target" && pods.length > 0
    ? absentTargets(client, selection, missing)
    : undefined;
  if (first !== undefined && absent === undefined) {
    throw await missingError(client, selection, first, signal);
  }
  const names = [...new Set(absent?.map(({ namespace }) => namespace))];
  const scoped = { ...selection, namespaces: { kind: "named" as const, names } };
  await requireNamespaces(client, emptyNamespaces(scoped, pods), signal);
  await requireNamespaces(client, emptyNamespaces(selection, pods), signal);
  return { pods, strangers, absent: absent ?? [] };
}

/**
 * Returns the targets of a selection. Throws as {@link selectedPods} does, and NoMatchError if no pod has the named
 * container.
 */
export async function findTargets(
  client: KubeClient,
  selection: Selection,
  options: { signal: AbortSignal; random: () => number } & AbsentPods,
): Promise<FoundTargets> {
  const { pods, strangers, absent } = await selectedPods(client, selection, options);
  const { context } = client;
  const selected = selectTargets(pods, selection, { context, random: options.random });
  const found = selected.targets.length + selected.skipped.length > 0;
  const requested = {
    text: selectionText(selection),
    scope: scopeText(client, selection),
    everywhere: selection.namespaces.kind === "all",
  };
  const skipped = [...selected.skipped, ...strangers.map(strangerText)];
  const nearest = found ? [] : await nearestTo(client, selection, pods, options.signal);
  const targets = [...selected.targets, ...absent];
  return { ...selected, targets, skipped, pods, requested, nearest };
}

/**
 * Returns the missing pods as targets, which the server refuses. Undefined if their namespace isn't known, if they may
 * exist and be excluded by a selector, or if something else is missing.
 */
function absentTargets(
  client: KubeClient,
  selection: Selection,
  missing: PodsRead["missing"],
): Target[] | undefined {
  const [scope, ...others] = selectionScopes(client, selection);
  const isNarrowed = [selection.labelSelector, selection.fieldSelector, selection.node]
    .some((one) => one !== undefined) || selection.sample !== undefined;
  if (isNarrowed || missing.some(({ plural }) => plural !== PODS.plural)) return undefined;
  const { context } = client;
  const targets: Target[] = [];
  for (const { name, namespace = others.length === 0 ? scope?.namespace : undefined } of missing) {
    if (namespace === undefined) return undefined;
    if (!isMeant({ metadata: { name } }, selection)) continue;
    const [own] = namedContainers(selection, { context, namespace, pod: name });
    const container = selection.container ?? own ?? "";
    const pod = { context, namespace, pod: name, container, node: "", ip: "" };
    targets.push({ ...pod, trouble: "does not exist" });
  }
  return targets;
}

function strangerText({ pod: { metadata }, workload }: Stranger): SkippedPod {
  return {
    namespace: metadata?.namespace ?? "",
    pod: metadata?.name ?? "",
    reason: `has the labels of ${workload}, which doesn't own it`,
  };
}

/** A missing name of the command line is never ignored silently. */
async function missingError(
  client: KubeClient,
  selection: Selection,
  missing: PodsRead["missing"][number],
  signal: AbortSignal,
): Promise<KodamaError> {
  const { plural, name, namespace } = missing;
  const names = namespace === undefined ? [] : [namespace];
  const scoped: Selection = namespace === undefined
    ? selection
    : { ...selection, namespaces: { kind: "named", names } };
  await requireNamespaces(client, scoped, signal);
  const guess = plural === PODS.plural
    ? await podGuess(client, scoped, name, signal)
    : (await didYouMean(name, await namesOf(client, scoped, plural, signal))).slice(2);
  const others = selection.namespaces.kind === "all"
    ? hint`\`${action("pods", { allNamespaces: true })}\` lists the pods`
    : hint`${
      plural === PODS.plural ? hint`\`${action("pods")}\`` : `\`kubectl get ${plural}\``
    } lists the ${plural}; ${option("namespace")} or ${option("allNamespaces")} looks elsewhere`;
  return new NoMatchError(
    `${plural} "${name}" not found in ${scopeText(client, scoped)} (context ${client.context})`,
    { hint: guess || others },
  );
}

/** Returns the hint for a name that no pod has: a label, a workload, a part of names, or a similar name. */
async function podGuess(
  client: KubeClient,
  selection: Selection,
  name: string,
  signal: AbortSignal,
): Promise<Hint> {
  if (name.includes("=")) return hint`did you mean ${option("selector", name)}?`;
  const { pods } = await readPods(client, { ...selection, operands: [] }, signal);
  const names = pods.map(({ metadata }) => metadata?.name ?? "");
  const matching = names.filter((one) => one.includes(name));
  if (matching.length === 0) return (await didYouMean(name, names)).slice(2);
  const owned = pods.map(workloadOf).filter((one) => one?.split("/")[1] === name);
  const [workload] = owned;
  const ways = [
    ...(workload === undefined ? [] : [`${workload} (${plural(owned.length, "pod")})`]),
    hint`${option("match", name)} (${plural(matching.length, "pod")})`,
  ];
  return hint`did you mean ${joinHints(ways, " or ")}?`;
}

/** Returns `sts/db`: the pod's owner by its own metadata. For a ReplicaSet it is the Deployment that named it. */
function workloadOf({ metadata }: Pod): string | undefined {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller);
  const kind = owner && operandKind(owner.apiVersion, owner.kind);
  if (owner === undefined || kind === undefined) return undefined;
  const { name } = owner;
  const hash = metadata?.labels?.["pod-template-hash"];
  const isDeployed = kind === "rs" && hash !== undefined && name.endsWith(`-${hash}`);
  return isDeployed ? `deploy/${name.slice(0, -hash.length - 1)}` : `${kind}/${name}`;
}

/** Returns the names of a kind in the selection's scope. None if they may not be listed. */
async function namesOf(
  client: KubeClient,
  selection: Selection,
  plural: string,
  signal: AbortSignal,
): Promise<string[]> {
  const resource = workloadResource(plural);
  const names = selectionScopes(client, selection).map(({ namespace }) =>
    listedNames(client, resource, definedOnly({ namespace }), signal)
  );
  return (await Promise.all(names)).flat();
}

/** Returns the selection with those of its named namespaces that have none of these pods. */
function emptyNamespaces(selection: Selection, pods: readonly Pod[]): Selection {
  const { namespaces } = selection;
  if (namespaces.kind !== "named") return selection;
  const used = new Set(pods.map(({ metadata }) => metadata?.namespace));
  const names = namespaces.names.filter((name) => !used.has(name));
  return { ...selection, namespaces: { kind: "named", names } };
}

/** A missing namespace looks like an empty one to a list. */
async function requireNamespaces(
  client: KubeClient,
  { namespaces }: Selection,
  signal: AbortSignal,
): Promise<void> {
  if (namespaces.kind !== "named") return;
  for (const name of namespaces.names) {
    try {
      await client.get(NAMESPACES, name, {}, { signal });
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      if (error.kind === "notFound") {
        const known = await listedNames(client, NAMESPACES, {}, signal);
        const guess = name.includes(",")
          ? hint`${option("namespace")} may be given several times, each with one name`
          : (await didYouMean(name, known)).slice(2);
        throw new NoMatchError(`no namespace "${name}" (context ${client.context})`, {
          hint: guess || "`kubectl get namespaces` lists them",
        });
      }
      // A user who may not read namespaces can still use the pods in them.
    }
  }
}

/** None if they may not be listed. */
async function listedNames(
  client: KubeClient,
  resource: ApiResource,
  scope: ListScope,
  signal: AbortSignal,
): Promise<string[]> {
  try {
    const names: string[] = [];
    for await (const { items } of client.list<KubeObject>(resource, scope, { signal })) {
      names.push(...items.map(({ metadata }) => metadata?.name ?? ""));
      if (names.length >= maxNames) break;
    }
    return names;
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    return [];
  }
}

async function nearestTo(
  client: KubeClient,
  selection: Selection,
  pods: readonly Pod[],
  signal: AbortSignal,
): Promise<NearMatch[]> {
  const { labelSelector, operands, match } = selection;
  if (pods.length > 0 || labelSelector === undefined || operands.length > 0) {
    return await nearestMatches(match, pods.map(({ metadata }) => metadata?.name ?? ""));
  }
  const { labelSelector: _, ...others } = selection;
  const unlabelled = await readPods(client, others, signal);
  return await nearestLabels(labelSelector, unlabelled.pods);
}

function scopeText(client: KubeClient, selection: Selection): string {
  return scopeWords(selection, client.defaultNamespace);
}

/* The text of a selection, as messages name it. */

/** Returns `"drive", label app=web`; empty if all pods are selected. */
export function selectionText(selection: Selection): string {
  const { match, exclude, labelSelector, fieldSelector, node, operands } = selection;
  const names = operands.map((one) => {
    if (one.kind === "workload") return `${one.plural}/${one.name}`;
    return one.namespace === undefined ? one.name : `${one.namespace}/${one.name}`;
  });
  return [
    ...names,
    ...match.map((pattern) => patternText(pattern)),
    ...exclude.map((pattern) => `not ${patternText(pattern)}`),
    ...(labelSelector === undefined ? [] : [`label ${labelSelector}`]),
    ...(fieldSelector === undefined ? [] : [`field ${fieldSelector}`]),
    ...(node === undefined ? [] : [`node ${node}`]),
  ].join(", ");
}

function patternText(pattern: NamePattern): string {
  return pattern.kind === "substring" ? JSON.stringify(pattern.text) : `/${pattern.regExp.source}/`;
}

/** Returns the searched scope: `namespace "web"`, `namespaces "a" and "b"`, `any namespace`. */
function scopeWords(
  { namespaces }: Pick<Selection, "namespaces">,
  defaultNamespace: string,
): string {
  switch (namespaces.kind) {
    case "all":
      return "any namespace";
    case "default":
      return `namespace "${defaultNamespace}"`;
    case "named": {
      const names = namespaces.names.map((name) => `"${name}"`);
      return names.length === 1 ? `namespace ${names[0]}` : `namespaces ${names.join(", ")}`;
    }
  }
}
