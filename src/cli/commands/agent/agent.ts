/** `kodama agent`. */
import { definedOnly } from "../../../base/json_value.ts";
import { KodamaError, UsageError } from "../../../base/errors.ts";
import {
  agentData,
  agentsTable,
  approvalsOf,
  noticeLine,
  requestName,
  taskData,
  tasksTable,
} from "../../../present/agent_tasks.ts";
import { approvalLines } from "../../../present/agent_events.ts";
import { jsonLine } from "../../../present/json.ts";
import { notification, notificationKinds } from "../../../terminal/notification.ts";
import { printable } from "../../../terminal/printable.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { failure, success } from "../../exit_codes.ts";
import { whereText, writeList } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { listScope } from "../../parser/scope_flags.ts";
import {
  BadValue,
  choice,
  count,
  durationMs,
  type FlagValues,
  text,
  toggle,
  value,
  valueOr,
} from "../../parser/flag.ts";
import { type AgentLogs, runAgentLogs } from "./agent_logs.ts";
import { agentOperand, agentRef, agentScopeFlags, taskFlag } from "./flags.ts";
import { followExitCodes } from "./show_follow.ts";
import type { AgentRef } from "../../../actions/session/agent_pod.ts";
import type { Approval, Decision, WaitingTask } from "../../../actions/agent/tasks.ts";
import { askYes, canAsk } from "../../ask_yes.ts";
import { askConsent, theirsFlag } from "../session/theirs.ts";
import type { Invocation } from "../../invocation.ts";

/* `kodama agent approve` and `kodama agent deny`: the answers to an agent that waits. */

const answerOperands = [agentOperand, { name: "REQUEST", arity: "optional" }] as const;

const answerFlags = {
  ...agentScopeFlags,
  ...theirsFlag,
  all: toggle("answer all requests that wait now"),
};

const answerExitCodes = [
  ["0", "the agent has the answer"],
  ["1", "nothing waits, the request was answered already, or you answered no"],
  ["2", "the command line is wrong, or there is no terminal to ask on"],
  ["4", "the pod couldn't be reached"],
] as const;

/** The answer, and its request. */
interface Answer {
  ref: AgentRef;
  name: string;
  theirs: boolean;
  /** The start of a request's name; undefined for the only request. */
  request: string | undefined;
  all: boolean;
  decision: Decision;
}

/** `kodama agent approve`. */
const approve = defineCommand({
  description:
    "Lets the agent of a session use the tool that it waits for, from any machine. Without REQUEST it " +
    "shows what the tool would do, and asks. REQUEST is the name that `kodama logs --agent` and this " +
    "command show, or the start of it. An approval counts once, for exactly what was shown.",
  operands: answerOperands,
  flags: answerFlags,
  examples: {
    "Show what the agent waits for, and ask": "kodama agent approve my-work",
    "Approve one request": "kodama agent approve my-work 3f1c2a9b",
  },
  exitCodes: answerExitCodes,
  seeAlso: [
    "kodama prompt NAME --permissions ask starts a task that asks.",
    "kodama agent deny NAME refuses it.",
  ],
  resolve: ({ flags, operands: [name = "", request] }): Answer => ({
    ...resolved(flags, name, request),
    decision: { kind: "allow" },
  }),
  run: answer,
});

/** `kodama agent deny`. */
const deny = defineCommand({
  description:
    "Refuses the agent of a session the tool that it waits for; it continues without it. The message " +
    "is the reason that the agent reads, and may say what to do instead.",
  operands: answerOperands,
  flags: {
    ...answerFlags,
    message: value("reason that the agent reads", text, { placeholder: "TEXT", short: "m" }),
  },
  examples: {
    "Refuse, and give another way": 'kodama agent deny my-work 3f1c2a9b -m "Use the test database"',
  },
  exitCodes: answerExitCodes,
  seeAlso: ["kodama interrupt NAME stops the whole task."],
  resolve: ({ flags, operands: [name = "", request] }): Answer => ({
    ...resolved(flags, name, request),
    decision: { kind: "deny", ...definedOnly({ message: flags.message }) },
  }),
  run: answer,
});

function resolved(
  flags: FlagValues<typeof answerFlags>,
  name: string,
  request: string | undefined,
) {
  if (flags.all && request !== undefined) {
    throw new UsageError("--all and REQUEST can't be used together");
  }
  const { theirs, all } = flags;
  return { ref: agentRef(flags, name), name, theirs, request, all };
}

