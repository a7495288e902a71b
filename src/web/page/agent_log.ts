/** What an agent does, as entries of its log. Pure. */
import type { FollowData, TaskData } from "../api.ts";
import { firstLine, plain } from "./text.ts";

/** One entry, in the order of the events. */
export type LogEntry =
  | { kind: "text"; text: string }
  | { kind: "output"; text: string }
  /** `ok` and `result` are absent until the tool has ended. */
  | { kind: "tool"; id: string; name: string; summary: string; ok?: boolean; result?: string }
  | { kind: "note"; tone: "normal" | "warning" | "bad" | "good"; text: string };

/** The log as it is known. Replaced by {@link logAfter}. */
export interface AgentLog {
  /** The last state of the task that is followed. */
  task: TaskData | undefined;
  entries: readonly LogEntry[];
  /** Older entries that are no longer stored. */
  omitted: number;
  isOver: boolean;
}

/** At the start. */
export const emptyLog: AgentLog = { task: undefined, entries: [], omitted: 0, isOver: false };

const maxEntries = 3000;

/** Returns the log after events. */
export function logAfter(log: AgentLog, events: readonly FollowData[]): AgentLog {
  let { task, omitted, isOver } = log;
  let entries = [...log.entries];
  for (const event of events) {
    switch (event.kind) {
      case "task":
        // A stream that starts again has all of its events again.
        [task, entries, omitted, isOver] = [event.task, [], 0, false];
        break;
      case "end":
        [task, isOver] = [event.task, true];
        entries.push(endEntry(event.task));
        break;
      case "turn":
        entries.push(note(event.came ? "Its turn has come." : "It waits for its turn."));
        break;
      case "lost":
        entries.push(note(`${event.reason}; reconnecting`, "warning"));
        break;
      case "agent":
        addEntry(entries, event.event);
    }
  }
  if (entries.length > maxEntries) {
    omitted += entries.length - maxEntries;
    entries = entries.slice(-maxEntries);
  }
  return { task, entries, omitted, isOver };
}

type AgentEvent = Extract<FollowData, { kind: "agent" }>["event"];

function addEntry(entries: LogEntry[], event: AgentEvent): void {
  switch (event.kind) {
    case "text":
      entries.push({ kind: "text", text: plain(event.text) });
      return;
    case "output": {
      const last = entries.at(-1);
      const text = plain(event.text);
      if (last?.kind === "output" && last.text.length < 64 * 1024) {
        entries[entries.length - 1] = { kind: "output", text: `${last.text}\n${text}` };
      } else entries.push({ kind: "output", text });
      return;
    }
    case "toolStarted": {
      const { id, name, summary } = event;
      entries.push({
        kind: "tool",
        id,
        name: plain(name),
        summary: plain(firstLine(summary, 300)),
      });
      return;
    }
    case "toolEnded": {
      const at = entries.findLastIndex((one) => one.kind === "tool" && one.id === event.id);
      const tool = entries[at];
      if (tool?.kind !== "tool") return;
      entries[at] = { ...tool, ok: event.ok, result: plain(event.text) };
      return;
    }
    case "refused":
      entries.push(note(`${event.tool} wasn't allowed: ${event.reason}`, "warning"));
      return;
    case "asked":
      entries.push(note(`Waits for approval of ${event.tool}: ${event.summary}`, "warning"));
      return;
    case "retry":
      entries.push(
        note(`The model wasn't reached (${event.reason}), attempt ${event.attempt}`, "warning"),
      );
      return;
    // The end of the task reports it, with what the pod knows besides.
    case "result":
    case "began":
    case "usage":
    case "withdrawn":
    case "unknown":
      return;
  }
}

function endEntry({ number, state, reason }: TaskData): LogEntry {
  const text = `Task ${number} ${state}${reason === null ? "" : `: ${reason}`}`;
  const tone = state === "done" ? "good" : state === "failed" ? "bad" : "warning";
  return note(text, tone);
}

function note(text: string, tone: "normal" | "warning" | "bad" | "good" = "normal"): LogEntry {
  return { kind: "note", tone, text: plain(text) };
}
