/** The pods of a past run, as a selection for another command: all of them, or those that failed, were skipped, differ. */
import { action, hint } from "../../base/hint.ts";
import { KodamaError, NoMatchError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import { workloadOfPod } from "../../exec/compare_answers.ts";
import type { OutcomeKind } from "../../exec/outcome.ts";
import { compressNames } from "../../exec/target_names.ts";
import type { Target } from "../../kube/select/target.ts";
import { wholeSelection } from "../../kube/select/target.ts";
import type { Pod } from "../../kube/types.ts";
import type { Host } from "../host.ts";
import { type FoundRun, sectionsOf } from "../../runs/past_run.ts";
import { findAnyRun } from "./past_runs.ts";

/** Which pods of a run; any of the kinds, or all pods if none is requested. A workflow's steps count together. */
export interface RunPart {
  /** The command ended otherwise than ok, or its end isn't known. */
  failed?: boolean;
  /** The command wasn't started: the run had ended, or the pod wasn't ready. */
  skipped?: boolean;
  /** The answer isn't that of most pods. */
  differing?: boolean;
  /** The same answer as that of this pod: its group in folded output. */
  sameAs?: string;
}

/** A pod of a run. Container and context are absent if they aren't known. */
export interface RunPod extends Pick<Target, "namespace" | "pod"> {
  context?: string;
  container?: string;
}

/**
 * Returns the pods of a run, the last one if none is named. Instead of a pod that was replaced since, they are those of
 * its workload that the run didn't have.
 *
 * @throws KodamaError `notFound`; NoMatchError if no pod is of this part.
 */
export async function podsOfRun(
  host: Host,
  wanted: string | undefined,
  part: RunPart,
  signal: AbortSignal,
): Promise<RunPod[]> {
  const found = await findAnyRun(host, wanted);
  const chosen = partOf(found, part);
  if (chosen.length === 0) {
    throw new NoMatchError(`run ${found.run.header.id} has no pod that ${partText(part)}`);
  }
  const pods = await currentPods(host, found, chosen, signal);
  // Inside a pod there is no kubeconfig, and so no context to name.
  if ((await host.contexts()).length > 0) return pods;
  return pods.map(({ context: _context, ...pod }) => pod);
}

function partText({ failed, skipped, differing, sameAs }: RunPart): string {
  const texts = [
    ...(failed ? ["failed"] : []),
    ...(skipped ? ["was skipped"] : []),
    ...(differing ? ["differs from most"] : []),
    ...(sameAs === undefined ? [] : [`answered as ${sameAs}`]),
  ];
  return texts.length === 0 ? "could be used" : texts.join(", or ");
}

/** A pod of a run, with its uid if that is known. */
type KnownPod = RunPod & Pick<Target, "context" | "uid">;

/** A pod of a run, with what became of it in each step. */
interface UsedPod {
  pod: KnownPod;
  name: string;
  outcomes: readonly (OutcomeKind | null)[];
  /** Equal for those that fold into one group. */
  answer: string;
}

function usedPods(found: FoundRun): UsedPod[] {
  const targets = sectionsOf(found).flatMap(({ key, targets }) =>
    targets.map((target) => ({ ...target, key }))
  ).filter(({ target }) => target.pod !== "*");
  const byPod = Map.groupBy(
    targets,
    ({ target: { context, namespace, pod, container } }) =>
      JSON.stringify([context, namespace, pod, container]),
  );
  return [...byPod.values()].flatMap((ends) => {
    const [first] = ends;
    if (first === undefined) return [];
    const { name, target: { context, namespace, pod, container, uid } } = first;
    const place = { context, namespace, pod };
    return [{
      pod: { ...place, ...definedOnly({ container: container || undefined, uid }) },
      name,
      outcomes: ends.map(({ outcome }) => outcome),
      answer: JSON.stringify(ends.map(({ key, outcome, exitCode, output }) => {
        const { stdout = "", omittedBytes = 0 } = output ?? {};
        return [key, outcome, exitCode, stdout, omittedBytes];
      })),
    }];
  });
}

/** Returns the pods of a part of a run. Pure. Throws NoMatchError if `sameAs` isn't a pod of it. */
export function partOf(found: FoundRun, part: RunPart): KnownPod[] {
  const { failed = false, skipped = false, differing = false, sameAs } = part;
  const isAll = !failed && !skipped && !differing && sameAs === undefined;
  const used = usedPods(found);
  const answered = used.filter(({ outcomes }) =>
    outcomes.some((outcome) => outcome !== null && outcome !== "skipped")
  );
  const groups = [...Map.groupBy(answered, ({ answer }) => answer).values()];
  const most = groups.reduce<readonly UsedPod[]>(
    (largest, group) => group.length > largest.length ? group : largest,
    [],
  );
  const model = sameAs === undefined
    ? undefined
    : groups.find((group) => group.some(({ name, pod }) => name === sameAs || pod.pod === sameAs));
  if (sameAs !== undefined && model === undefined) {
    throw new NoMatchError(`run ${found.run.header.id} has no answer of ${sameAs}`, {
      hint: hint`\`${action("runs.show")}\` lists its pods`,
    });
  }
  const chosen = used.filter((one) =>
    isAll || failed && one.outcomes.some((outcome) => outcome !== "ok" && outcome !== "skipped") ||
    skipped && one.outcomes.includes("skipped") ||
    differing && answered.includes(one) && !most.includes(one) ||
    model?.includes(one) === true
  ).map(({ pod }) => pod);
  const notRun = found.kind === "run" ? found.run.notRun : [];
  const others = notRun.map(({ context, namespace, pod }) => ({ context, namespace, pod }));
  return skipped ? [...chosen, ...others] : chosen;
}

/** Returns the pods as they are called now. */
async function currentPods(
  host: Host,
  run: FoundRun,
  chosen: readonly KnownPod[],
  signal: AbortSignal,
): Promise<RunPod[]> {
  const known = new Set(usedPods(run).flatMap(({ pod: { uid } }) => uid ?? []));
  const scopes = Map.groupBy(
    chosen,
    ({ context, namespace }) => JSON.stringify([context, namespace]),
  );
  const found = [...scopes.values()].map(async (pods) => {
    const [{ context = "", namespace = "" } = {}] = pods;
    const now = await podsIn(host, { context, namespace }, signal);
    if (now === undefined) return pods;
    const current = successors(pods, now, known);
    const isKnown = (pod: KnownPod) => pods.some((one) => one.pod === pod.pod);
    const names = [...new Set(current.filter((pod) => !isKnown(pod)).map(({ pod }) => pod))];
    if (names.length > 0) {
      host.note(
        `replaced since run ${run.run.header.id}, by pods that it didn't have: ${
          compressNames(names)
        }`,
      );
    }
    return current;
  });
  const pods = (await Promise.all(found)).flat().map(({ uid: _uid, ...pod }: KnownPod) => pod);
  const unique = new Map(pods.map((pod) => [JSON.stringify(Object.values(pod)), pod]));
  return [...unique.values()];
}

/**
 * Returns pods with those that were replaced by others of their workload, which a run didn't have. A pod without such
 * a successor, or that was made again under its name, stays. Pure.
 *
 * @param known the uids of all pods of the run.
 */
export function successors(
  pods: readonly KnownPod[],
  now: readonly Pod[],
  known: ReadonlySet<string>,
): KnownPod[] {
  const names = new Set(now.map(({ metadata }) => metadata?.name));
  const fresh = now.filter(({ metadata }) =>
    metadata?.ownerReferences?.some(({ controller }) => controller) === true &&
    metadata.deletionTimestamp === undefined && !known.has(metadata.uid ?? "")
  );
  return pods.flatMap((pod) => {
    const workload = names.has(pod.pod) ? undefined : workloadOfPod(pod.pod);
    const { uid: _uid, ...place } = pod;
    const own = workload === undefined ? [] : fresh.flatMap(({ metadata }) => {
      const { name = "" } = metadata ?? {};
      return workloadOfPod(name) === workload ? [{ ...place, pod: name }] : [];
    });
    return own.length === 0 ? [pod] : own;
  });
}

/** Returns the pods of a namespace; undefined if they can't be listed: the command itself reports it. */
async function podsIn(
  host: Host,
  { context, namespace }: { context: string; namespace: string },
  signal: AbortSignal,
): Promise<readonly Pod[] | undefined> {
  const named = (await host.contexts()).length > 0 ? context : undefined;
  try {
    const namespaces = { kind: "named" as const, names: [namespace] };
    const selection = { ...wholeSelection, namespaces, allPhases: true };
    return (await host.select(await host.kube(named), selection, { signal })).pods;
  } catch (error) {
    if (!(error instanceof KodamaError) || signal.aborted) throw error;
    return undefined;
  }
}
