import { toldLate } from "./prompt/delayed_notice.ts";
import { agentOperand, agentPlaceOf, agentScopeFlags } from "./agent/flags.ts";
import { defineCommand } from "../parser/command.ts";
import { failure, success } from "../exit_codes.ts";
import { count, value } from "../parser/flag.ts";
import { interruptible } from "../../terminal/driver/signals.ts";
import { counted } from "../../base/counted.ts";

/** `kodama interrupt`. */
export const command = defineCommand({
  description:
    "Stops the agent of a session: the task that it works on ends as interrupted, with all that it has " +
    "started in the pod. Its conversation stays, and the next prompt goes on with it. Tasks that wait for " +
    "their turn go on, unless they are named with --task.",
  operands: [agentOperand],
  flags: {
    ...agentScopeFlags,
    task: value("the task of this number (default the one that is worked on)", count, {
      placeholder: "N",
    }),
  },
  examples: [
    { title: "Stop what it does", line: "kodama interrupt my-work" },
    { title: "Take a task back that hasn't begun", line: "kodama interrupt my-work --task 4" },
  ],
  exitCodes: [
    ["0", "the task has ended"],
    ["1", "no agent works there, or some of its processes couldn't be ended"],
    ["2", "the command line is wrong"],
    ["4", "the pod couldn't be reached"],
  ],
  seeAlso: ["kodama agent list NAME shows the tasks of a session."],
  resolve: ({ flags, operands: [name = ""] }) => ({
    place: agentPlaceOf(flags, name),
    kubeconfig: flags.kubeconfig,
    task: flags.task,
  }),
  async run({ place, kubeconfig, task }, { host: openHost, terminal, signals }) {
    const host = await openHost({ kubeconfig });
    const [{ agentTarget }, { interruptTask }] = await Promise.all([
      import("../../actions/session/agent_pod.ts"),
      import("../../actions/agent/tasks.ts"),
    ]);
    const words = "waiting for the agent to end its turn; it is killed where it doesn't";
    using _told = toldLate(terminal.stderr, host.clock, words);
    const { number, late, left } = await interruptible(signals, async (signal) => {
      const target = await agentTarget(host, place, signal);
      const which = task === undefined ? {} : { number: task };
      return await interruptTask(host, target, { ...which, signal });
    });
    const line = late ? `task ${number} had ended` : `task ${number} interrupted`;
    await terminal.stdout.write(`${line}\n`);
    if (left === 0) return success;
    const processes = counted(left, "process", "processes");
    await terminal.stderr.write(`${processes} of it did not end on KILL\n`);
    return failure;
  },
});
