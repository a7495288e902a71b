/** What happens to the logs while they are read, as a person reads it. */
import { counted } from "../../base/counted.ts";
import type { LogsEvent } from "../../actions/logs_events.ts";
import { failedContextText, skippedPodText } from "../run_notes.ts";

/** A sentence about an event, and whether it is said even when nothing but lines is wanted. */
export interface Note {
  text: string;
  important: boolean;
}

/** The notes about an event; none about lines. */
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
    case "lines":
    case "ended":
      return [];
    default:
      return [sourceNote(event, names[event.source] ?? "")];
  }
}

type SourceEvent = Extract<LogsEvent, { source: number }>;

function sourceNote(event: SourceEvent, name: string): Note {
  switch (event.kind) {
    case "waiting":
      return note(`${name}: hasn't started yet: ${event.reason}`);
    case "cut":
      return note(`${name}: the link broke, and is opened again: ${event.reason}`);
    case "restarted":
      return note(`${name}: the container was started again`);
    case "left":
      return note(`${name} has left`);
    case "gap":
      return important(`${name}: lines may be missing: ${event.reason}`);
    case "failed":
      return important(`${name}: ${event.error.message}`);
  }
}

function note(text: string): Note {
  return { text, important: false };
}

function important(text: string): Note {
  return { text, important: true };
}
