import { noticeAfter } from "./prompt/delayed_notice.ts";
import { agentOperand, agentRef, agentScopeFlags } from "./agent/flags.ts";
import { defineCommand } from "../parser/command.ts";
import { failure, success } from "../exit_codes.ts";
import { count, value } from "../parser/flag.ts";
import { interruptible } from "../../terminal/driver/signals.ts";
import { plural } from "../../base/plural.ts";

/** `kodama interrupt`. */
export const command = defineCommand({
  description:
    "Interrupts the agent of a session: its current task ends as interrupted, with all processes it " +
    "started in the pod. The conversation is stored, and the next prompt continues it. Queued tasks " +
    "are started next, unless --task names one of them.",
  operands: [agentOperand],
  flags: {
    ...agentScopeFlags,
    task: value("interrupt task N (default the current task)", count, {
      placeholder: "N",
    }),
  },
  examples: [
    { title: "Interrupt the current task", line: "kodama interrupt my-work" },
    { title: "Remove a task from the queue", line: "kodama interrupt my-work --task 4" },
  ],
  exitCodes: [
    ["0", "the task has ended"],
    ["1", "no agent is working, or some of its processes couldn't be ended"],
    ["2", "the command line is wrong"],
    ["4", "the pod couldn't be reached"],
  ],
  seeAlso: ["kodama agent list NAME shows the tasks of a session."],
  resolve: ({ flags, operands: [name = ""] }) => ({
    ref: agentRef(flags, name),
    kubeconfig: flags.kubeconfig,
    task: flags.task,
  }),
  async run({ ref, kubeconfig, task }, { host: openHost, terminal, signals }) {
    const host = await openHost({ kubeconfig });
    const [{ agentTarget }, { interruptTask }] = await Promise.all([
      import("../../actions/session/agent_pod.ts"),
      import("../../actions/agent/tasks.ts"),
    ]);
    const words = "waiting for the agent to end its turn; it is killed where it doesn't";
    using _reported = noticeAfter(terminal.stderr, host.clock, words);
    const { number, late, remaining } = await interruptible(signals, async (signal) => {
      const target = await agentTarget(host, ref, signal);
      const which = task === undefined ? {} : { number: task };
      return await interruptTask(host, target, { ...which, signal });
    });
    const line = late ? `task ${number} had ended` : `task ${number} interrupted`;
    await terminal.stdout.write(`${line}\n`);
    if (remaining === 0) return success;
    const processes = plural(remaining, "process", "processes");
    await terminal.stderr.write(`${processes} of it did not end on KILL\n`);
    return failure;
  },
});
