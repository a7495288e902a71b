import { absolutePath } from "../../../base/absolute_path.ts";
import { editorNames } from "../../../actions/session/editors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, valueOr } from "../../parser/flag.ts";
import { scopeFlags, sessionOperand, sessionRef } from "./flags.ts";

const editors = choice(editorNames);

/** `kodama open`. */
export const command = defineCommand({
  description:
    "Opens a session's workspace in an editor of this machine, which works in it by SSH. As " +
    "kodama ssh-config, it first makes the session a host; its files have to be included in " +
    "~/.ssh/config.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    editor: valueOr("editor to open it in", editors.parse, "code", editors),
  },
  examples: [
    { title: "In VS Code", line: "kodama open fix-auth" },
    { title: "In another editor", line: "kodama open fix-auth --editor zed" },
  ],
  exitCodes: [
    ["0", "the editor was opened"],
    ["1", "there is no such session, it isn't running, or its image has no sshd"],
  ],
  seeAlso: ["kodama ssh-config --help explains the connection."],
  resolve: ({ flags, operands: [name] }) => ({
    options: { ...sessionRef(flags, name), editor: flags.editor },
    kubeconfig: flags.kubeconfig,
  }),
  async run({ options, kubeconfig }, { host: openHost, signals, terminal }) {
    const host = await openHost({ kubeconfig });
    const path = kubeconfig && absolutePath(kubeconfig, host.places.workingDir);
    const { openEditor } = await import("../../../actions/session/ssh.ts");
    const { command: words } = await interruptible(
      signals,
      (signal) => openEditor(host, { ...options, ...definedOnly({ kubeconfig: path }), signal }),
    );
    await terminal.stderr.write(`${words.join(" ")}\n`);
    return success;
  },
});
