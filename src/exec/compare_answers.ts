/**
 * What has changed between two runs of a command: pod by pod, folded into groups of pods that changed in the same way.
 * Pods that a Deployment or a DaemonSet has replaced are compared with their successors. Pure, except that the diff
 * code is loaded.
 */
import type { GroupDiff } from "./fold.ts";
import { outputDiff, textPatch } from "./diff_groups.ts";
import type { OutcomeKind } from "./outcome.ts";
import type { RecordedOutput } from "./recorded_output.ts";
import { compressNames } from "./target_names.ts";

/** How one target of a run answered. */
export interface Answer {
  context: string;
  namespace: string;
  pod: string;
  container: string;
  /** As short as it can be without being ambiguous in its run. */
  name: string;
  /** Null if it isn't known: the run is active, or was killed. */
  outcome: OutcomeKind | null;
  /** Null if the command reported none. */
  exitCode: number | null;
  /** Absent if it isn't recorded. */
  output?: RecordedOutput;
}

/** The same target in both runs, or a pod and the one that replaced it. */
interface AnswerPair {
  before: Answer;
  after: Answer;
}

/** Targets that changed in the same way: the same outcomes, and the same lines. */
export interface ChangedGroup {
  pairs: readonly AnswerPair[];
  /** Their names in the later run, as ranges. */
  names: string;
  /** How the outputs of the first of them differ; those of the others differ in the same lines. */
  diff: GroupDiff;
}

/** Targets of one run with the same answer. */
export interface AnswerGroup {
  answers: readonly Answer[];
  names: string;
}

/** The differences between two runs. */
export interface AnswerChanges {
  /** The largest group first. */
  changed: readonly ChangedGroup[];
  /** Targets that only the later run had. */
  added: readonly AnswerGroup[];
  /** Targets that only the earlier run had. */
  gone: readonly AnswerGroup[];
  /** Pods under other names than before. */
  replaced: readonly AnswerPair[];
  /** How many targets answered the same. */
  same: number;
  /** How many of these targets have no recorded output in one of the runs: only their ends are compared. */
  unrecorded: number;
}

/** Returns the differences between the targets of an earlier and a later run. */
export async function compareAnswers(
  before: readonly Answer[],
  after: readonly Answer[],
): Promise<AnswerChanges> {
  const { pairs, added, gone } = matched(before, after);
  const different = pairs.filter((pair) => !isSame(pair));
  return {
    changed: different.length === 0 ? [] : await folded(different),
    added: grouped(added),
    gone: grouped(gone),
    replaced: pairs.filter(({ before, after }) => before.pod !== after.pod),
    same: pairs.length - different.length,
    unrecorded:
      pairs.filter((pair) =>
        isSame(pair) && (pair.before.output === undefined || pair.after.output === undefined)
      ).length,
  };
}

/** Returns whether anything differs. */
export function hasChanged({ changed, added, gone }: AnswerChanges): boolean {
  return changed.length + added.length + gone.length > 0;
}

/* Which targets correspond. */

/** A run in one cluster can be compared with one in another: what all targets of a run share doesn't count. */
function matched(before: readonly Answer[], after: readonly Answer[]) {
  const isShared = (part: "context" | "namespace") =>
    [before, after].every((answers) => new Set(answers.map((one) => one[part])).size === 1);
  const parts = (["context", "namespace"] as const).filter((part) => !isShared(part));
  const keyOf = (answer: Answer, pod: string) =>
    JSON.stringify([...parts.map((part) => answer[part]), pod, answer.container]);
  const unmatched = new Map(before.map((answer) => [keyOf(answer, answer.pod), answer]));
  const pairs: AnswerPair[] = [];
  const others: Answer[] = [];
  for (const answer of after) {
    const key = keyOf(answer, answer.pod);
    const earlier = unmatched.get(key);
    if (earlier === undefined) others.push(answer);
    else {
      unmatched.delete(key);
      pairs.push({ before: earlier, after: answer });
    }
  }
  const byWorkload = (answers: Iterable<Answer>) =>
    Map.groupBy(answers, (answer) => {
      const workload = workloadOfPod(answer.pod);
      return workload === undefined ? "" : keyOf(answer, workload);
    });
  const [lost, fresh] = [byWorkload(unmatched.values()), byWorkload(others)];
  const added = [...fresh.get("") ?? []];
  const gone = [...lost.get("") ?? []];
  for (const key of new Set([...lost.keys(), ...fresh.keys()])) {
    if (key === "") continue;
    const found = successors(lost.get(key) ?? [], fresh.get(key) ?? []);
    pairs.push(...found.pairs);
    added.push(...found.added);
    gone.push(...found.gone);
  }
  const order = new Map(after.map((answer, at) => [answer, at]));
  pairs.sort((a, b) => (order.get(a.after) ?? 0) - (order.get(b.after) ?? 0));
  return { pairs, added, gone };
}

