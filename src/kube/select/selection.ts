/** Resolves pods to targets: which of them a selection matches, which container of each, in which order. Pure. */
import { NoMatchError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import { isNamedPod, namedContainers } from "./pod_operands.ts";
import type { NamePattern, Selection, SkippedPod, Target } from "./target.ts";
import type { ContainerStatus, Pod } from "../types.ts";
import { plainText } from "../../base/plain_text.ts";

/** The targets that a selection resolves to. */
export interface SelectedTargets {
  targets: Target[];
  /** Matching pods that can't be used, in the same order. */
  skipped: SkippedPod[];
}

/** https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-default-container */
const defaultContainer = "kubectl.kubernetes.io/default-container";

/** Containers that meshes and agents inject, some of them in the first place: no program of the pod's own is in them. */
const injected: readonly string[] = [
  "consul-dataplane",
  "daprd",
  "istio-proxy",
  "kuma-sidecar",
  "linkerd-proxy",
  "vault-agent",
];

/**
 * Applies all of a selection that the server didn't: patterns, node, phase, container, order, sample. Throws
 * NoMatchError if no pod has the requested container.
 */
export function selectTargets(
  pods: readonly Pod[],
  selection: Selection,
  options: { context: string; random: () => number },
): SelectedTargets {
  const targets: Target[] = [];
  const skipped: SkippedPod[] = [];
  const matching = sorted(pods.filter((pod) => isMeant(pod, selection)), selection.sort);
  if (selection.container !== undefined) requireContainer(matching, selection.container);
  for (const pod of matching) {
    const [namespace, name] = [pod.metadata?.namespace ?? "", pod.metadata?.name ?? ""];
    const uid = pod.metadata?.uid;
    const named = { context: options.context, namespace, pod: name };
    const own = namedContainers(selection, named);
    const containers = selection.container === undefined && own.length > 0
      ? own
      : [selection.container];
    // The server judges a pod that the user named: its answer is the outcome.
    const isTried = selection.allPhases || isNamedPod(selection, named);
    for (const container of containers) {
      const choice = usableContainer(pod, { container, isTried });
      if (choice.kind === "skipped") {
        skipped.push({ namespace, pod: name, reason: choice.reason });
        continue;
      }
      targets.push({
        context: options.context,
        namespace,
        pod: name,
        container: choice.container,
        node: pod.spec?.nodeName ?? "",
        ip: pod.status?.podIP ?? "",
        ...(uid === undefined ? {} : { uid }),
        ...definedOnly({ outOf: choice.outOf, trouble: choice.trouble }),
      });
    }
  }
  return { targets: chosen(targets, selection, options.random), skipped };
}

/** Returns whether a name matches: a plain text is a part of it. */
export function matchesPattern(name: string, pattern: NamePattern): boolean {
  if (pattern.kind === "substring") return name.includes(pattern.text);
  // A user's own expression may have the flags g or y, which store the last position.
  pattern.regExp.lastIndex = 0;
  return pattern.regExp.test(name);
}

/**
 * Returns whether a pod's name matches. A text doesn't match by chance in what a controller generated: the hash of a
 * template and five letters, which change with each rollout. It may be the generated part as a whole.
 */
function matchesPod({ metadata = {} }: Pod, pattern: NamePattern): boolean {
  const { name = "", labels = {}, generateName = "", ownerReferences = [] } = metadata;
  if (pattern.kind !== "substring") return matchesPattern(name, pattern);
  const isGenerated = generateName !== "" && name.startsWith(generateName) &&
    name.length === generateName.length + 5 &&
    // The names of its pods end with ordinals.
    !ownerReferences.some(({ kind, controller }) => controller && kind === "StatefulSet");
  if (!isGenerated) return matchesPattern(name, pattern);
  const hash = labels["pod-template-hash"] ?? "";
  const isHashed = hash !== "" && generateName.endsWith(`-${hash}-`);
  const given = isHashed ? generateName.slice(0, -hash.length - 1) : generateName;
  const at = name.indexOf(pattern.text);
  const suffix = name.slice(generateName.length);
  return at >= 0 && at < given.length ||
    [suffix, ...(isHashed ? [hash, `${hash}-${suffix}`] : [])].includes(pattern.text);
}

/** Returns whether a pod matches the parts of a selection that the server doesn't judge. */
export function isMeant(pod: Pod, { match, exclude, node }: Selection): boolean {
  return (match.length === 0 || match.some((pattern) => matchesPod(pod, pattern))) &&
    !exclude.some((pattern) => matchesPod(pod, pattern)) &&
    (node === undefined || pod.spec?.nodeName === node);
}

/** Returns every container that may be named, the regular ones first. */
export function containerNames(pod: Pod): string[] {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  return [...containers, ...initContainers, ...ephemeralContainers].map(({ name }) => name);
}

/** The container of a pod for which none is named, and why it is that. */
interface MainContainer {
  container: string;
  /** As {@link Target.outOf}. */
  outOf?: readonly string[];
  /** An annotation names it, and there is no such container. */
  isWrong?: true;
}

/** An annotation that names no container is wrong if the pod has several: another one isn't what its author meant. */
function mainContainer(pod: Pod): MainContainer {
  const names = (pod.spec?.containers ?? []).map(({ name }) => name);
  const [first = "", ...others] = names;
  const annotated = pod.metadata?.annotations?.[defaultContainer];
  if (annotated !== undefined && containerNames(pod).includes(annotated)) {
    return { container: annotated };
  }
  if (others.length === 0) return { container: first };
  if (annotated !== undefined) return { container: plainText(annotated, 80), isWrong: true };
  return { container: names.find((name) => !injected.includes(name)) ?? first, outOf: names };
}

/** A usable container, or why it isn't. */
type ContainerUse =
  | { kind: "usable"; container: string; outOf?: readonly string[]; trouble?: string }
  | { kind: "skipped"; reason: string };

function usableContainer(
  pod: Pod,
  { container: named, isTried }: { container: string | undefined; isTried: boolean },
): ContainerUse {
  const { isWrong, ...main } = named === undefined ? mainContainer(pod) : { container: named };
  const names = containerNames(pod);
  const lacks = `has no container "${main.container}"`;
  const all = `(it has ${names.join(", ")})`;
  const reason = isWrong
    ? `${lacks}, which its annotation ${defaultContainer} names ${all}`
    : names.includes(main.container)
    ? notUsable(pod, main.container)
    : `${lacks} ${all}`;
  if (reason === undefined) return { kind: "usable", ...main };
  return isTried || isWrong
    ? { kind: "usable", ...main, trouble: reason }
    : { kind: "skipped", reason };
}

/** A name that no pod has is a typo, and not a reason to skip every pod. */
function requireContainer(pods: readonly Pod[], required: string): void {
  const names = new Set(pods.flatMap(containerNames));
  if (pods.length === 0 || names.has(required)) return;
  const which = pods.length === 1
    ? `pod "${pods[0]?.metadata?.name}" has`
    : `none of the ${pods.length} pods that match has`;
  throw new NoMatchError(
    `${which} ${pods.length === 1 ? "no" : "a"} container "${required}"`,
    { hint: `the containers are: ${[...names].slice(0, 20).join(", ")}` },
  );
}

function sorted(pods: readonly Pod[], by: Selection["sort"]): Pod[] {
  const byName = (a: Pod, b: Pod) =>
    compareNatural(a.metadata?.namespace ?? "", b.metadata?.namespace ?? "") ||
    compareNatural(a.metadata?.name ?? "", b.metadata?.name ?? "");
  switch (by) {
    case "name":
      return pods.toSorted(byName);
    case "age":
      // The oldest first. RFC 3339 in UTC, as the server writes it, sorts as text.
      return pods.toSorted((a, b) =>
        compareNatural(
          String(a.metadata?.creationTimestamp ?? ""),
          String(b.metadata?.creationTimestamp ?? ""),
        ) || byName(a, b)
      );
    case "node":
      return pods.toSorted((a, b) =>
        compareNatural(a.spec?.nodeName ?? "", b.spec?.nodeName ?? "") || byName(a, b)
      );
  }
}

/** A sample preserves the order of its source. */
function chosen(targets: Target[], { sample, shuffle }: Selection, random: () => number): Target[] {
  if (!shuffle && (sample === undefined || sample >= targets.length)) return targets;
  const mixed = shuffled(targets.map((_, index) => index), random).slice(0, sample);
  const order = shuffle ? mixed : mixed.toSorted((a, b) => a - b);
  return order.flatMap((index) => targets[index] ?? []);
}

/** Fisher-Yates: every order equally likely. */
function shuffled(items: readonly number[], random: () => number): number[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other] ?? 0, mixed[last] ?? 0];
  }
  return mixed;
}

