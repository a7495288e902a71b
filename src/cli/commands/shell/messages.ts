/** Messages around a shell, line by line. Pure. */
import type { Outcome, ShellEnd, ShellEvent } from "../../../actions/shell/events.ts";
import { formatDuration } from "../../../base/duration.ts";
import { singleOutcomeText, troubleText } from "../../../present/summary.ts";

type Of<Kind extends ShellEvent["kind"]> = Extract<ShellEvent, { kind: Kind }>;

/** Returns the lines before the shell. */
export function attachedLines({ target: { pod }, keptBy, state }: Of<"attached">): string[] {
  switch (state) {
    case "new":
      return [];
    case "found":
      return [`back in the shell that waited in ${pod} (in ${keptBy}); --new begins another`];
    case "again":
      return [`the link to ${pod} is back`];
  }
}

/** Returns the lines after a persistent shell's connection was lost. */
export function lostLines({ target: { pod }, reason, keepMs }: Of<"linkLost">): string[] {
  return [
    `the link to ${pod} broke: ${reason}`,
    `the shell waits there for ${formatDuration(keepMs)}, and is looked for again; ` +
    "what is typed now is lost; Ctrl-C leaves it there",
  ];
}

/** How an exit code is reported. */
export type EndWords =
  /** Not at all, as in ssh: a shell's is that of its last command. */
  | "none"
  /** In kubectl's wording if it isn't 0: a command's. */
  | "failures"
  /** Always: for a pane, which shows nothing else about it. */
  | "all";

/** Returns the lines after the shell. */
export function endedLines(
  { target: { pod }, end, transcript }: Of<"ended">,
  exitCode: EndWords,
): string[] {
  const kept = transcript?.trouble === undefined
    ? []
    : [`the transcript ${transcript.path} isn't whole: ${transcript.trouble}`];
  return [...outcomeLines(pod, end, exitCode), ...kept];
}

function outcomeLines(
  pod: string,
  { outcome, waitsMs, endedMeanwhile }: ShellEnd,
  exitCode: EndWords,
): string[] {
  const waits = waitsMs === undefined
    ? []
    : [`the shell waits in ${pod} for ${formatDuration(waitsMs)}: the same words find it again`];
  switch (outcome.kind) {
    case "ok":
    case "failed": {
      const meanwhile = endedMeanwhile === true
        ? [`the shell in ${pod} ended while the link was broken`]
        : [];
      const text = exitCodeText(outcome, exitCode);
      return text === undefined ? meanwhile : [...meanwhile, text];
    }
    case "unknown":
      return [
        `the link to ${pod} broke, and how the shell ended isn't known: ${outcome.reason}`,
        ...(waits.length > 0 ? waits : [
          "what still runs there is hung up in some seconds, but for what ignores that (nohup)",
        ]),
      ];
    default: {
      const trouble = troubleText(outcome);
      return [...(trouble === undefined ? [] : [`${pod}: ${trouble}`]), ...waits];
    }
  }
}

function exitCodeText(outcome: Outcome, exitCode: EndWords): string | undefined {
  if (exitCode === "none") return troubleText(outcome);
  if (exitCode === "all" && outcome.kind === "ok") return "ended with exit code 0";
  return singleOutcomeText(outcome);
}
