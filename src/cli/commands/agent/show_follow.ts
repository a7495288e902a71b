/** A task's events on this process's terminal. Detaching doesn't stop the agent. */
import { jsonLine } from "../../../present/json.ts";
import type { FollowEvent } from "../../../actions/agent/follow.ts";
import { isOpen } from "../../../actions/agent/options.ts";
import type { Task } from "../../../actions/agent/tasks.ts";
import { KodamaError } from "../../../base/errors.ts";
import { printable } from "../../../terminal/printable.ts";
import { success } from "../../exit_codes.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import type { Invocation } from "../../invocation.ts";
import { styleOf } from "../../output.ts";
import { eventData, eventLines, lostLine } from "../../../present/agent_events.ts";

/** As for a run of a single target whose command failed. */
const taskFailed = 5;

/** Exit codes, for the help of each command that follows a task. */
export const followExitCodes: readonly (readonly [code: string, meaning: string])[] = [
  ["0", "it was done; with --follow, the task is done"],
  ["1", "kodama itself failed, or there is no such session or task"],
  ["2", "the command line is wrong"],
  ["4", "the pod couldn't be reached"],
  ["5", "followed to its end, the task failed, waits for an answer, or was interrupted"],
  ["130", "stopped by Ctrl-C or a signal; the agent keeps running"],
];

/**
 * Shows the events of `start`; returns the exit code of the process.
 *
 * @param name the operand that names the agent, for the hint on how to follow it again.
 */
export async function showFollow(
  start: (signal: AbortSignal) => AsyncIterable<FollowEvent>,
  { invocation, format, name }: {
    invocation: Invocation;
    format: "text" | "jsonl";
    name: string;
  },
): Promise<number> {
  const { terminal, environment, signals } = invocation;
  const style = styleOf(terminal.stdout, environment);
  let last: Task | undefined;
  try {
    await interruptible(signals, async (signal) => {
      for await (const reported of start(signal)) {
        if ("task" in reported) last = reported.task;
        if (format === "jsonl") {
          await terminal.stdout.write(jsonLine(eventData(reported)));
        } else if (reported.kind === "lost") {
          await terminal.stderr.write(`${lostLine(reported.reason)}\n`);
        } else {
          const lines = eventLines(reported, style);
          await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
        }
      }
    });
  } catch (error) {
    const continues = last !== undefined && isOpen(last);
    if (error instanceof KodamaError && error.kind === "cancelled" && continues) {
      const again = printable(`kodama logs --agent ${name} -f`);
      await terminal.stderr.write(`the agent keeps running: ${again} shows it again\n`);
    }
    throw error;
  }
  return last === undefined || last.status.state === "done" ? success : taskFailed;
}