/* Natural order: `drive-2` before `drive-10`. */

/** Compares for `sort`. Runs of digits compare as numbers, all else by code unit: the same on every machine. */
export function compareNatural(a: string, b: string): number {
  const [left, right] = [pieces(a), pieces(b)];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const order = comparePieces(left[index] ?? "", right[index] ?? "");
    if (order !== 0) return order;
  }
  // Names that differ only in leading zeros still need one order.
  return left.length - right.length || compareText(a, b);
}

function pieces(text: string): string[] {
  return text.match(/\d+|\D+/g) ?? [];
}

function comparePieces(a: string, b: string): number {
  if (!/^\d/.test(a) || !/^\d/.test(b)) return compareText(a, b);
  const [x, y] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  return x.length - y.length || compareText(x, y);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/* Why a pod can't be used right now, in the terms of `kubectl get pods`. */

/** Returns `is Pending: 0/1 containers ready, ImagePullBackOff`; undefined for a running container. */
function notUsable(pod: Pod, container: string): string | undefined {
  const { status = {}, metadata = {} } = pod;
  if (metadata.deletionTimestamp !== undefined) return "is terminating";
  const phase = nonEmpty(status.phase) ?? "Unknown";
  if (phase === "Succeeded") return "has completed";
  if (phase === "Failed") {
    const reason = nonEmpty(status.reason) ?? firstTrouble(pod);
    return reason === undefined ? "has failed" : `has failed: ${reason}`;
  }
  const own = statuses(pod).find(({ name }) => name === container);
  // An init or an ephemeral container may run in a pod that is Pending.
  if (own?.state?.running !== undefined) return undefined;
  if (phase === "Running") return containerTrouble(container, own);
  const all = status.containerStatuses ?? [];
  const total = pod.spec?.containers?.length ?? all.length;
  const ready = all.filter((one) => one.ready).length;
  const trouble = firstTrouble(pod) ?? unscheduled(pod);
  return `is ${phase}: ${ready}/${total} containers ready${
    trouble === undefined ? "" : `, ${trouble}`
  }`;
}

/** Without a status there is nothing against it: the server decides. */
function containerTrouble(name: string, own: ContainerStatus | undefined): string | undefined {
  const { waiting, terminated } = own?.state ?? {};
  if (waiting !== undefined) {
    return `container "${name}" is not running: ${nonEmpty(waiting.reason) ?? "waiting"}`;
  }
  if (terminated === undefined) return undefined;
  return `container "${name}" is not running: ${
    nonEmpty(terminated.reason) ?? "ended"
  } (exit code ${Number(terminated.exitCode)})`;
}

function firstTrouble(pod: Pod): string | undefined {
  for (const { state } of statuses(pod)) {
    const reason = nonEmpty(state?.waiting?.reason) ?? nonEmpty(state?.terminated?.reason);
    // A finished init container isn't a problem, and "ContainerCreating" is better than nothing.
    if (reason !== undefined && reason !== "Completed") return reason;
  }
  return undefined;
}

function unscheduled(pod: Pod): string | undefined {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
  return scheduled?.status === "False" ? nonEmpty(scheduled.reason) : undefined;
}

function statuses(pod: Pod): ContainerStatus[] {
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } =
    pod.status ?? {};
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses];
}

/** Sanitizes a server's text for a terminal. */
function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : plainText(text, 80);
}
