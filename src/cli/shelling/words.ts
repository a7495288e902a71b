/** What is said of a shell around it, line by line. Pure. */
import type { ShellEnd, ShellEvent } from "../../actions/shell_events.ts";
import { formatDuration } from "../../base/duration.ts";
import { troubleText } from "../running/summary_text.ts";

type Of<Kind extends ShellEvent["kind"]> = Extract<ShellEvent, { kind: Kind }>;

/** Before the shell. */
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

/** When a kept shell's link broke. */
export function lostLines({ target: { pod }, reason, keepMs }: Of<"linkLost">): string[] {
  return [
    `the link to ${pod} broke: ${reason}`,
    `the shell waits there for ${formatDuration(keepMs)}, and is looked for again; ` +
    "what is typed now is lost; Ctrl-C leaves it there",
  ];
}

/** After the shell. A shell's own exit code needs no words, as with ssh. */
export function endedLines({ target: { pod }, end, transcript }: Of<"ended">): string[] {
  const kept = transcript?.trouble === undefined
    ? []
    : [`the transcript ${transcript.path} isn't whole: ${transcript.trouble}`];
  return [...outcomeLines(pod, end), ...kept];
}

function outcomeLines(pod: string, { outcome, waitsMs, endedMeanwhile }: ShellEnd): string[] {
  const waits = waitsMs === undefined
    ? []
    : [`the shell waits in ${pod} for ${formatDuration(waitsMs)}: the same words find it again`];
  switch (outcome.kind) {
    case "ok":
    case "failed": {
      const meanwhile = endedMeanwhile === true
        ? [`the shell in ${pod} ended while the link was broken`]
        : [];
      const trouble = troubleText(outcome);
      return trouble === undefined ? meanwhile : [...meanwhile, `${pod}: ${trouble}`];
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
