/** What the pane of a run shows of the program's events, and of what is known of it. */
import type { RunEventData } from "../../../src/exec/event_shapes.ts";
import { endText, noteOf } from "../../../src/runs/notes.ts";
import { linesOf, type RunState } from "../../../src/runs/run_state.ts";

/** Returns the lines to show for an event; none for most. */
export function linesOfEvent(event: RunEventData): string[] {
  const note = noteOf(event);
  if (note !== undefined) return [note];
  switch (event.event) {
    case "line":
      return [event.name === "" ? event.text : `${event.name}: ${event.text}`];
    case "stepStarted":
      return [`== ${event.step}: ${event.title}`];
    case "targetEnded": {
      const written = linesOf(event).map(({ text }) => text);
      const end = event.outcome === "ok" ? [] : [endText(event)];
      return [...written, ...end].map((text) => `${event.name}: ${text}`);
    }
    case "stepEnded":
      return event.outcome === "ok" ? [] : [`${event.step}: ${endText(event)}`];
    case "runEnded":
      return event.outcome === null || event.outcome === "ok" ? [] : [endText({
        outcome: event.outcome,
        error: event.error,
      })];
    default:
      return [];
  }
}

/** `12 of 40 pods, 2 not ok`. */
export function progressOf({ pods, current }: Pick<RunState, "pods" | "current">): string {
  const ended = pods.filter(({ phase }) => phase === "ended");
  const bad = ended.filter(({ outcome }) => outcome !== "ok").length;
  const counts = `${ended.length} of ${pods.length} pods${bad === 0 ? "" : `, ${bad} not ok`}`;
  return current === undefined ? counts : `${current.key}: ${counts}`;
}

/** `12 ok, 2 failed`. */
export function resultOf(pods: Iterable<{ outcome?: string | null }>): string {
  const counts = new Map<string, number>();
  for (const { outcome } of pods) {
    const word = outcome ?? "not known";
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => Number(b === "ok") - Number(a === "ok"))
    .map(([word, count]) => `${count} ${word}`).join(", ");
}

/** What a pod wrote in a past run, as the record has it. */
export interface RecordedOutput {
  stdout?: string | null;
  stderr?: string | null;
  /** Bytes beyond the limit of the record. */
  omittedBytes?: number | null;
}

/** Returns the text of an output; it says what of the output isn't recorded. */
export function recordedOutput({ stdout, stderr, omittedBytes }: RecordedOutput): string {
  if (stdout === null || stdout === undefined) return "The output isn't recorded.\n";
  return [
    stdout,
    ...(stderr ? [`--- standard error ---\n${stderr}`] : []),
    ...(omittedBytes ? [`--- ${omittedBytes} more bytes aren't recorded ---\n`] : []),
  ].join("\n");
}
