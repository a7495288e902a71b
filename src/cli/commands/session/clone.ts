import { fillSteps } from "../../../actions/session/events.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { toggle } from "../../parser/flag.ts";
import { styleOf } from "../../output.ts";
import { placeOf, scopeFlags, sessionOperand, timeoutFlag } from "./flags.ts";
import { showStart } from "./show_start.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";

/** `kodama clone`. */
export const command = defineCommand({
  description:
    "Begins a session NEW with the definition and the files of another one: its workspace, committed or not, " +
    "and its agent's home, so that conversations go on in both. Whether the session runs or is stopped, its " +
    "files go from pod to pod and are stored nowhere in between. What fails in the middle leaves nothing of NEW.\n\n" +
    "Secrets stay behind: variables of dotenv files, the token for git, and whom the agent is signed in as. " +
    "--with-secrets copies these too. Files of the workspace are copied whatever they hold.",
  operands: [sessionOperand, { name: "NEW", arity: "one" }],
  flags: {
    ...scopeFlags,
    "with-secrets": toggle("copy the session's secrets too"),
    "timeout": timeoutFlag,
  },
  examples: [
    { title: "Try another way", line: "kodama clone fix-auth fix-auth-2" },
    {
      title: "With its variables and its token",
      line: "kodama clone fix-auth retry --with-secrets",
    },
  ],
  exitCodes: [
    ["0", "the new session runs"],
    ["1", "the session failed, the name is taken, or a step failed"],
    ["3", "the new pod wasn't ready in time"],
    ["130", "stopped by Ctrl-C or a signal: nothing is left of the new session"],
  ],
  seeAlso: ["kodama snapshot --help keeps a session's files in a file."],
  resolve: ({ flags, operands: [name, newName = ""] }) => ({
    options: {
      ...placeOf(flags, name),
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
      (signal) => showStart(clone(host, { ...options, signal }), view),
    );
    await terminal.stdout.write(`session/${session.name} is Running\n`);
    await terminal.stderr.write(`kodama attach ${session.name} opens a shell in it\n`);
    return success;
  },
});
