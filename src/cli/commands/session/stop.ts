import { defineCommand } from "../../command.ts";
import { success } from "../../exit_codes.ts";
import { durationMs, valueOr } from "../../flag.ts";
import { placeOf, scopeFlags, sessionOperand } from "../../session/flags.ts";
import { stoppable } from "../../session/stoppable.ts";

/** `kodama stop`. */
export const command = defineCommand({
  description:
    "Stops a session: its pod is deleted, and its workspace and the agent's home are kept. `kodama resume` " +
    "makes the pod again, from any machine.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    timeout: valueOr("longest wait for the pod to end", durationMs, "2m", {
      placeholder: "DURATION",
    }),
  },
  examples: [{ title: "Until tomorrow", line: "kodama stop fix-auth" }],
  seeAlso: ["kodama delete --help takes a session away."],
  resolve: ({ flags, operands: [name] }) => ({
    options: { ...placeOf(flags, name), goneTimeoutMs: flags.timeout },
    kubeconfig: flags.kubeconfig,
  }),
  async run({ options, kubeconfig }, { host: openHost, signals, terminal }) {
    const host = await openHost({ kubeconfig });
    const { stop } = await import("../../../actions/session/stop.ts");
    const { session, already, unkept } = await stoppable(
      signals,
      (signal) => stop(host, { ...options, signal }),
    );
    if (unkept !== undefined) await terminal.stderr.write(`warning: ${unkept}\n`);
    const how = already ? "was Stopped already" : "is Stopped";
    await terminal.stdout.write(`session/${session.name} ${how}\n`);
    await terminal.stderr.write(`kodama resume ${session.name} goes on with it\n`);
    return success;
  },
});
