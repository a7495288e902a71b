/**
 * The answers of a run's pods, folded: groups of pods with the same end and the same output, those that differ from most
 * first, and a sentence for all of them. Every face draws this. Pure, except that the diff code is loaded.
 */
import { definedOnly } from "../base/json_value.ts";
import { plural } from "../base/plural.ts";
import { changedLineCount, outputDiff, textPatch } from "../exec/diff_groups.ts";
import type { GroupDiff } from "../exec/fold.ts";
import { outcomeName } from "../exec/summary.ts";
import { compressNames } from "../exec/target_names.ts";
import { endText } from "./notes.ts";
import type { PodProgress, RunLine, RunState } from "./run_state.ts";

/** The part of a pod's progress that is compared. */
export type AnsweringPod = Omit<PodProgress, "step" | "target" | "durationMs">;

/** Pods with the same answer. */
export interface AnswerGroup {
  /** As ranges: `cache-[0-22]`. */
  names: string;
  pods: readonly string[];
  outcome: string;
  /** `ok`, `failed with exit code 3`. */
  end: string;
  /** The difference from the largest group; absent for that group, and if no two pods answered the same. */
  diff?: GroupDiff;
  /** The lines to show: of the diff, else of the output. */
  lines: readonly FoldedLine[];
  /** A fact about the output that its lines don't show: `no output`. */
  note?: string;
  /** What the pods wrote isn't known. */
  isUnrecorded: boolean;
}

/** A line of a folded answer. */
export interface FoldedLine {
  kind: "title" | "group" | "note" | "stream" | "hunk" | "added" | "removed" | "text";
  text: string;
}

/** The answers of all pods that have ended. */
export interface FoldedAnswers {
  /** `23 of 24 equal; cache-23 differs in 1 line`. Empty for a single pod. */
  sentence: string;
  /** How many pods differ from most; 0 if no two pods answered the same. */
  differing: number;
  /** What needs attention first; the group that the others are compared with is the last. */
  groups: readonly AnswerGroup[];
}

/** Groups that a sentence describes; of others, it has the count. */
const describedGroups = 3;
/** Characters of the names of a group in a sentence. */
const namesLength = 60;

/** Returns the folded answers of the pods that have ended. */
export async function foldAnswers(all: Iterable<AnsweringPod>): Promise<FoldedAnswers> {
  const pods = [...all];
  const ended = pods.filter(({ phase }) => phase === "ended");
  const [most, ...odd] = grouped(ended);
  if (most === undefined) return { sentence: "", differing: 0, groups: [] };
  const isCompared = most.length > 1 || odd.length === 1;
  const patch = isCompared && odd.length > 0 ? await textPatch() : undefined;
  const reference = groupOf(most);
  const others = most.length > 1 ? "most" : reference.names;
  const groups = odd.map((members) => {
    const [{ outcome, output }] = members;
    // What didn't run, or failed in silence, has nothing to compare.
    const isSilent = outcome !== "ok" && output.length === 0;
    return groupOf(members, {
      others,
      ...(patch === undefined || isSilent ? {} : { diff: diffOf(patch, most, members) }),
    });
  }).sort(byAttention);
  return {
    sentence: sentenceOf({ reference, groups, isCompared, running: pods.length - ended.length }),
    differing: isCompared ? ended.length - most.length : 0,
    groups: isCompared ? [...groups, reference] : [...groups, reference].sort(byAttention),
  };
}

/** Returns the folded answers of each step. */
export async function foldSteps(
  { steps }: Pick<RunState, "steps">,
): Promise<{ key: string; folded: FoldedAnswers }[]> {
  return await Promise.all(
    [...steps.values()].map(async ({ key, pods }) => ({
      key,
      folded: await foldAnswers(pods.values()),
    })),
  );
}

