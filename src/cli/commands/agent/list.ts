import { agentOperand, agentRef, agentScopeFlags } from "./flags.ts";
import { taskData, tasksTable } from "../../../present/agent_tasks.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, count, valueOr } from "../../parser/flag.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { renderData } from "../../output.ts";

const formats = choice(["table", "json", "jsonl", "yaml"]);

/** `kodama agent list`. */
export const command = defineCommand({
  description:
    "Lists the tasks of a session's agent, oldest first, with their state and result. A pod stores " +
    "the last hundred tasks.",
  operands: [agentOperand],
  flags: {
    ...agentScopeFlags,
    limit: valueOr("largest number of tasks to list", count, "20", { placeholder: "N" }),
    output: valueOr("output format", formats.parse, "table", { short: "o", ...formats }),
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
