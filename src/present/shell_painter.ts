/** Formats the events of a shell in a pod: its output, and messages before, between and after. */
import type { Outcome, ShellEnd, ShellEvent } from "../actions/shell/events.ts";
import { formatDuration } from "../base/duration.ts";
import type { Painter } from "../terminal/driver/drive.ts";
import { messagePiece } from "../terminal/printable.ts";
import type { Piece } from "../terminal/terminal.ts";
import { defaultedTexts, failedContextText, skippedPodTexts } from "../runs/notes.ts";
import { singleOutcomeText, troubleText } from "./summary.ts";

/** Display options of a shell. */
export interface ShellPainterOptions {
  /**
   * The exit codes that are reported: none, as in ssh, for a shell, whose exit code is that of its last command; those
   * other than 0, in kubectl's wording, for a command; or all, for a pane that shows nothing else about it.
   */
  exitCodes: "none" | "failures" | "all";
  /** How to get a new shell instead of the one that waited in the pod. */
  newShell: string;
}

/** Formats the events of one shell. */
export class ShellPainter implements Painter<ShellEvent> {
  constructor(private readonly options: ShellPainterOptions) {}

  paint(event: ShellEvent): readonly Piece[] {
    if (event.kind === "output") return [{ stream: event.stream, data: [event.bytes] }];
    return this.#lines(event).map(messagePiece);
  }

  #lines(event: Exclude<ShellEvent, { kind: "output" }>): string[] {
    switch (event.kind) {
      case "contextFailed":
        return [failedContextText(event)];
      case "podsSkipped":
        return skippedPodTexts(event);
      case "containersDefaulted":
        return defaultedTexts(event);
      case "attached":
        return this.#attachedLines(event);
      case "linkLost":
        return lostLines(event);
      case "ended":
        return this.#endedLines(event);
    }
  }

  #attachedLines({ target: { pod }, multiplexer: keptBy, state }: Of<"attached">): string[] {
    const { newShell } = this.options;
    switch (state) {
      case "new":
        return [];
      case "found":
        return [`back in the shell that waited in ${pod} (in ${keptBy}); ${newShell}`];
      case "again":
        return [`connected to ${pod} again`];
    }
  }

  #endedLines({ target: { pod }, end, transcript }: Of<"ended">): string[] {
    const incomplete = transcript?.trouble === undefined
      ? []
      : [`the transcript ${transcript.path} is incomplete: ${transcript.trouble}`];
    return [...outcomeLines(pod, end, this.options.exitCodes), ...incomplete];
  }
}

type Of<Kind extends ShellEvent["kind"]> = Extract<ShellEvent, { kind: Kind }>;

function lostLines({ target: { pod }, reason, keepMs }: Of<"linkLost">): string[] {
  return [
    `lost the connection to ${pod}: ${reason}`,
    `the shell waits there for ${formatDuration(keepMs)}; reconnecting. ` +
    "Input is lost; Ctrl-C leaves it there",
  ];
}

function outcomeLines(
  pod: string,
  { outcome, waitsMs, endedMeanwhile }: ShellEnd,
  exitCodes: ShellPainterOptions["exitCodes"],
): string[] {
  const waits = waitsMs === undefined
    ? []
    : [`the shell waits in ${pod} for ${formatDuration(waitsMs)}: open it again to continue`];
  switch (outcome.kind) {
    case "ok":
    case "failed": {
      const meanwhile = endedMeanwhile === true
        ? [`the shell in ${pod} ended while the connection was lost`]
        : [];
      const text = exitCodeText(outcome, exitCodes);
      return text === undefined ? meanwhile : [...meanwhile, text];
    }
    case "unknown":
      return [
        `lost the connection to ${pod}, and how the shell ended isn't known: ${outcome.reason}`,
        ...(waits.length > 0 ? waits : [
          "what still runs there is hung up within seconds, except if it ignores that (nohup)",
        ]),
      ];
    default: {
      const trouble = troubleText(outcome);
      return [...(trouble === undefined ? [] : [`${pod}: ${trouble}`]), ...waits];
    }
  }
}

function exitCodeText(
  outcome: Outcome,
  exitCodes: ShellPainterOptions["exitCodes"],
): string | undefined {
  if (exitCodes === "none") return troubleText(outcome);
  if (exitCodes === "all" && outcome.kind === "ok") return "ended with exit code 0";
  return singleOutcomeText(outcome);
}