async function answer(options: Answer, invocation: Invocation): Promise<number> {
  const { ref, name, theirs, decision } = options;
  const { signals, terminal } = invocation;
  const host = await invocation.host();
  const [{ agentTargetFor }, { answerApproval, waitingTask }] = await Promise.all([
    import("../../../actions/session/agent_pod.ts"),
    import("../../../actions/agent/tasks.ts"),
  ]);
  return await interruptible(signals, async (signal) => {
    const consent = askConsent({ theirs, terminal, signal });
    const { target } = await agentTargetFor(host, ref, {
      verb: "answer the agent of",
      consent,
      signal,
    });
    const waiting = await waitingTask(host, target, signal);
    if (waiting === undefined) {
      throw new KodamaError("conflict", `the agent of ${name} doesn't wait for an approval`, {
        hint: `kodama agent list ${printable(name)} shows its tasks`,
      });
    }
    const chosen = chosenOf(waiting, options);
    const { task } = waiting;
    for (const approval of chosen) {
      if (options.request === undefined && !options.all) {
        const shown = approvalLines(approval).map((line) => `${line}\n`).join("");
        const question = decision.kind === "allow" ? "allow it?" : "refuse it?";
        requireAnswerable(invocation, name, approval);
        if (!await askYes(terminal, `${shown}${question}`, signal)) return failure;
      }
      await answerApproval(host, target, { task, approval, decision, signal });
      const did = decision.kind === "allow" ? "allowed" : "refused";
      await terminal.stdout.write(
        `${did} ${printable(`${requestName(approval)}: ${approval.tool}`)} (task ${task.number})\n`,
      );
    }
    return success;
  });
}

/** Throws UsageError if no person can be asked. */
function requireAnswerable({ terminal }: Invocation, name: string, approval: Approval): void {
  if (canAsk(terminal)) return;
  const { tool } = approval;
  throw new UsageError(`no terminal to ask on whether the agent may use ${printable(tool)}`, {
    hint: `name the request: kodama agent approve ${printable(`${name} ${requestName(approval)}`)}`,
  });
}

function chosenOf({ approvals }: WaitingTask, { request, all }: Answer): readonly Approval[] {
  if (all) return approvals;
  if (request === undefined) return approvals.slice(0, 1);
  const exact = approvals.filter((one) => one.request === request);
  const found = exact.length > 0
    ? exact
    : approvals.filter((one) => one.request.startsWith(request));
  if (found.length === 1) return found;
  const names = approvals.map(requestName).join(", ");
  throw new KodamaError(
    "notFound",
    found.length === 0
      ? `no request ${printable(request)} waits`
      : `${found.length} requests start with ${printable(request)}`,
    { hint: `these wait: ${printable(names)}` },
  );
}

/** `kodama agent list`. */
const list = defineCommand({
  description:
    "Lists the tasks of a session's agent, oldest first, with their state and result; those of a " +
    "stopped session too. A pod stores the last hundred tasks. Without SESSION it lists the agents of " +
    "all sessions of the namespace, with what their tasks have cost; with -A of all namespaces that " +
    "you may read.",
  operands: [{ ...agentOperand, arity: "optional" }],
  flags: {
    ...agentScopeFlags,
    "all-namespaces": toggle("list the agents of all namespaces", { short: "A" }),
    "limit": valueOr("largest number of tasks to list", count, "20"),
    "output": valueOr("output format", choice(["table", "json", "jsonl", "yaml"]), "table", {
      short: "o",
    }),
  },
  examples: {
    "List the last tasks": "kodama agent list my-work",
    "The newest task as JSON": "kodama agent list my-work --limit 1 -o json",
    "What all agents do, and which of them wait": "kodama agent list -A",
  },
  seeAlso: [
    "kodama logs --agent NAME shows what the agent did.",
    "kodama agent approve NAME lets it use a tool that it waits for.",
  ],
  resolve: ({ flags, operands: [name] }) => {
    const { limit: newest, output: format } = flags;
    if (name !== undefined && flags["all-namespaces"]) {
      throw new UsageError("SESSION and --all-namespaces can't be used together");
    }
    return {
      newest,
      format,
      of: name === undefined
        ? { kind: "all" as const, scope: listScope(flags) }
        : { kind: "one" as const, name, ref: agentRef(flags, name) },
    };
  },
  async run({ of, newest, format }, { host: openHost, signals, terminal }) {
    const host = await openHost();
    if (of.kind === "all") {
      const { sessionAgents } = await import("../../../actions/session/agents.ts");
      const { agents, ...where } = await interruptible(
        signals,
        (signal) => sessionAgents(host, of.scope, signal),
      );
      return await writeList(terminal, agents, {
        format,
        data: agentData,
        table: () => agentsTable(agents),
        empty: `no sessions in ${whereText(where)}`,
      });
    }
    const { name, ref } = of;
    const [{ readingAgent }, { readTasks }] = await Promise.all([
      import("../../../actions/session/agent_pod.ts"),
      import("../../../actions/agent/tasks.ts"),
    ]);
    const onWait = (reason: string) => terminal.stderr.write(`waiting for ${printable(reason)}\n`);
    const tasks = await interruptible(signals, (signal) =>
      readingAgent(
        host,
        ref,
        { onWait, signal },
        (target, { isStopped }) => readTasks(host, target, { newest, isStopped, signal }),
      ));
    await writeList(terminal, tasks, {
      format,
      data: taskData,
      table: () => tasksTable(tasks, host.clock.now()),
      empty: `no tasks yet: kodama prompt ${name} "…" starts one`,
    });
    if (format !== "table") return success;
    for (const approval of tasks.flatMap(approvalsOf)) {
      const shown = approvalLines(approval).map((line) => `${line}\n`).join("");
      const answer = `kodama agent approve ${printable(`${name} ${requestName(approval)}`)}`;
      await terminal.stderr.write(`${shown}  ${answer}   # or deny\n`);
    }
    return success;
  },
});

