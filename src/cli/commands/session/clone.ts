import { fillSteps } from "../../../actions/session/events.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { toggle } from "../../parser/flag.ts";
import { styleOf } from "../../output.ts";
import { scopeFlags, sessionOperand, sessionRef, timeoutFlag } from "./flags.ts";
import { showSessionStart } from "./show_start.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";

/** `kodama clone`. */
export const command = defineCommand({
  description:
    "Creates the session NEW with the definition and the files of an existing one: its workspace, " +
    "committed or not, and its agent's home, so that conversations can continue in both. The session " +
    "may be running or stopped; its files are copied from pod to pod and stored nowhere in between. " +
    "If the copy fails, NEW is removed.\n\n" +
    "Secrets are not copied: variables from dotenv files, the git token and the agent's login. " +
    "--with-secrets copies these too. Files in the workspace are always copied, even if they contain " +
    "secrets.",
  operands: [sessionOperand, { name: "NEW", arity: "one" }],
  flags: {
    ...scopeFlags,
    "with-secrets": toggle("also copy the session's secrets"),
    "timeout": timeoutFlag,
  },
  examples: [
    { title: "Clone a session to try something else", line: "kodama clone fix-auth fix-auth-2" },
    {
      title: "Include its variables and its token",
      line: "kodama clone fix-auth retry --with-secrets",
    },
  ],
  exitCodes: [
    ["0", "the new session runs"],
    ["1", "the session has failed, the name is in use, or a step failed"],
    ["3", "the new pod was not ready in time"],
    ["130", "stopped by Ctrl-C or a signal; the new session was removed"],
  ],
  seeAlso: ["kodama snapshot --help saves a session's files."],
  resolve: ({ flags, operands: [name, newName = ""] }) => ({
    options: {
      ...sessionRef(flags, name),
      newName,
      withSecrets: flags["with-secrets"],
      readyTimeoutMs: flags.timeout,
    },
    kubeconfig: flags.kubeconfig,
  }),
  async run({ options, kubeconfig }, { host: openHost, signals, terminal, environment }) {
    const host = await openHost({ kubeconfig });
    const { clone } = await import("../../../actions/session/clone.ts");
    const style = styleOf(terminal.stderr, environment);
    const view = { terminal, clock: host.clock, style, steps: fillSteps };
    const { session } = await stoppable(
      signals,
      (signal) => showSessionStart(clone(host, { ...options, signal }), view),
    );
    await terminal.stdout.write(`session/${session.name} is Running\n`);
    await terminal.stderr.write(`kodama attach ${session.name} opens a shell in it\n`);
    return success;
  },
});
