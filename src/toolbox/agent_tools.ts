/**
 * Tools over the coding agents of sessions: `agents`, `agent_log`, `agent_prompt`, `agent_answer`. A person approves each
 * prompt and each answer: what an agent does then isn't checked again.
 */
import { showTask } from "../actions/agent/follow.ts";
import { permissionModes } from "../actions/agent/options.ts";
import {
  answerApproval,
  type Approval,
  type Decision,
  knownAgent,
  readTasks,
  startTask,
  waitingTask,
} from "../actions/agent/tasks.ts";
import { type ChangeAction, isConfirmed } from "../actions/confirm_change.ts";
import { choiceField, textField, toggleField, wholeField } from "../operation/field.ts";
import { type AgentRef, agentTargetFor, readingAgent } from "../actions/session/agent_pod.ts";
import { sessionAgents } from "../actions/session/agents.ts";
import { KodamaError, UsageError } from "../base/errors.ts";
import { definedOnly } from "../base/json_value.ts";
import { approvalLines, eventLines } from "../present/agent_events.ts";
import { consentLine } from "../present/session_changes.ts";
import { agentsTable, approvalsOf, requestName, tasksTable } from "../present/agent_tasks.ts";
import { styleFor } from "../terminal/style.ts";
import type { Section } from "./fit.ts";
import { defineTool, type ToolContext } from "./tool.ts";

const scopeOptions = {
  namespace: textField("namespace; the one of new sessions if absent"),
  context: textField("context of the kubeconfig; the one in use if absent"),
};

const sessionOption = { session: textField("name of the session") };

type Scope = { namespace?: string; context?: string };

function refOf(name: string, { namespace, context }: Scope): AgentRef {
  return { kind: "session", name, ...definedOnly({ namespace, context }) };
}

/** The number of a session's tasks that are shown; a pod stores the last hundred. */
const shownTasks = 20;

/** `agents`. */
export const agentsTool = defineTool({
  name: "agents",
  title: "List coding agents and their tasks",
  description: "Lists the coding agents of all sessions: what each does, whether it waits for an " +
    "approval, and what its tasks have cost; with `session` the tasks of one. Changes nothing.",
  options: {
    session: textField("name of a session; all of them if absent"),
    allNamespaces: toggleField("the sessions of all namespaces"),
    ...scopeOptions,
  },
  async run({ session, allNamespaces = false, ...scope }, { host, signal, progress }) {
    if (session === undefined) {
      const { agents } = await sessionAgents(
        host,
        { allNamespaces, ...definedOnly(scope) },
        signal,
      );
      if (agents.length === 0) return [{ lines: ["no sessions"], unit: "lines" }];
      return [{ lines: agentsTable(agents), unit: "agents" }];
    }
    if (allNamespaces) throw new UsageError('"session" and "allNamespaces" exclude each other');
    const tasks = await readingAgent(
      host,
      refOf(session, definedOnly(scope)),
      waiting(progress, signal),
      (target, { isStopped }) => readTasks(host, target, { newest: shownTasks, isStopped, signal }),
    );
    if (tasks.length === 0) return [{ lines: ["no tasks"], unit: "lines" }];
    return [
      ...tasks.flatMap(approvalsOf).map(approvalSection),
      { lines: tasksTable(tasks, host.clock.now()), unit: "tasks" },
    ];
  },
});

function waiting(progress: ToolContext["progress"], signal: AbortSignal) {
  return {
    signal,
    onWait: (reason: string) => {
      progress?.(`waiting for ${reason}`);
      return Promise.resolve();
    },
  };
}

function approvalSection(approval: Approval): Section {
  return { lines: approvalLines(approval), unit: "lines", fair: true };
}

/** `agent_log`. */
export const agentLogTool = defineTool({
  name: "agent_log",
  title: "Show what a coding agent did",
  description:
    "Shows how a task of a session's agent ended, and its messages and tool calls, the " +
    "newest first. Changes nothing.",
  options: {
    ...sessionOption,
    task: wholeField("number of the task; the newest if absent", { least: 1 }),
    ...scopeOptions,
  },
  required: ["session"],
  async run({ session = "", task, ...scope }, { host, signal, progress }) {
    const plain = styleFor(false);
    const events = await readingAgent(
      host,
      refOf(session, definedOnly(scope)),
      waiting(progress, signal),
      async (target, { isStopped }) => {
        const shown: string[][] = [];
        const options = { isStopped, signal, ...(task === undefined ? {} : { number: task }) };
        for await (const event of showTask(host, target, options)) {
          if (event.kind !== "lost") shown.push(eventLines(event, plain));
          if (shown.length > maxLogEvents) shown.splice(1, maxLogEvents / 2);
        }
        return shown;
      },
    );
    const [title = [], ...others] = events;
    return [
      { lines: title, unit: "lines" },
      { lines: others.toReversed().flat(), unit: "lines", more: "use a larger budget" },
    ];
  },
});

