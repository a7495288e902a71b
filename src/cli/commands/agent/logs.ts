import { definedOnly } from "../../../base/defined_only.ts";
import { type AgentLogs, runAgentLogs } from "./agent_logs.ts";
import { agentOperand, agentPlaceOf, agentScopeFlags, taskFlag } from "./flags.ts";
import { followExitCodes } from "./show_follow.ts";
import { defineCommand } from "../../parser/command.ts";
import { BadValue, choice, toggle, value, valueOr } from "../../parser/flag.ts";

const formats = choice(["text", "jsonl"]);

/** `kodama agent logs`. */
export const command = defineCommand({
  description:
    "Shows what the agent of a session did for a task: what it said, the tools it used and their answers, " +
    "cut to be read. With -f it goes on as the agent does, over links that break. `kodama logs --agent` is " +
    "the same for the newest task.",
  operands: [agentOperand],
  flags: {
    ...agentScopeFlags,
    task: taskFlag,
    follow: toggle("go on until the task has ended", { short: "f" }),
    offset: value("begin at this byte of its events, as an earlier event told it", byteCount, {
      placeholder: "BYTES",
    }),
    output: valueOr("how it is printed: jsonl has every event whole", formats.parse, "text", {
      short: "o",
      ...formats,
    }),
  },
  examples: [
    { title: "The newest task", line: "kodama agent logs my-work" },
    { title: "As it goes on", line: "kodama agent logs my-work -f" },
    { title: "An earlier one, as data", line: "kodama agent logs my-work --task 3 -o jsonl" },
  ],
  exitCodes: followExitCodes,
  seeAlso: ["kodama agent list NAME shows the tasks."],
  resolve: ({ flags, operands: [name = ""] }): AgentLogs => ({
    name,
    place: agentPlaceOf(flags, name),
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
