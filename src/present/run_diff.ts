/** The changes between two runs, as text and as data. */
import type {
  Answer,
  AnswerChanges,
  AnswerGroup,
  ChangedGroup,
  RecordedOutput,
  RunDiff,
  RunHead,
} from "../actions/runs/diff.ts";
import { hasChanged } from "../actions/runs/diff.ts";
import { outcomeName } from "../actions/exec/events.ts";
import { plural } from "../base/plural.ts";
import { commandLine } from "../base/shell_quote.ts";
import { printable } from "../terminal/printable.ts";
import type { Style } from "../terminal/style.ts";
import { diffLines } from "./diff_lines.ts";
import { runAge } from "./past_runs.ts";

/** Groups of pods that a text shows. */
const groupsShown = 20;

/** Lines of a diff that a text shows of one group. */
const linesShown = 40;

/** Characters of an answer that is quoted. */
const quotedLength = 60;

/** Formats a diff: the runs that it compares, and the changes. */
export function runDiffLines(diff: RunDiff, { now, style }: { now: Date; style: Style }): string[] {
  const { before, after } = diff;
  const age = ({ id, at }: RunHead) => `${id}, ${runAge(at.toISOString(), now)} ago`;
  const what = after.workflow ?? (after.command === null ? "" : commandLine(after.command));
  const head = [
    style.bold(printable(what.replace(/\s+/g, " "))),
    `${age(after)}, since ${age(before)}`,
  ];
  return [...head, ...stepDiffLines(diff, style)];
}

/**
 * Formats the changes, without a head.
 *
 * @param all as of {@link changeLines}.
 */
export function stepDiffLines(diff: RunDiff, style: Style, all = "-o json"): string[] {
  if (diff.kind === "run") return changeLines(diff.changes, style, all);
  const steps = diff.steps.filter((step) => step.before !== step.after || hasChanged(step.changes));
  const same = diff.steps.length - steps.length;
  return [
    ...steps.flatMap((step) => [
      `${style.bold(printable(step.step))}${stepChange(step.before, step.after)}`,
      ...changeLines(step.changes, style, all).map((line) => `  ${line}`),
    ]),
    ...diff.outputs.map(({ name, before, after }) =>
      printable(`output ${name}: ${valueText(after)} instead of ${valueText(before)}`)
    ),
    ...(same === 0 ? [] : [`${plural(same, "step")} as before`]),
  ];
}

function valueText(value: unknown): string {
  return value === undefined ? "nothing" : cut(JSON.stringify(value));
}

function stepChange(before: string | null, after: string | null): string {
  if (before === after) return "";
  if (before === null) return `: new, ${after}`;
  return after === null ? `: gone, was ${before}` : `: ${after} instead of ${before}`;
}

/**
 * Formats the changes of pods, the largest group first; the last line counts those that are as before.
 *
 * @param all the arguments that print all of it.
 */
export function changeLines(changes: AnswerChanges, style: Style, all = "-o json"): string[] {
  const { changed, added, gone, replaced, same, unrecorded } = changes;
  const groups = [
    ...changed.map((group) => changedLines(group, style, all)),
    ...added.map((group) => [`${style.green("new")}: ${groupText(group)}`]),
    ...gone.map((group) => [`${style.red("gone")}: ${groupText(group, "answered")}`]),
  ];
  const more = groups.length - groupsShown;
  const unknown = unrecorded === 0
    ? ""
    : `; the output of ${unrecorded === same ? "these" : unrecorded} isn't recorded in both runs`;
  return [
    ...groups.slice(0, groupsShown).flat(),
    ...(more > 0 ? [`and ${plural(more, "more group")}; ${all} has all`] : []),
    ...replaced.slice(0, groupsShown).map(({ before, after }) =>
      style.dim(printable(`${after.name} has replaced ${before.name}`))
    ),
    ...(replaced.length > groupsShown
      ? [style.dim(`and ${replaced.length - groupsShown} more have been replaced`)]
      : []),
    ...(same === 0 ? [] : [`${plural(same, "pod")} as before${unknown}`]),
    ...(groups.length === 0 && same === 0 ? ["no pods in either run"] : []),
  ];
}

