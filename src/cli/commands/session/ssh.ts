/** Sessions as hosts of SSH clients. */
import { editorNames } from "../../../actions/session/editors.ts";
import { absolutePath } from "../../../base/absolute_path.ts";
import { UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { jsonDocument } from "../../../present/json.ts";
import { interruptible, stoppable } from "../../../terminal/driver/signals.ts";
import { printable } from "../../../terminal/printable.ts";
import { success } from "../../exit_codes.ts";
import { defineCommand } from "../../parser/command.ts";
import { choice, text, value, valueOr } from "../../parser/flag.ts";
import { scopeFlags, sessionOperand, sessionRef } from "./flags.ts";

const sshConfig = defineCommand({
  description:
    "Makes a session a host of SSH clients: ssh, scp, rsync, git, and editors that work on remote " +
    "machines. It writes a file for it in kodama's folder, with a key of its own; include those files " +
    "once in your ~/.ssh/config. Connections run over the cluster's API, as kodama attach does: the " +
    "pod has no open port, and needs only sshd in its image.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    connect: value(
      "connect standard input and output to an SSH server in the session, for USER: the ProxyCommand of that file",
      text,
      { placeholder: "USER" },
    ),
    output: value("output format", choice(["json"]), { short: "o" }),
  },
  examples: {
    "Make a session a host": "kodama ssh-config fix-auth",
    "Use only its configuration": "kodama ssh-config fix-auth -o json",
  },
  exitCodes: [
    ["0", "the file is written, or the connection has ended"],
    ["1", "there is no such session, it isn't running, or its image has no sshd"],
    ["4", "the pod couldn't be reached, or the connection broke"],
  ],
  seeAlso: ["kodama open --help opens a session in an editor."],
  resolve({ flags, operands: [name] }) {
    if (flags.connect !== undefined && flags.output !== undefined) {
      throw new UsageError("--connect and --output can't be used together");
    }
    return {
      ref: sessionRef(flags, name),
      user: flags.connect,
      format: flags.output,
      kubeconfig: flags.kubeconfig,
    };
  },
  async run({ ref, user, format, kubeconfig }, { host: openHost, signals, terminal }) {
    const host = await openHost();
    const path = kubeconfig && absolutePath(kubeconfig, host.places.workingDir);
    const options = { ...ref, ...definedOnly({ kubeconfig: path }) };
    const { configureSsh, connectSsh } = await import("../../../actions/session/ssh.ts");
    if (user !== undefined) {
      await stoppable(signals, (signal) =>
        connectSsh(host, { ...options, user, signal }, {
          input: terminal.stdin.chunks(signal),
          write: (bytes) => terminal.stdout.write(bytes),
          writeError: (bytes) => terminal.stderr.write(bytes),
        }));
      return success;
    }
    const entry = await interruptible(
      signals,
      (signal) => configureSsh(host, { ...options, signal }),
    );
    const { host: name, user: login, configFile, configFiles } = entry;
    if (format === "json") {
      await terminal.stdout.write(jsonDocument({ host: name, user: login, configFile }));
      return success;
    }
    await terminal.stdout.write(`${name}\n`);
    await terminal.stderr.write(
      `${printable(configFile)} has the host; once, as the first line of ~/.ssh/config:\n` +
        `  Include "${printable(configFiles)}"\nthen: ssh ${name}\n`,
    );
    return success;
  },
});

const open = defineCommand({
  description:
    "Opens a session's workspace in an editor of this machine, which works in it by SSH. As " +
    "kodama ssh-config, it first makes the session a host; its files have to be included in " +
    "~/.ssh/config.",
  operands: [sessionOperand],
  flags: { ...scopeFlags, editor: valueOr("editor to open it in", choice(editorNames), "code") },
  examples: {
    "In VS Code": "kodama open fix-auth",
    "In another editor": "kodama open fix-auth --editor zed",
  },
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
    const host = await openHost();
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

/** The commands of this file, by name. */
export const commands = { "ssh-config": sshConfig, open };