/**
 * Returns the workload of a pod with a random name: of a ReplicaSet `web-5d89bdfb6f-x2v4z`, its Deployment; of a
 * DaemonSet `agent-x2v4z`, its own name. The letters are those that Kubernetes uses.
 *
 * https://pkg.go.dev/k8s.io/apimachinery/pkg/util/rand#SafeEncodeString
 */
export function workloadOfPod(pod: string): string | undefined {
  const match = /^(.+?)(?:-[bcdfghjklmnpqrstvwxz2456789]{6,10})?-[bcdfghjklmnpqrstvwxz2456789]{5}$/
    .exec(pod);
  return match?.[1];
}

/** Pods of a workload have no order: those with the same answer correspond first, so that only real changes remain. */
function successors(lost: readonly Answer[], fresh: readonly Answer[]) {
  const byName = (a: Answer, b: Answer) => (a.pod < b.pod ? -1 : 1);
  const unused = fresh.toSorted(byName);
  const pairs: AnswerPair[] = [];
  const take = (before: Answer, at: number) => {
    const [after] = at < 0 ? [] : unused.splice(at, 1);
    if (after !== undefined) pairs.push({ before, after });
    return after !== undefined;
  };
  const changed = lost.toSorted(byName).filter((before) =>
    !take(before, unused.findIndex((after) => isSame({ before, after })))
  );
  const gone = changed.filter((before) => !take(before, 0));
  return { pairs, added: unused, gone };
}

/* What has changed. */

function isSame({ before, after }: AnswerPair): boolean {
  return before.outcome === after.outcome && before.exitCode === after.exitCode &&
    (before.output?.id === after.output?.id || before.output === undefined ||
      after.output === undefined);
}

/** Groups the pairs with the same ends and the same changed lines. */
async function folded(pairs: readonly AnswerPair[]): Promise<ChangedGroup[]> {
  const patch = await textPatch();
  const compared = new Map<string, GroupDiff>();
  const diffOf = ({ before, after }: AnswerPair): GroupDiff => {
    const [old, now] = [before.output, after.output];
    if (old === undefined || now === undefined) {
      return { kind: "notCompared", reason: "the output isn't recorded" };
    }
    if (old.id === now.id) return { kind: "same" };
    const key = `${old.id} ${now.id}`;
    const known = compared.get(key) ?? outputDiff(patch, ["before", old], ["after", now]);
    compared.set(key, known);
    return known.kind === "same"
      ? { kind: "notCompared", reason: "the recorded start of the output is the same" }
      : known;
  };
  const groups = Map.groupBy(
    pairs.map((pair) => ({ pair, diff: diffOf(pair) })),
    ({ pair: { before, after }, diff }) =>
      JSON.stringify([before, after].map(({ outcome, exitCode }) => [outcome, exitCode])) +
      changedLines(diff),
  );
  const all = [...groups.values()].map((members): ChangedGroup => ({
    pairs: members.map(({ pair }) => pair),
    names: compressNames(members.map(({ pair }) => pair.after.name)),
    diff: members[0]?.diff ?? { kind: "same" },
  }));
  return all.sort((a, b) => b.pairs.length - a.pairs.length);
}

/** Returns the changed lines alone: their position and the lines around them don't distinguish groups. */
function changedLines(diff: GroupDiff): string {
  if (diff.kind !== "unified") return diff.kind === "notCompared" ? diff.reason : diff.kind;
  return [diff.stdout, diff.stderr].map((text) =>
    text.split("\n").slice(2).filter((line) => /^[-+]/.test(line)).join("\n")
  ).join("\0");
}

/** Groups targets with the same answer, the largest group first. */
function grouped(answers: readonly Answer[]): AnswerGroup[] {
  const groups = Map.groupBy(
    answers,
    ({ outcome, exitCode, output }) => JSON.stringify([outcome, exitCode, output?.id ?? null]),
  );
  return [...groups.values()]
    .map((members) => ({ answers: members, names: compressNames(members.map(({ name }) => name)) }))
    .sort((a, b) => b.answers.length - a.answers.length);
}
