/** Tasks as text for people, and as data. Pure. */
import type { Approval, Task, TaskStatus, Tokens } from "../actions/agent/tasks.ts";
import type { SessionAgent } from "../actions/session/agents.ts";
import type { AgentNotice } from "../actions/session/notices.ts";
import { plural } from "../base/plural.ts";
import { ageText } from "../base/duration.ts";
import { printable } from "../terminal/printable.ts";
import { tableLines } from "../terminal/table.ts";

/** The number of characters shown of a request's id: enough to distinguish those of one task. */
const shortRequest = 8;

/** Returns the name of a request that a user types. */
export function requestName({ request }: Pick<Approval, "request">): string {
  return request.slice(0, shortRequest);
}

/** Returns the approvals that a task waits for. */
export function approvalsOf({ status }: Task): readonly Approval[] {
  return status.state === "waiting" ? status.approvals ?? [] : [];
}

const header = ["TASK", "STATE", "AGENT", "TURNS", "TOOLS", "TOKENS", "COST", "AGE", "PROMPT"];

/** Maximum length of a prompt or a reason in a table. */
const maxCell = 60;

/** Returns the lines of a table. */
export function tasksTable(tasks: readonly Task[], now: Date): string[] {
  return tableLines(
    header,
    tasks.map((task) => {
      const { number, status, adapter, progress, createdAt, prompt } = task;
      return [
        String(number),
        status.state,
        adapter,
        String(progress.turns),
        String(progress.tools),
        tokensText(progress.tokens),
        costText(progress.costUsd),
        ageText(now.getTime() - createdAt.getTime()),
        firstLine(prompt),
      ];
    }),
  );
}

const agentsHeader = "NAMESPACE SESSION STATUS OWNER TASK STATE TASKS TOKENS COST PROMPT".split(
  " ",
);

/** Returns the lines of a table of all sessions' agents. */
export function agentsTable(agents: readonly SessionAgent[]): string[] {
  return tableLines(
    agentsHeader,
    agents.map(({ namespace, name, status, owner = "", task, totals }) => [
      ...[namespace, name, status, owner],
      ...(task === undefined ? ["", ""] : [String(task.number), task.status.state]),
      ...(totals === undefined
        ? ["", "", ""]
        : [String(totals.tasks), tokensText(totals.tokens), costText(totals.costUsd)]),
      task === undefined ? "" : firstLine(task.prompt),
    ]),
  );
}

/** Returns a session's agent as data. */
export function agentData(agent: SessionAgent): Record<string, unknown> {
  const { namespace, name, status, owner, task, totals } = agent;
  return {
    namespace,
    session: name,
    status,
    owner: owner ?? null,
    task: task === undefined ? null : taskData(task),
    totals: totals === undefined ? null : { ...totals, costUsd: totals.costUsd ?? null },
  };
}

/** Returns the detail after a state's name; empty if the state has none. */
function reasonOf(status: TaskStatus): string {
  switch (status.state) {
    case "failed":
      return status.reason;
    case "waiting":
      return status.for;
    default:
      return "";
  }
}

/** Returns how a task ended, or its state, in one line. */
export function statusLine({ number, status, progress, continues }: Task): string {
  const { tool, note } = progress;
  const reason = reasonOf(status);
  const now = status.state === "working"
    ? note ?? (tool === undefined ? undefined : `${tool.name} ${firstLine(tool.summary)}`)
    : undefined;
  const parts = [
    `task ${number} ${status.state}${reason === "" ? "" : `: ${firstLine(reason, 500)}`}`,
    ...(now === undefined ? [] : [now]),
    ...(continues === undefined ? [] : [`continues task ${continues}`]),
    ...workParts(progress),
  ];
  return parts.join(" · ");
}

/** Returns a task's state and progress, without any text of its agent. */
export function progressText({ number, status, progress }: Task): string {
  return [`task ${number} ${status.state}`, ...workParts(progress)].join(" · ");
}

function workParts({ turns, tools, tokens, costUsd }: Task["progress"]): string[] {
  return [
    ...(turns + tools === 0
      ? []
      : [`${plural(turns, "turn")}, ${plural(tools, "tool")}, ${tokensText(tokens)} tokens`]),
    ...(costUsd === undefined ? [] : [costText(costUsd)]),
  ];
}

/** Returns the first line of a text, cut to fit. */
export function firstLine(text: string, limit = maxCell): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line.length > limit || line.length < text.trim().length
    ? `${line.slice(0, limit - 1)}…`
    : line;
}

/** Formats the tokens that the model read and wrote: `950`, `12.3k`, `1.2M`. */
export function tokensText({ input, output, cacheRead, cacheWrite }: Tokens): string {
  const all = input + output + cacheRead + cacheWrite;
  if (all < 1000) return String(all);
  return all < 1_000_000 ? `${(all / 1000).toFixed(1)}k` : `${(all / 1_000_000).toFixed(1)}M`;
}

/** Formats US dollars; empty if they aren't known. */
export function costText(costUsd: number | null | undefined): string {
  if (costUsd === undefined || costUsd === null) return "";
  return `$${costUsd.toFixed(costUsd < 1 ? 4 : 2)}`;
}

/** A task as data. */
export type TaskData = ReturnType<typeof taskData>;

/** Returns a task as data: what `-o json` prints. */
export function taskData(task: Task) {
  const { number, adapter, status, prompt, workdir, conversation, continues, progress } = task;
  const { turns, tools, tokens, costUsd, lastMessage, model } = progress;
  const reason = reasonOf(status);
  return {
    number,
    adapter,
    state: status.state,
    reason: reason === "" ? null : reason,
    exitCode: task.exitCode ?? null,
    prompt,
    workdir: workdir ?? null,
    conversation: conversation ?? null,
    continues: continues ?? null,
    createdAt: task.createdAt.toISOString(),
    startedAt: task.startedAt?.toISOString() ?? null,
    endedAt: task.endedAt?.toISOString() ?? null,
    model: model ?? null,
    turns,
    tools,
    tokens,
    costUsd: costUsd ?? null,
    lastMessage,
    approvals: approvalsOf(task).map(({ request, tool, summary }) => ({ request, tool, summary })),
    partial: task.partial,
  };
}

const noticeText: Readonly<Record<AgentNotice["state"], string>> = {
  waiting: "waits for an answer",
  done: "is done",
  failed: "failed",
  interrupted: "was interrupted",
};

/** `2026-01-15T14:30:00Z fix-auth in dev: task 3 waits for an answer: Bash`. */
export function noticeLine({ at, namespace, session, task, state, reason }: AgentNotice): string {
  const time = at.toISOString().replace(/\.\d+/, "");
  const why = reason === undefined ? "" : `: ${reason}`;
  return printable(`${time} ${session} in ${namespace}: task ${task} ${noticeText[state]}${why}`);
}
