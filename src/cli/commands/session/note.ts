import { UsageError } from "../../../base/errors.ts";
import { printable } from "../../../terminal/printable.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, count, value, valueOr } from "../../parser/flag.ts";
import { renderData } from "../../output.ts";
import { scopeFlags, sessionOperand, sessionRef } from "./flags.ts";

const formats = choice(["table", "json", "jsonl", "yaml"]);

/** `kodama note`. */
export const command = defineCommand({
  description:
    "Adds a note to a session, for everyone who works with it; without a text, lists its notes. Notes are " +
    "stored in the cluster beside the session, and deleted with it: the newest 50, of 1000 characters each. " +
    "Everyone with rights in the namespace can read them.",
  operands: [
    sessionOperand,
    { name: "TEXT", arity: "any", completion: { kind: "values", values: [] } },
  ],
  flags: {
    ...scopeFlags,
    delete: value("delete note N instead", count, { placeholder: "N" }),
    output: valueOr("output format", formats.parse, "table", { short: "o", ...formats }),
  },
  examples: [
    { title: "Add a note", line: 'kodama note fix-auth "the login test is flaky; ignore it"' },
    { title: "List the notes", line: "kodama note fix-auth" },
    { title: "Delete one", line: "kodama note fix-auth --delete 2" },
  ],
  seeAlso: ["kodama get --help shows a session with its newest notes."],
  resolve({ flags, given, operands: [name, ...words] }) {
    const ref = sessionRef(flags, name);
    const { kubeconfig, output: format, delete: number } = flags;
    if (words.length === 0 && number === undefined) {
      return { kind: "list" as const, ref, kubeconfig, format };
    }
    if (given.has("output")) throw new UsageError("--output is for the list of notes");
    if (number === undefined) {
      return { kind: "add" as const, ref, kubeconfig, text: words.join(" ") };
    }
    if (words.length > 0) throw new UsageError("--delete and a text can't be used together");
    return { kind: "delete" as const, ref, kubeconfig, number };
  },
  async run(options, { host: openHost, signals, terminal }) {
    const { ref, kubeconfig } = options;
    const host = await openHost({ kubeconfig });
    const team = await import("../../../actions/session/team.ts");
    return await interruptible(signals, async (signal) => {
      if (options.kind === "delete") {
        const { number } = options;
        await team.deleteNote(host, { ...ref, number, signal });
        await terminal.stdout.write(`note ${number} is deleted\n`);
      } else if (options.kind === "add") {
        const { number } = await team.addNote(host, { ...ref, text: options.text, signal });
        await terminal.stdout.write(`note ${number} is added\n`);
      } else {
        const notes = await team.listNotes(host, { ...ref, signal });
        if (options.format !== "table") {
          await terminal.stdout.write(await renderData(notes, options.format));
        } else if (notes.length === 0) {
          await terminal.stderr.write(`session "${ref.name}" has no notes\n`);
        } else {
          const { notesTable } = await import("../../../present/team_text.ts");
          const lines = notesTable(notes, host.clock.now()).map(printable);
          await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
        }
      }
      return success;
    });
  },
});
