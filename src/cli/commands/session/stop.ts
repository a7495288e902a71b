/** Sessions without a pod, with one again, and deleted. */
import type { DeletionPlan } from "../../../actions/session/events.ts";
import type { StopPlan } from "../../../actions/session/stop.ts";
import { KodamaError, UnconfirmedError, UsageError } from "../../../base/errors.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";
import { deletionLines, otherOwnerLine, stoppedWork } from "../../../present/session_changes.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askYes, canAsk } from "../../ask_yes.ts";
import { success } from "../../exit_codes.ts";
import type { Invocation } from "../../invocation.ts";
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

/** `kodama delete`. */
const remove = defineCommand({
  description:
    "Deletes a session: its pod, its secrets, its configuration and its state. The workspace and the " +
    "agent's home are retained, and a session of the same name uses them again; --purge deletes them " +
    "too, after a confirmation that lists what is lost. Snapshots in the cluster are retained unless " +
    "--purge --snapshots is given. An interrupted deletion is finished by the same command.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    "purge": toggle("also delete the workspace and the agent's home"),
    "snapshots": toggle("with --purge: also delete the session's snapshots in the cluster"),
    "keep-config": toggle("keep the session's file in kodama's local folder"),
    "yes": toggle("delete without asking", { short: "y" }),
    "force": toggle("the same as --yes", { short: "f" }),
  },
  examples: [
    { title: "Ask before deleting", line: "kodama delete my-work" },
    {
      title: "From a script, in another namespace",
      line: "kodama delete experiment -n testing --yes",
    },
    { title: "With its volumes", line: "kodama delete my-work --purge" },
  ],
  seeAlso: ["kodama stop --help deletes only the pod."],
  resolve: ({ flags, operands: [name] }) => {
    const { purge, snapshots, kubeconfig } = flags;
    const force = flags.yes || flags.force;
    if (snapshots && !purge) {
      throw new UsageError("--snapshots needs --purge", {
        hint: "kodama snapshots delete deletes single snapshots",
      });
    }
    const keepConfig = flags["keep-config"];
    return {
      options: { ...sessionRef(flags, name), purge, snapshots, keepConfig },
      force,
      kubeconfig,
    };
  },
  async run({ options, force, kubeconfig }, { host: openHost, signals, terminal }) {
    const host = await openHost({ kubeconfig });
    const { planDeletion } = await import("../../../actions/session/delete.ts");
    return await stoppable(signals, async (signal) => {
      const planned = await planDeletion(host, { ...options, signal });
      const { plan } = planned;
      if (!force && !await askDeletion(plan, { terminal, signal })) {
        throw new KodamaError("declined", "cancelled; nothing was deleted");
      }
      // Without a question, what can't be recovered is reported all the same.
      if (force && plan.purge) {
        await terminal.stderr.write(
          deletionLines(plan, purgeFlag).map((line) => `${printable(line)}\n`).join(""),
        );
      }
      for await (const { kind, name } of planned.run()) {
        await terminal.stderr.write(`${kind} ${name} deleted\n`);
      }
      await terminal.stdout.write(`session/${plan.name} is deleted\n`);
      if (!plan.purge && plan.claims.length > 0) {
        const names = plan.claims.map(({ name }) => name).join(", ");
        await terminal.stderr.write(`retained: ${names}; --purge deletes them\n`);
      }
      if (plan.purge && !plan.takesSnapshots) await reportRetained(plan.snapshots, terminal);
      return success;
    });
  },
});

async function reportRetained(
  snapshots: readonly { name: string }[],
  { stderr }: Invocation["terminal"],
): Promise<void> {
  if (snapshots.length === 0) return;
  const names = snapshots.map(({ name }) => `snapshot ${printable(name)}`).join(", ");
  await stderr.write(`retained: ${names}; kodama snapshots delete deletes them\n`);
}

/* The question before a session is deleted: what is deleted, and what is retained. */

/** The choice that removes the volumes too. */
const purgeFlag = "--purge";

/**
 * Asks on the terminal.
 *
 * @throws UnconfirmedError if no one can be asked.
 */
export async function askDeletion(
  plan: DeletionPlan,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<boolean> {
  const lines = deletionLines(plan, purgeFlag).map((line) => `${printable(line)}\n`).join("");
  if (!canAsk(terminal)) {
    const whose = plan.otherOwner === undefined ? "" : ` of ${plan.otherOwner}`;
    throw new UnconfirmedError(
      printable(`refusing to delete session "${plan.name}"${whose} without confirmation`),
      { hint: "pass --yes" },
    );
  }
  return await askYes(terminal, `${lines}Delete it?`, signal);
}

/** The commands of this file, by name. */
export const commands = { stop, resume, delete: remove };