function changedLines({ pairs, names, diff }: ChangedGroup, style: Style, all: string): string[] {
  const [pair] = pairs;
  if (pair === undefined) return [];
  const pods = whoText(pairs.map((one) => one.after), names);
  const verb = pairs.length === 1 ? "answers" : "answer";
  const isEnd = pair.before.outcome !== pair.after.outcome ||
    pair.before.exitCode !== pair.after.exitCode;
  const [before, after] = [oneLine(pair.before.output), oneLine(pair.after.output)];
  const ends = isEnd ? `: ${endText(pair.after)} instead of ${endText(pair.before)}` : "";
  if (diff.kind === "unified" && before !== undefined && after !== undefined) {
    const what = pairs.every((one) =>
        oneLine(one.before.output) === before && oneLine(one.after.output) === after
      )
      ? `${style.green(quoted(after))} instead of ${style.red(quoted(before))}`
      : "something else";
    return [`${pods} ${verb} ${what}${ends}`];
  }
  if (diff.kind === "same") return [`${pods}${ends}, with the same output`];
  if (diff.kind !== "unified") {
    const reason = diff.kind === "notCompared" ? `, not compared: ${diff.reason}` : "";
    return [isEnd ? `${pods}${ends}${reason}` : `${pods} ${verb} differently${reason}`];
  }
  const tame = { ...diff, stdout: printable(diff.stdout), stderr: printable(diff.stderr) };
  const lines = diffLines(tame, style).map((line) => `  ${line}`);
  const cutLines = lines.length - linesShown;
  const cutBytes = [pair.before, pair.after].reduce(
    (sum, { output }) => sum + (output?.omittedBytes ?? 0),
    0,
  );
  return [
    `${pods}${isEnd ? ends : ` ${verb} differently`}:`,
    ...lines.slice(0, linesShown),
    ...(cutLines > 0 ? [style.dim(`  ${plural(cutLines, "more line")}; ${all} has all`)] : []),
    ...(cutBytes > 0 ? [style.dim("  the recorded output is cut")] : []),
  ];
}

function groupText({ answers, names }: AnswerGroup, verb = "answers"): string {
  const [answer] = answers;
  const text = oneLine(answer?.output);
  const what = text === undefined || text === "" ? "" : `, ${verb} ${quoted(text)}`;
  const end = answer === undefined || answer.outcome === "ok" ? "" : `: ${endText(answer)}`;
  return `${whoText(answers, names)}${end}${what}`;
}

/** `2 pods (web-[0-1])`; `it` for what a step has printed on this machine. */
function whoText(answers: readonly Answer[], names: string): string {
  const [answer] = answers;
  if (answers.length === 1 && answer?.pod === "") return "it";
  return `${plural(answers.length, "pod")} (${printable(names)})`;
}

function endText({ outcome, exitCode }: Answer): string {
  if (outcome === null) return "not known";
  return outcome === "failed" && exitCode !== null ? `exit code ${exitCode}` : outcomeName(outcome);
}

/** Returns an answer that fits in a sentence; undefined for any other one. */
function oneLine(output: RecordedOutput | undefined): string | undefined {
  if (output === undefined || output.stderr !== "" || output.omittedBytes > 0) return undefined;
  const line = output.stdout.replace(/\n$/, "");
  return line.includes("\n") || line.length > quotedLength ? undefined : line;
}

function quoted(text: string): string {
  return text === "" ? "nothing" : printable(JSON.stringify(text));
}

function cut(text: string): string {
  return text.length <= quotedLength ? text : `${text.slice(0, quotedLength - 1)}…`;
}

/* As data. */

/** Returns a diff as data: its JSON Schema is `run-diff`. */
export function runDiffData(diff: RunDiff): Record<string, unknown> {
  const { before, after, isDifferent } = diff;
  const head = { before, after, changed: isDifferent };
  if (diff.kind === "run") return { ...head, ...changesData(diff.changes) };
  const steps = diff.steps.map(({ step, before, after, changes }) => ({
    step,
    before,
    after,
    ...changesData(changes),
  }));
  const outputs = diff.outputs.map(({ name, before, after }) => ({
    name,
    before: before ?? null,
    after: after ?? null,
  }));
  return { ...head, steps, outputs };
}

/** Returns the changes of pods as data. */
export function changesData(
  { changed, added, gone, replaced, same, unrecorded }: AnswerChanges,
): Record<string, unknown> {
  return {
    groups: changed.map(({ pairs, names, diff }) => ({
      names,
      pods: pairs.map(({ before, after }) => ({
        before: answerData(before),
        after: answerData(after),
      })),
      diff: diff.kind === "unified" ? { stdout: diff.stdout, stderr: diff.stderr } : null,
      notCompared: diff.kind === "notCompared" ? diff.reason : null,
    })),
    new: added.map(({ answers, names }) => ({ names, pods: answers.map(answerData) })),
    gone: gone.map(({ answers, names }) => ({ names, pods: answers.map(answerData) })),
    replaced: replaced.map(({ before, after }) => ({ before: before.name, after: after.name })),
    same,
    unrecorded,
  };
}

function answerData(
  { context, namespace, pod, container, name, outcome, exitCode, output }: Answer,
) {
  return {
    context,
    namespace,
    pod,
    container,
    name,
    outcome,
    exitCode,
    stdout: output?.stdout ?? null,
    stderr: output?.stderr ?? null,
    omittedBytes: output?.omittedBytes ?? null,
  };
}
