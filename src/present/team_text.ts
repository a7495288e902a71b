/** Who is attached to a session, and its notes, as text. Pure. */
import type { AgentNotice } from "../actions/session/notices.ts";
import type { Activity, Attachment, Note, TeamReport } from "../actions/session/events.ts";
import { ageText } from "../base/duration.ts";
import { plural } from "../base/plural.ts";
import { tableLines } from "../terminal/table.ts";
import { printable } from "../terminal/printable.ts";

const activityText: Readonly<Record<Activity, string>> = {
  shell: "shell",
  sharedShell: "shared shell",
  agentLog: "agent's log",
  web: "web page",
};

/** Notes shown with a session. */
const shownNotes = 3;

/** `jane (shell, 5m)`. */
export function attachedText({ user, activity, since }: Attachment, now: Date): string {
  return `${user} (${activityText[activity]}, ${sinceText(since, now)})`;
}

function sinceText(time: string, now: Date): string {
  return ageText(Math.max(0, now.getTime() - Date.parse(time)));
}

/** Returns the lines for a user who attaches: who else is there, and whether there are notes. */
export function attachedLines(
  { attached, notes }: TeamReport,
  { name, now }: { name: string; now: Date },
): string[] {
  const others = attached.map((one) => attachedText(one, now)).join(", ");
  return [
    ...(others === "" ? [] : [`also attached: ${others}`]),
    ...(notes.length === 0 ? [] : [`${plural(notes.length, "note")}: kodama note ${name}`]),
  ].map(printable);
}

/** Returns the newest notes under a heading; nothing if there are none. */
export function newestNotes(
  notes: readonly Note[],
  { name, now }: { name: string; now: Date },
): string[] {
  if (notes.length === 0) return [];
  const more = notes.length > shownNotes ? [`  all ${notes.length}: kodama note ${name}`] : [];
  const lines = notes.slice(-shownNotes).map(({ number, by, at, text }) =>
    `  ${number} ${by}, ${sinceText(at, now)} ago: ${text}`
  );
  return ["Notes:", ...lines, ...more];
}

/** Returns the table of all notes. */
export function notesTable(notes: readonly Note[], now: Date): string[] {
  return tableLines(
    ["NUMBER", "BY", "AGE", "NOTE"],
    notes.map(({ number, by, at, text }) => [String(number), by, sinceText(at, now), text]),
  );
}

const stateText: Readonly<Record<AgentNotice["state"], string>> = {
  waiting: "waits for an answer",
  done: "is done",
  failed: "failed",
  interrupted: "was interrupted",
};

/** `2026-01-15T14:30:00Z fix-auth in dev: task 3 waits for an answer: Bash`. */
export function noticeLine({ at, namespace, session, task, state, reason }: AgentNotice): string {
  const time = at.toISOString().replace(/\.\d+/, "");
  const why = reason === undefined ? "" : `: ${reason}`;
  return printable(`${time} ${session} in ${namespace}: task ${task} ${stateText[state]}${why}`);
}
