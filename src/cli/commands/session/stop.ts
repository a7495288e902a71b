/** Sessions without a pod, with a pod again, and deleted. */
import { askConsent, theirsFlag } from "./theirs.ts";
import { type DeletionPlan, unsavedLines } from "../../../actions/session/events.ts";
import type { StopPlan } from "../../../actions/session/stop.ts";
import { KodamaError, UnconfirmedError, UsageError } from "../../../base/errors.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";
import { deletionLines, stoppedWork } from "../../../present/session_changes.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { syncingText } from "../../../present/sync_text.ts";
import { askYes, canAsk } from "../../ask_yes.ts";
import { showProgress } from "../../show_progress.ts";
import { success } from "../../exit_codes.ts";
import type { Invocation } from "../../invocation.ts";
import { styleOf } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { durationMs, toggle, valueOr } from "../../parser/flag.ts";
import { scopeFlags, sessionOperand, sessionRef, timeoutFlag } from "./flags.ts";
import { showSessionStart } from "./show_start.ts";

const stop = defineCommand({
  description:
    "Stops a session: its pod is deleted; its workspace and the agent's home are retained. `kodama " +
    "resume` starts it again, from any machine. If the agent is working on a task, kodama asks first, " +
    "because the task fails.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    timeout: valueOr("time to wait for the pod to end", durationMs, "2m"),
    yes: toggle("stop without asking, even if the agent is working", { short: "y" }),
    force: toggle("the same as --yes", { short: "f" }),
    ...theirsFlag,
  },
  examples: {
    "Stop a session": "kodama stop fix-auth",
    "From a script, even if the agent is working": "kodama stop fix-auth --yes",
  },
  exitCodes: [
    ["0", "the session is stopped"],
    ["1", "there is no such session, or the stop was declined"],
    ["2", "there is a question, and no terminal to ask on"],
    ["3", "the pod did not end in time"],
  ],
  seeAlso: ["kodama delete --help deletes a session."],
  resolve: ({ flags, operands: [name] }) => ({
    options: { ...sessionRef(flags, name), endTimeoutMs: flags.timeout },
    yes: flags.yes || flags.force,
    theirs: flags.theirs,
  }),
  async run({ options, yes, theirs }, { host: openHost, signals, terminal }) {
    const host = await openHost();
    const { planStop } = await import("../../../actions/session/stop.ts");
    const { session, already, warning, unsaved } = await stoppable(signals, async (signal) => {
      const consent = askConsent({ theirs, terminal, signal });
      const planned = await planStop(host, { ...options, consent, signal }, { checkTasks: !yes });
      if (!await askStop(planned.plan, { terminal, signal })) {
        throw new KodamaError("declined", "cancelled; nothing was stopped");
      }
      return await showProgress("sync", planned.run(), {
        ...{ terminal, clock: host.clock },
        text: ({ report }) => syncingText(report),
      });
    });
    for (const line of unsavedLines(unsaved)) {
      await terminal.stderr.write(`note: stays in its volumes alone: ${printable(line)}\n`);
    }
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
  flags: { ...scopeFlags, timeout: timeoutFlag, ...theirsFlag },
  examples: { "Resume a session": "kodama resume fix-auth" },
  exitCodes: [
    ["0", "the session runs"],
    ["1", "there is no such session, or a step failed"],
    ["3", "the pod, or the first sync, was not ready in time"],
    ["130", "stopped by Ctrl-C or a signal; run the same command to continue"],
  ],
  seeAlso: ["kodama stop --help stops a session."],
  resolve: ({ flags, operands: [name] }) => ({
    options: { ...sessionRef(flags, name), readyTimeoutMs: flags.timeout },
    theirs: flags.theirs,
  }),
  async run({ options, theirs }, { host: openHost, signals, terminal, environment }) {
    const host = await openHost();
    const { resume } = await import("../../../actions/session/resume.ts");
    const style = styleOf(terminal.stderr, environment);
    const { session } = await stoppable(signals, (signal) => {
      const consent = askConsent({ theirs, terminal, signal });
      const events = resume(host, { ...options, consent, signal });
      return showSessionStart(events, { terminal, clock: host.clock, style });
    });
    await terminal.stdout.write(`session/${session.name} is Running\n`);
    return success;
  },
});

/** `kodama delete`. */
const remove = defineCommand({
  description:
    "Deletes a session: its pod, its secrets, its configuration and its state. The workspace and the " +
    "agent's home are retained, and a session of the same name uses them again; --purge deletes them " +
    "too, after a confirmation that lists what is lost. The sync is brought to its end first; work that " +
    "nothing else has is lost only with --discard. Snapshots in the cluster are retained unless " +
    "--purge --snapshots is given. An interrupted deletion is finished by the same command.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    "purge": toggle("also delete the workspace and the agent's home"),
    "snapshots": toggle("with --purge: also delete the session's snapshots in the cluster"),
    "keep-config": toggle("keep the session's file in kodama's local folder"),
    "discard": toggle("lose work that nothing else has: files that the sync can't fetch, commits"),
    "yes": toggle("delete without asking", { short: "y" }),
    "force": toggle("the same as --yes", { short: "f" }),
    ...theirsFlag,
  },
  examples: {
    "Ask before deleting": "kodama delete my-work",
    "From a script, in another namespace": "kodama delete experiment -n testing --yes",
    "With its volumes": "kodama delete my-work --purge",
  },
  seeAlso: ["kodama stop --help deletes only the pod."],
  resolve: ({ flags, operands: [name] }) => {
    const { purge, snapshots, discard, theirs } = flags;
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
      discard,
      theirs,
    };
  },
  async run(
    { options, force, discard, theirs },
    { host: openHost, signals, terminal },
  ) {
    const host = await openHost();
    const { planDeletion } = await import("../../../actions/session/delete.ts");
    return await stoppable(signals, async (signal) => {
      const consent = askConsent({ theirs, terminal, signal });
      const planned = await planDeletion(host, { ...options, consent, signal });
      const { plan } = planned;
      if (!force && !await askDeletion(plan, { terminal, signal })) {
        throw new KodamaError("declined", "cancelled; nothing was deleted");
      }
      // Without a question, unrecoverable work is reported all the same; a refusal names it itself.
      if (force && plan.purge && (discard || plan.unsaved.length === 0)) {
        await terminal.stderr.write(
          deletionLines(plan, purgeFlag).map((line) => `${printable(line)}\n`).join(""),
        );
      }
      const accepted = discard ? "everything" : force ? "nothing" : "shown";
      await showProgress("sync", planned.run(accepted), {
        ...{ terminal, clock: host.clock },
        text: (event) =>
          "report" in event
            ? syncingText(event.report)
            : { line: `${event.kind} ${event.name} deleted` },
      });
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

/* The question before a session is deleted: the objects that are deleted, and those that are retained. */

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
    throw new UnconfirmedError(
      printable(`refusing to delete session "${plan.name}" without confirmation`),
      { hint: "pass --yes" },
    );
  }
  return await askYes(terminal, `${lines}Delete it?`, signal);
}

/** The commands of this file, by name. */
export const commands = { stop, resume, delete: remove };