/** Returns the answers as lines of one text, under headings. */
export function foldedLines({ sentence, groups }: FoldedAnswers): FoldedLine[] {
  return [
    ...(sentence === "" ? [] : [{ kind: "title", text: sentence } as const]),
    ...groups.flatMap((group): FoldedLine[] => [
      { kind: "text", text: "" },
      { kind: "group", text: `---- ${group.names} (${group.pods.length})${endOf(group, ": ")}` },
      ...(group.note === undefined ? [] : [{ kind: "note", text: group.note } as const]),
      ...group.lines,
    ]),
  ].slice(sentence === "" ? 1 : 0);
}

/** Returns how a group ended, after a separator, unless it was ok. */
function endOf({ outcome, end }: AnswerGroup, before: string): string {
  return outcome === "ok" ? "" : `${before}${end}`;
}

/* Which pods answered the same. */

type Group = readonly [AnsweringPod, ...AnsweringPod[]];

/** Returns the pods by their answers: the largest group first; of equal ones, one that is ok. */
function grouped(pods: readonly AnsweringPod[]): Group[] {
  // VS Code's Node.js has no `Map.groupBy()`.
  const found = new Map<string, [AnsweringPod, ...AnsweringPod[]]>();
  for (const pod of pods.toSorted(byName)) {
    const answer = answerOf(pod);
    const group = found.get(answer);
    if (group === undefined) found.set(answer, [pod]);
    else group.push(pod);
  }
  const rank = ([{ outcome }]: Group) => outcome === "ok" ? 0 : 1;
  return [...found.values()].sort((a, b) => b.length - a.length || rank(a) - rank(b));
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name.localeCompare(b.name, "en", { numeric: true });
}

/** Returns a text that is the same for the same answers. The order of lines of different streams has no meaning. */
function answerOf(pod: AnsweringPod): string {
  const { outcome, exitCode, signal, reason, outputId, omittedLines, omittedHash } = pod;
  const output = pod.isUnrecorded ?? outputId ?? [textOf(pod, "stdout"), textOf(pod, "stderr")];
  return JSON.stringify([outcome, exitCode, signal, reason, output, omittedLines, omittedHash]);
}

function textOf({ output }: AnsweringPod, stream: RunLine["stream"]): string {
  return output.map((line) => line.stream === stream ? `${line.text}\n` : "").join("");
}

/** What isn't ok before what is, and few pods before many. */
function byAttention(a: AnswerGroup, b: AnswerGroup): number {
  return Number(a.outcome === "ok") - Number(b.outcome === "ok") ||
    a.pods.length - b.pods.length ||
    byName({ name: a.pods[0] ?? "" }, { name: b.pods[0] ?? "" });
}

/* What a group shows. */

/** The difference of a group, and the name of those that it differs from. */
interface Compared {
  others: string;
  diff?: GroupDiff;
}

function groupOf(members: Group, compared: Compared = { others: "most" }): AnswerGroup {
  const { diff } = compared;
  const [pod] = members;
  const { outcome = "", exitCode, signal, reason } = pod;
  const lines = diff?.kind === "unified"
    ? [...patchLines(diff.stdout), ...streamLines(patchLines(diff.stderr))]
    : diff?.kind === "same"
    ? []
    : [...textLines(pod, "stdout"), ...streamLines(textLines(pod, "stderr"))];
  return {
    names: compressNames(members.map(({ name }) => name)),
    pods: members.map(({ name }) => name),
    outcome,
    end: endText({ outcome: outcomeName(outcome), exitCode, signal, error: reason }),
    lines,
    isUnrecorded: pod.isUnrecorded === true,
    ...definedOnly({ diff, note: noteOf(pod, lines, compared) }),
  };
}

function noteOf(
  { isUnrecorded, omittedLines }: AnsweringPod,
  lines: readonly FoldedLine[],
  { others, diff }: Compared,
): string | undefined {
  if (isUnrecorded === true) return "the output isn't recorded";
  if (diff?.kind === "same") return `the same output as ${others}`;
  const notes = [
    ...(diff?.kind === "unified" ? [`compared with ${others}`] : []),
    ...(diff?.kind === "notCompared" ? [`not compared: ${diff.reason}`] : []),
    ...(lines.length === 0 ? ["no output"] : []),
    ...(omittedLines > 0 ? [`${plural(omittedLines, "earlier line")} omitted`] : []),
  ];
  return notes.length === 0 ? undefined : notes.join(" · ");
}

