/** `kodama agent`. */
import { definedOnly } from "../../../base/json_value.ts";
import { taskData, tasksTable } from "../../../present/agent_tasks.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { success } from "../../exit_codes.ts";
import { renderData } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { BadValue, choice, count, toggle, value, valueOr } from "../../parser/flag.ts";
import { type AgentLogs, runAgentLogs } from "./agent_logs.ts";
import { agentOperand, agentRef, agentScopeFlags, taskFlag } from "./flags.ts";
import { followExitCodes } from "./show_follow.ts";

const listFormats = choice(["table", "json", "jsonl", "yaml"]);

/** `kodama agent list`. */
const list = defineCommand({
  description:
    "Lists the tasks of a session's agent, oldest first, with their state and result. A pod stores " +
    "the last hundred tasks.",
  operands: [agentOperand],
  flags: {
    ...agentScopeFlags,
    limit: valueOr("largest number of tasks to list", count, "20", { placeholder: "N" }),
    output: valueOr("output format", listFormats.parse, "table", { short: "o", ...listFormats }),
  },
  examples: [
    { title: "List the last tasks", line: "kodama agent list my-work" },
    { title: "The newest task as JSON", line: "kodama agent list my-work --limit 1 -o json" },
  ],
  seeAlso: ["kodama logs --agent NAME shows what the agent did."],
  resolve: ({ flags, operands: [name = ""] }) => ({
    name,
    ref: agentRef(flags, name),
    kubeconfig: flags.kubeconfig,
    newest: flags.limit,
    format: flags.output,
  }),
  async run(
    { name, ref, kubeconfig, newest, format },
    { host: openHost, signals, terminal },
  ) {
    const host = await openHost({ kubeconfig });
    const [{ agentTarget }, { readTasks }] = await Promise.all([
      import("../../../actions/session/agent_pod.ts"),
      import("../../../actions/agent/tasks.ts"),
    ]);
    const tasks = await interruptible(signals, async (signal) => {
      const target = await agentTarget(host, ref, signal);
      return await readTasks(host, target, { newest, signal });
    });
    if (format !== "table") {
      await terminal.stdout.write(await renderData(tasks.map(taskData), format));
      return success;
    }
    if (tasks.length === 0) {
      await terminal.stderr.write(`no tasks yet: kodama prompt ${name} "…" starts one\n`);
      return success;
    }
    const lines = tasksTable(tasks, host.clock.now());
    await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
    return success;
  },
});

const logFormats = choice(["text", "jsonl"]);

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
      {
        placeholder: "BYTES",
      },
    ),
    output: valueOr("output format; jsonl has complete events", logFormats.parse, "text", {
      short: "o",
      ...logFormats,
    }),
  },
  examples: [
    { title: "Show the newest task", line: "kodama agent logs my-work" },
    { title: "Follow it", line: "kodama agent logs my-work -f" },
    { title: "Show an earlier task, as JSON", line: "kodama agent logs my-work --task 3 -o jsonl" },
  ],
  exitCodes: followExitCodes,
  seeAlso: ["kodama agent list NAME lists the tasks."],
  resolve: ({ flags, operands: [name = ""] }): AgentLogs => ({
    name,
    ref: agentRef(flags, name),
    kubeconfig: flags.kubeconfig,
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

/** By their names. */
export const commands = { list, logs };
