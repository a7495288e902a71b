/** Sessions without a pod, and with one again. */
import type { StopPlan } from "../../../actions/session/stop.ts";
import { KodamaError, UnconfirmedError } from "../../../base/errors.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";
import { otherOwnerLine, stoppedWork } from "../../../present/session_changes.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askYes, canAsk } from "../../ask_yes.ts";
import { success } from "../../exit_codes.ts";
import { styleOf } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { durationMs, toggle, valueOr } from "../../parser/flag.ts";
import { scopeFlags, sessionOperand, sessionRef, timeoutFlag } from "./flags.ts";
import { showSessionStart } from "./show_start.ts";

/** `kodama stop`. */
const stop = defineCommand({
  description:
    "Stops a session: its pod is deleted; its workspace and the agent's home are retained. `kodama " +
    "resume` starts it again, from any machine. If the agent is working on a task, kodama asks first, " +
    "because the task fails.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    timeout: valueOr("time to wait for the pod to end", durationMs, "2m", {
      placeholder: "DURATION",
    }),
    yes: toggle("stop without asking, even if the agent is working", { short: "y" }),
    force: toggle("the same as --yes", { short: "f" }),
  },
  examples: [
    { title: "Stop a session", line: "kodama stop fix-auth" },
    { title: "From a script, even if the agent is working", line: "kodama stop fix-auth --yes" },
  ],
  exitCodes: [
    ["0", "the session is stopped"],
    ["1", "there is no such session, or the stop was declined"],
    ["2", "the agent is working, and there is no terminal to ask on"],
    ["3", "the pod did not end in time"],
  ],
  seeAlso: ["kodama delete --help deletes a session."],
  resolve: ({ flags, operands: [name] }) => ({
    options: { ...sessionRef(flags, name), endTimeoutMs: flags.timeout },
    yes: flags.yes || flags.force,
    kubeconfig: flags.kubeconfig,
  }),
  async run({ options, yes, kubeconfig }, { host: openHost, signals, terminal }) {
    const host = await openHost({ kubeconfig });
    const { planStop } = await import("../../../actions/session/stop.ts");
    const { session, already, warning } = await stoppable(signals, async (signal) => {
      const planned = await planStop(host, { ...options, signal }, { checkTasks: !yes });
      const owner = otherOwnerLine(planned.plan);
      if (owner !== undefined) await terminal.stderr.write(`${printable(owner)}\n`);
      if (!await askStop(planned.plan, { terminal, signal })) {
        throw new KodamaError("declined", "cancelled; nothing was stopped");
      }
      return await planned.run();
    });
    if (warning !== undefined) await terminal.stderr.write(`warning: ${warning}\n`);
    const how = already ? "was Stopped already" : "is Stopped";
    await terminal.stdout.write(`session/${session.name} ${how}\n`);
    await terminal.stderr.write(`kodama resume ${session.name} resumes it\n`);
    return success;
  },
});

/* The question before a session is stopped while its agent works: the task fails. */

/**
 * Returns whether to stop: at once if no agent works, else by the person's answer.
 *
 * @throws UsageError if an agent works and there is no terminal to ask on.
 */
export async function askStop(
  plan: StopPlan,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<boolean> {
  const { session: { name } } = plan;
  const lost = stoppedWork(plan);
  if (lost === undefined) return true;
  if (!canAsk(terminal)) {
    throw new UnconfirmedError(`refusing to stop session "${name}" without confirmation: ${lost}`, {
      hint: `pass --yes; kodama agent logs ${name} -f waits for the end of the task`,
    });
  }
  return await askYes(terminal, printable(`session "${name}": ${lost}. Stop it?`), signal);
}

/** `kodama resume`. */
const resume = defineCommand({
  description:
    "Starts a stopped session again, with its workspace and the agent's home. Everything it needs is " +
    "stored in the cluster, so it works from any machine.",
  operands: [sessionOperand],
  flags: { ...scopeFlags, timeout: timeoutFlag },
  examples: [{ title: "Resume a session", line: "kodama resume fix-auth" }],
  exitCodes: [
    ["0", "the session runs"],
    ["1", "there is no such session, or a step failed"],
    ["3", "the pod, or the first sync, was not ready in time"],
    ["130", "stopped by Ctrl-C or a signal; run the same command to continue"],
  ],
  seeAlso: ["kodama stop --help stops a session."],
  resolve: ({ flags, operands: [name] }) => ({
    options: { ...sessionRef(flags, name), readyTimeoutMs: flags.timeout },
    kubeconfig: flags.kubeconfig,
  }),
  async run({ options, kubeconfig }, { host: openHost, signals, terminal, environment }) {
    const host = await openHost({ kubeconfig });
    const { resume } = await import("../../../actions/session/resume.ts");
    const style = styleOf(terminal.stderr, environment);
    const { session } = await stoppable(
      signals,
      (signal) =>
        showSessionStart(resume(host, { ...options, signal }), {
          terminal,
          clock: host.clock,
          style,
        }),
    );
    await terminal.stdout.write(`session/${session.name} is Running\n`);
    return success;
  },
});

/** By their names. */
export const commands = { stop, resume };
