/** Notes on the state of the log streams, as text. */
import { counted } from "../../../base/counted.ts";
import type { LogsEvent } from "../../../actions/logs/events.ts";
import { failedContextText, skippedPodText } from "../../../present/run_notes.ts";

/** A sentence about an event, and whether it is printed even if only lines are requested. */
export interface Note {
  text: string;
  important: boolean;
}

/** Returns the notes about an event; none about lines. */
export function notesOn(event: LogsEvent, names: readonly string[]): Note[] {
  switch (event.kind) {
    case "contextFailed":
      return [important(failedContextText(event))];
    case "unwatched":
      return [
        important(
          `context ${event.context}: pods that come later won't be seen: ${event.error.message}`,
        ),
      ];
    case "podsSkipped":
      return event.skipped.map((one) => note(skippedPodText(one)));
    case "sourcesAdded":
      return event.joined ? event.names.map((name) => note(`${name} has joined`)) : [];
    case "queued":
      return [
        note(
          `${
            counted(event.waiting, "log has", "logs have")
          } to wait: no more than ${event.places} at a time (--max-log-requests)`,
        ),
      ];
    case "waitingForPods":
      return [important(waitingText(event))];
    case "linkLost":
      return [important(`lost the connection to ${serverText(event)}, retrying: ${event.reason}`)];
    case "linkBack":
      return [important(`connected to ${serverText(event)} again`)];
    case "lines":
    case "ended":
      return [];
    default:
      return [sourceNote(event, names[event.source] ?? "")];
  }
}

function waitingText(
  { words, where, nearest }: Extract<LogsEvent, { kind: "waitingForPods" }>,
): string {
  const match = words === "" ? "" : ` that match ${words}`;
  const guess = nearest.length === 0 ? "" : ` (did you mean ${nearest.join(" or ")}?)`;
  return `waiting for pods${match} ${where}${guess}`;
}

/** The current context may have no name. */
function serverText({ context }: { context: string }): string {
  return context === "" ? "the cluster" : context;
}

type SourceEvent = Extract<LogsEvent, { source: number }>;

function sourceNote(event: SourceEvent, name: string): Note {
  switch (event.kind) {
    case "waiting":
      return note(`${name}: hasn't started yet: ${event.reason}`);
    case "cut":
      return note(`${name}: the link broke, and is opened again: ${event.reason}`);
    case "restarted":
      return note(`${name}: container restarted (${restartText(event)})`);
    case "left":
      return note(`${name} has left`);
    case "gap":
      return important(`${name}: lines may be missing: ${event.reason}`);
    case "failed":
      return important(`${name}: ${event.error.message}`);
  }
}

/** `exit 3, Error, restart 2`: what the node reports about the previous instance. */
function restartText({ restarts, last }: Extract<SourceEvent, { kind: "restarted" }>): string {
  const end = last === undefined ? [] : [`exit ${last.exitCode}`, last.reason];
  return [...end, `restart ${restarts}`].filter((part) => part !== "").join(", ");
}

function note(text: string): Note {
  return { text, important: false };
}

function important(text: string): Note {
  return { text, important: true };
}
