/** An agent's events as lines of a terminal. Their text comes from a pod and can't send control sequences. */
import type { FollowEvent } from "../actions/agent/follow.ts";
import type { AgentEvent, Approval, Task } from "../actions/agent/tasks.ts";
import type { Style } from "../terminal/style.ts";
import { tameLine } from "../terminal/tame.ts";
import { firstLine, requestName, statusLine, taskData } from "./agent_tasks.ts";

/** The number of lines shown of a tool's result. */
const maxAnswerLines = 6;

/** Returns the lines of an event, without line feeds. */
export function eventLines(
  followed: Exclude<FollowEvent, { kind: "lost" }>,
  style: Style,
): string[] {
  switch (followed.kind) {
    case "agent":
      return agentLines(followed.event, style);
    case "task":
      return [titleText(followed.task, style)];
    case "turn": {
      const does = followed.came ? "has its turn" : "waits for its turn";
      return [style.dim(`task ${followed.number} ${does}`)];
    }
    case "end":
      return [statusText(followed.task, style)];
  }
}

/** Returns the message for a lost connection. */
export function lostLine(reason: string): string {
  return tame(`${reason}; reconnecting`);
}

function titleText({ number, adapter, prompt }: Task, style: Style): string {
  return style.bold(tame(`task ${number} (${adapter}): ${firstLine(prompt, 200)}`));
}

function statusText(task: Task, style: Style): string {
  switch (task.status.state) {
    case "queued":
    case "working":
      return style.dim(tame(statusLine(task)));
    case "done":
      return style.green(tame(statusLine(task)));
    case "waiting":
    case "interrupted":
      return style.yellow(tame(statusLine(task)));
    case "failed":
      return style.red(tame(statusLine(task)));
  }
}

function agentLines(event: AgentEvent, style: Style): string[] {
  switch (event.kind) {
    case "text":
    case "output":
      return texts(event.text);
    case "toolStarted":
      return [`${style.bold(`> ${tame(event.name)}`)} ${tame(firstLine(event.summary, 200))}`];
    case "toolEnded":
      return answerLines(event, style);
    case "asked":
      return [
        style.yellow(tame(`  waits for approval ${requestName(event)}: ${event.tool}`)),
        ...texts(event.summary).map((line) => `    ${line}`),
      ];
    case "refused":
      return [
        style.yellow(tame(`  ${event.tool} wasn't allowed: ${firstLine(event.reason, 200)}`)),
      ];
    case "retry":
      return [
        style.yellow(tame(`the model wasn't reached (${event.reason}), attempt ${event.attempt}`)),
      ];
    // The end of the task reports it, with what the pod knows besides.
    case "result":
    case "began":
    case "usage":
    case "cost":
    case "withdrawn":
    case "unknown":
      return [];
  }
}

/** Returns what a tool that waits for an approval would do: all of it. */
export function approvalLines({ request, tool, summary }: Approval): string[] {
  return [
    tame(`task waits for approval ${requestName({ request })}: ${tool}`),
    ...texts(summary).map((line) => `  ${line}`),
  ];
}

function answerLines(
  { ok, text }: Extract<AgentEvent, { kind: "toolEnded" }>,
  style: Style,
): string[] {
  const lines = texts(text);
  const shown = lines.slice(0, maxAnswerLines).map((line) => `  ${line}`);
  const more = lines.length - shown.length;
  if (more > 0) shown.push(`  … ${more} more lines`);
  return shown.map((line) => ok ? style.dim(line) : style.red(line));
}

function texts(text: string): string[] {
  return text.trimEnd().split("\n").flatMap(tameLine);
}

function tame(line: string): string {
  return tameLine(line.replaceAll("\n", " ")).join(" ");
}

/** An event of a task as data. */
export type FollowData = ReturnType<typeof eventData>;

/** Returns the event as data, for `-o jsonl`. */
export function eventData(followed: FollowEvent) {
  switch (followed.kind) {
    case "turn":
      return { kind: followed.kind, number: followed.number, came: followed.came };
    case "task":
    case "end":
      return { kind: followed.kind, task: taskData(followed.task) };
    case "agent":
      return { kind: followed.kind, offset: followed.offset, event: followed.event };
    case "lost":
      return { kind: followed.kind, reason: followed.reason };
  }
}
