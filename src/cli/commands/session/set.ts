import { askConsent, theirsFlag } from "./theirs.ts";
import { KodamaError, UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { printable } from "../../../terminal/printable.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";
import type { SetPlan } from "../../../actions/session/set.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askYes, canAsk } from "../../ask_yes.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { text, toggle, value } from "../../parser/flag.ts";
import { styleOf } from "../../output.ts";
import { limit, scopeFlags, sessionOperand, sessionRef, timeoutFlag } from "./flags.ts";

/** `kodama set`. */
export const command = defineCommand({
  description:
    "Changes a session in place: its image, resources and limits. A running session is restarted once, " +
    "with the same workspace and agent's home; programs in it end, so kodama asks first. A stopped one " +
    "has the changes when it is resumed.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    "image": value("container image", text, { placeholder: "IMAGE" }),
    "cpu": value("CPU limit", text, { placeholder: "QUANTITY" }),
    "memory": value("memory limit", text, { placeholder: "QUANTITY" }),
    "ttl": value("stop the session after this time, even if it is in use; or never", limit),
    "idle-timeout": value("stop the session after it was unused for this time; or never", limit),
    "timeout": timeoutFlag,
    "yes": toggle("restart a running session without asking", { short: "y" }),
    ...theirsFlag,
  },
  examples: {
    "More memory": "kodama set build --memory 16Gi",
    "Another image, from a script": "kodama set build --image node:24 --yes",
    "No time limit any more": "kodama set build --ttl never",
  },
  exitCodes: [
    ["0", "the session is changed, and runs if it ran before"],
    ["1", "there is no such session, the restart was declined, or a step failed"],
    ["2", "the command line is wrong, or there is no terminal to ask on"],
    ["3", "the new pod was not ready in time"],
  ],
  seeAlso: [
    "kodama get --help shows the current values.",
    "kodama k set runs kubectl set, for other objects.",
  ],
  resolve({ flags, operands: [name] }) {
    const { image, cpu, memory, ttl, "idle-timeout": idleTimeout } = flags;
    const changes = definedOnly({ image, cpu, memory, ttl, idleTimeout });
    if (Object.keys(changes).length === 0) {
      throw new UsageError("nothing to change: --image, --cpu, --memory, --ttl or --idle-timeout");
    }
    return {
      options: { ...sessionRef(flags, name), ...changes, readyTimeoutMs: flags.timeout },
      yes: flags.yes,
      theirs: flags.theirs,
    };
  },
  async run(
    { options, yes, theirs },
    { host: openHost, signals, terminal, environment },
  ) {
    const host = await openHost();
    const { planSet } = await import("../../../actions/session/set.ts");
    const { showSessionStart } = await import("./show_start.ts");
    const style = styleOf(terminal.stderr, environment);
    const plan = await stoppable(signals, async (signal) => {
      const consent = askConsent({ theirs, terminal, signal });
      const planned = await planSet(host, { ...options, consent, signal }, { checkTasks: !yes });
      for (
        const line of planned.plan.changes.map(({ field, from, to }) =>
          printable(`${field}: ${from} -> ${to}`)
        )
      ) await terminal.stderr.write(`${line}\n`);
      if (!yes && !await askRestart(planned.plan, { terminal, signal })) {
        throw new KodamaError("declined", "cancelled; nothing was changed");
      }
      const events = planned.run();
      if (planned.plan.restarts) {
        await showSessionStart(events, { terminal, clock: host.clock, style });
      } else for await (const _event of events);
      return planned.plan;
    });
    const result = plan.changes.length === 0
      ? "is unchanged"
      : plan.restarts
      ? "is changed and Running"
      : "is changed";
    await terminal.stdout.write(`session/${plan.session.name} ${result}\n`);
    return success;
  },
});

/** Throws UsageError if the session is restarted and there is no terminal to ask on. */
async function askRestart(
  plan: SetPlan,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<boolean> {
  if (!plan.restarts) return true;
  const { session: { name }, workingTask } = plan;
  const lost = workingTask === undefined
    ? "its programs end"
    : `its agent works on task ${workingTask}, which fails then`;
  if (!canAsk(terminal)) {
    throw new UsageError(`refusing to restart session "${name}" without confirmation: ${lost}`, {
      hint: "pass --yes",
    });
  }
  const question = `session "${name}" is restarted, and ${lost}. Change it?`;
  return await askYes(terminal, printable(question), signal);
}