const maxLogEvents = 10_000;

/** `agent_prompt`. */
export const agentPromptTool = defineTool({
  name: "agent_prompt",
  title: "Give a coding agent a task",
  description: "Starts a task of a session's agent, after a person's approval of the prompt. It " +
    "continues in the pod; the tool agent_log shows what it does. By default the agent asks for an " +
    "approval of each tool that changes something.",
  options: {
    ...sessionOption,
    prompt: textField("the task"),
    agent: textField("agent to use: claude, codex, or one of the setting agents (default claude)"),
    permissions: choiceField(
      "what the agent may do without an approval (default ask, if the agent can)",
      permissionModes,
    ),
    newConversation: toggleField("don't continue the agent's latest conversation"),
    anyway: toggleField("run the task even if a task that it is queued behind fails"),
    ...scopeOptions,
  },
  required: ["session", "prompt"],
  mayChange: true,
  async run(values, { host, signal, confirm }) {
    const { session = "", prompt = "", newConversation = false, anyway = false } = values;
    const { name: agent, asks } = await knownAgent(host, values.agent ?? "claude");
    const permissions = values.permissions ?? (asks ? "ask" : "bypass");
    const others: string[] = [];
    const { target } = await agentTargetFor(host, refOf(session, definedOnly(values)), {
      ...{ verb: "prompt", consent: consentLine(others), signal },
    });
    await requireApproved(host, { confirm, target }, {
      kind: "agent",
      session,
      does: `start a task of ${agent}, permissions ${permissions}`,
      details: [...others, ...prompt.split("\n")],
    });
    const { number, behind } = await startTask(host, target, {
      adapter: agent,
      prompt,
      permissions,
      anyway,
      conversation: newConversation ? "new" : "latest",
      signal,
    });
    const waits = behind.length === 0 ? "" : `, behind ${behind.join(", ")}`;
    return [{ lines: [`task ${number} of ${session} is started${waits}`], unit: "lines" }];
  },
});

/** `agent_answer`. */
export const agentAnswerTool = defineTool({
  name: "agent_answer",
  title: "Answer a coding agent that waits",
  description: "Allows or refuses the tool that a session's agent waits for, after a person's " +
    "approval. The tool agents shows the requests.",
  options: {
    ...sessionOption,
    request: textField("name of the request, as the tool agents shows it"),
    decision: choiceField("the answer", ["allow", "deny"]),
    message: textField("with deny: the reason that the agent reads"),
    ...scopeOptions,
  },
  required: ["session", "request", "decision"],
  mayChange: true,
  async run(values, { host, signal, confirm }) {
    const { session = "", request = "", decision = "deny", message } = values;
    const others: string[] = [];
    const { target } = await agentTargetFor(host, refOf(session, definedOnly(values)), {
      ...{ verb: "answer the agent of", consent: consentLine(others), signal },
    });
    const found = await waitingTask(host, target, signal);
    const [approval, ...more] = found?.approvals.filter((one) => one.request.startsWith(request)) ??
      [];
    if (found === undefined || approval === undefined || more.length > 0) {
      const names = found?.approvals.map(requestName) ?? [];
      throw new KodamaError(
        "notFound",
        `the agent of ${session} doesn't wait for ${request}; it waits for ${
          names.length === 0 ? "nothing" : names.join(", ")
        }`,
      );
    }
    const answer: Decision = decision === "allow"
      ? { kind: "allow" }
      : { kind: "deny", message: message ?? "the user refused this" };
    await requireApproved(host, { confirm, target }, {
      kind: "agent",
      session,
      does: `${decision} what its agent waits for`,
      details: [
        ...others,
        ...approvalLines(approval),
        ...(answer.kind === "deny" ? [`the reason: ${answer.message}`] : []),
      ],
    });
    const given = { task: found.task, approval, decision: answer, signal };
    await answerApproval(host, target, given);
    const did = decision === "allow" ? "allowed" : "refused";
    return [{ lines: [`${did} ${request}: ${approval.tool}`], unit: "lines" }];
  },
});

/** @throws KodamaError `declined` if the person says no, `forbidden` if no one is asked. */
async function requireApproved(
  host: ToolContext["host"],
  { confirm, target }: Pick<ToolContext, "confirm"> & {
    target: Awaited<ReturnType<typeof agentTargetFor>>["target"];
  },
  action: Extract<ChangeAction, { kind: "agent" }>,
): Promise<void> {
  if (await isConfirmed(host, confirm, { action, targets: [target] })) return;
  throw new KodamaError("declined", "the person said no: the agent has got nothing");
}
