import { printable } from "../../../term/printable.ts";
import { defineCommand } from "../../command.ts";
import { bytesText, filesText } from "../../copying/amounts.ts";
import { success } from "../../exit_codes.ts";
import { choice, text, value, valueOr } from "../../flag.ts";
import { jsonDocument } from "../../output.ts";
import { definedOnly } from "../../selection.ts";
import { placeOf, scopeFlags, sessionOperand } from "../../session/flags.ts";
import { showProgress } from "../../session/show_progress.ts";
import { stoppable } from "../../session/stoppable.ts";

const formats = choice(["text", "json"]);

/** `kodama snapshot`. */
export const command = defineCommand({
  description:
    "Keeps a session's files in a file of this machine: its workspace, committed or not, its agent's " +
    "conversations and tasks, and the definition of the session. The session has to run. The file has its name " +
    "when it is whole, and is for you alone to read.\n\n" +
    "Secrets aren't in it: variables of dotenv files, the token for git, and whom the agent is signed in as. " +
    "What lies in the workspace is, whatever it holds.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    output: value("file to write (default NAME-TIME.tar.gz in the working folder)", text, {
      placeholder: "FILE",
      completion: { kind: "files" },
    }),
    format: valueOr("how it is told what was written", formats.parse, "text", formats),
  },
  examples: [
    { title: "Before something bold", line: "kodama snapshot fix-auth" },
    {
      title: "Into a file of that name",
      line: "kodama snapshot fix-auth --output fix-auth.tar.gz",
    },
  ],
  exitCodes: [
    ["1", "the session doesn't run, the file is there already, or files couldn't be read"],
    ["130", "stopped by Ctrl-C or a signal: no file is left"],
  ],
  seeAlso: ["kodama restore --help brings the files back."],
  resolve: ({ flags, operands: [name] }) => ({
    options: { ...placeOf(flags, name), ...definedOnly({ output: flags.output }) },
    kubeconfig: flags.kubeconfig,
    format: flags.format,
  }),
  async run({ options, kubeconfig, format }, { host: openHost, signals, terminal }) {
    const host = await openHost({ kubeconfig });
    const { snapshot } = await import("../../../actions/session/snapshot.ts");
    const view = { terminal, clock: host.clock };
    const { path, size, files, bytes, sha256, notes } = await stoppable(
      signals,
      (signal) =>
        showProgress(`reading ${options.name}`, snapshot(host, { ...options, signal }), view),
    );
    for (const note of notes) await terminal.stderr.write(`${printable(note)}\n`);
    if (format === "json") {
      const data = { session: options.name, path, size, sha256, files, bytes };
      await terminal.stdout.write(jsonDocument(data));
      return success;
    }
    await terminal.stdout.write(`${printable(path)}\n`);
    const content = `${filesText(files)}, ${bytesText(bytes)}`;
    await terminal.stderr.write(`${content}, ${bytesText(size)} compressed; sha256 ${sha256}\n`);
    return success;
  },
});