function diffOf(
  patch: Awaited<ReturnType<typeof textPatch>>,
  [before]: Group,
  [after]: Group,
): GroupDiff {
  if (before.isUnrecorded === true || after.isUnrecorded === true) {
    return { kind: "notCompared", reason: "the output isn't recorded" };
  }
  const [old, now] = [before, after].map((pod) => ({
    stdout: textOf(pod, "stdout"),
    stderr: textOf(pod, "stderr"),
  })) as [Record<RunLine["stream"], string>, Record<RunLine["stream"], string>];
  const diff = outputDiff(patch, ["most", old], ["these", now]);
  const isSame = before.outputId === after.outputId && before.omittedHash === after.omittedHash;
  return diff.kind === "same" && !isSame
    ? { kind: "notCompared", reason: "the stored part is the same" }
    : diff;
}

function textLines(pod: AnsweringPod, wanted: RunLine["stream"]): FoldedLine[] {
  return pod.output.flatMap(({ stream, text }) =>
    stream === wanted ? [{ kind: "text" as const, text }] : []
  );
}

/** Omits the two lines that name the sides. */
function patchLines(patch: string): FoldedLine[] {
  if (patch === "") return [];
  const kinds = { "+": "added", "-": "removed", "@": "hunk" } as const;
  return patch.replace(/\n$/, "").split("\n").slice(2).map((text) => ({
    kind: kinds[text[0] as keyof typeof kinds] ?? "text",
    text,
  }));
}

function streamLines(lines: FoldedLine[]): FoldedLine[] {
  return lines.length === 0 ? [] : [{ kind: "stream", text: "standard error:" }, ...lines];
}

/* The sentence. */

function sentenceOf(
  { reference, groups, isCompared, running }: {
    reference: AnswerGroup;
    groups: readonly AnswerGroup[];
    isCompared: boolean;
    running: number;
  },
): string {
  const total = groups.reduce((sum, { pods }) => sum + pods.length, reference.pods.length);
  if (total === 1) return "";
  const rest = running === 0 ? "" : `; ${running} not ended`;
  if (groups.length === 0) return `all ${total} equal${endOf(reference, ": ")}${rest}`;
  if (!isCompared) return `no two of ${total} equal${rest}`;
  const described = groups.slice(0, describedGroups).map((group) => difference(group, reference));
  const others = groups.slice(describedGroups);
  const more = others.reduce((sum, { pods }) => sum + pods.length, 0);
  const text = [
    ...described,
    ...(more === 0 ? [] : [`${more} more in ${plural(others.length, "group")}`]),
  ].join(", ");
  if (reference.pods.length === 1) return `${text}${rest}`;
  const end = reference.outcome === "ok" ? "" : ` (${reference.end})`;
  return `${reference.pods.length} of ${total} equal${end}; ${text}${rest}`;
}

/** `cache-23 differs in 1 line`, `cache-[0-1] failed with exit code 3`. */
function difference(group: AnswerGroup, most: AnswerGroup): string {
  const { names, pods, end, diff } = group;
  const who = names.length > namesLength ? plural(pods.length, "pod") : names;
  if (end !== most.end) return `${who} ${end}`;
  if (group.isUnrecorded || most.isUnrecorded) return `${who} not compared`;
  const from = most.pods.length === 1 ? ` from ${most.names}` : "";
  const verb = pods.length === 1 ? "differs" : "differ";
  const lines = diff?.kind === "unified" ? ` in ${plural(changedLineCount(diff), "line")}` : "";
  return `${who} ${verb}${from}${lines}`;
}