/** `kodama agent logs`. */
const logs = defineCommand({
  description:
    "Shows what the agent of a session did for a task: its messages, and its tool calls with their " +
    "results, shortened for reading. With -f it follows the task, and reconnects after broken " +
    "connections. `kodama logs --agent` shows the newest task.",
  operands: [agentOperand],
  flags: {
    ...agentScopeFlags,
    task: taskFlag,
    follow: toggle("follow the task until it has ended", { short: "f" }),
    offset: value(
      "start at this byte offset of its events, as an earlier event reported it",
      byteCount,
      { placeholder: "BYTES" },
    ),
    output: valueOr("output format; jsonl has complete events", choice(["text", "jsonl"]), "text", {
      short: "o",
    }),
  },
  examples: {
    "Show the newest task": "kodama agent logs my-work",
    "Follow it": "kodama agent logs my-work -f",
    "Show an earlier task, as JSON": "kodama agent logs my-work --task 3 -o jsonl",
  },
  exitCodes: followExitCodes,
  seeAlso: ["kodama agent list NAME lists the tasks."],
  resolve: ({ flags, operands: [name = ""] }): AgentLogs => ({
    name,
    ref: agentRef(flags, name),
    follow: flags.follow,
    format: flags.output,
    ...definedOnly({ task: flags.task, offset: flags.offset }),
  }),
  run: runAgentLogs,
});

function byteCount(raw: string): number {
  const number = Number(raw);
  if (/^\d+$/.test(raw) && Number.isSafeInteger(number)) return number;
  throw new BadValue(raw, "must be a whole number, 0 or more");
}

/** `kodama agent watch`. */
const watch = defineCommand({
  description:
    "Watches the agents of all sessions of a namespace, and prints a line when one waits for an answer or " +
    "its task has ended, until it is interrupted. On a terminal it also rings the bell and sends a message " +
    "to the desktop, if the terminal can.",
  flags: {
    ...agentScopeFlags,
    "all-namespaces": toggle("watch the agents of all namespaces", { short: "A" }),
    "interval": valueOr("time between two queries of the pods", durationMs, "10s"),
    "notify": valueOr("how the terminal notifies", choice(notificationKinds), "desktop"),
    "output": valueOr("output format", choice(["text", "jsonl"]), "text", { short: "o" }),
  },
  examples: {
    "Watch the current namespace": "kodama agent watch",
    "All namespaces, as data": "kodama agent watch -A -o jsonl",
  },
  exitCodes: [["130", "stopped by Ctrl-C or a signal"]],
  seeAlso: ["kodama agent list -A lists what all agents do."],
  resolve({ flags }) {
    const { interval: intervalMs, notify, output: format } = flags;
    return { scope: listScope(flags), intervalMs, notify, format };
  },
  async run({ scope, intervalMs, notify, format }, invocation) {
    const { host: openHost, signals, terminal: { stdout, stderr }, environment } = invocation;
    const host = await openHost();
    const { watchAgents } = await import("../../../actions/session/notices.ts");
    const screen = { term: environment("TERM") ?? "", isTmux: (environment("TMUX") ?? "") !== "" };
    return await interruptible(signals, async (signal) => {
      const notices = watchAgents(host, { ...scope, taskIntervalMs: intervalMs, signal });
      for await (const notice of notices) {
        const line = noticeLine(notice);
        await stdout.write(format === "jsonl" ? jsonLine(notice) : `${line}\n`);
        if (stderr.isTerminal) await stderr.write(notification(line, notify, screen));
      }
      return success;
    });
  },
});

/** The commands of this file, by name. */
export const commands = { list, logs, watch, approve, deny };
