import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { styleOf } from "../../output.ts";
import { scopeFlags, sessionOperand, sessionRef, timeoutFlag } from "./flags.ts";
import { showSessionStart } from "./show_start.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";

/** `kodama resume`. */
export const command = defineCommand({
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
