import { definedOnly } from "../../../base/json_value.ts";
import { type AgentLogs, runAgentLogs } from "./agent_logs.ts";
import { agentOperand, agentRef, agentScopeFlags, taskFlag } from "./flags.ts";
import { followExitCodes } from "./show_follow.ts";
import { defineCommand } from "../../parser/command.ts";
import { BadValue, choice, toggle, value, valueOr } from "../../parser/flag.ts";

const formats = choice(["text", "jsonl"]);

/** `kodama agent logs`. */
export const command = defineCommand({
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
    output: valueOr("output format; jsonl has complete events", formats.parse, "text", {
      short: "o",
      ...formats,
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
