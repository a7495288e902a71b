/** Sessions of several people: how to attach, notes, another owner. */
import type { ShareNote } from "../../../actions/session/share.ts";
import type { TransferPlan } from "../../../actions/session/team.ts";
import { KodamaError, UnconfirmedError, UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { transferLines } from "../../../present/session_changes.ts";
import { commandHint } from "../../../present/hints.ts";
import { interruptible, stoppable } from "../../../terminal/driver/signals.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askYes, canAsk } from "../../ask_yes.ts";
import { success } from "../../exit_codes.ts";
import { renderData } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { choice, count, text, toggle, value, valueOr } from "../../parser/flag.ts";
import { scopeFlags, sessionOperand, sessionRef } from "./flags.ts";

const shareFormats = choice(["text", "yaml"]);

/** `kodama share`. */
const share = defineCommand({
  description:
    "Prints a note for a teammate who wants to attach to a session: its address, the commands, and " +
    "the RBAC rights they need. It contains no credentials; teammates use their own. Nothing is " +
    "changed in the cluster: with -o yaml, only the rights are printed, for kubectl apply.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    to: value("user name of the teammate in the cluster", text, { placeholder: "USER" }),
    output: valueOr("output format", shareFormats.parse, "text", { short: "o", ...shareFormats }),
  },
  examples: [
    { title: "Print a note to paste into a chat", line: "kodama share fix-auth" },
    {
      title: "Grant the rights",
      line: "kodama share fix-auth --to bob@example.com -o yaml | kubectl apply -f -",
    },
  ],
  seeAlso: ["kodama attach --help explains --shared and --read-only."],
  resolve: ({ flags, operands: [name] }) => ({
    options: { ...sessionRef(flags, name), ...definedOnly({ user: flags.to }) },
    kubeconfig: flags.kubeconfig,
    format: flags.output,
  }),
  async run({ options, kubeconfig, format }, { host: openHost, signals, terminal }) {
    const host = await openHost({ kubeconfig });
    const { share } = await import("../../../actions/session/share.ts");
    const note = await interruptible(signals, (signal) => share(host, { ...options, signal }));
    const { stringify } = await import("yaml");
    const manifests = note.rights
      .map((object) => stringify(object, { aliasDuplicateObjects: false })).join("---\n");
    if (format === "yaml") {
      await terminal.stdout.write(manifests);
      return success;
    }
    const lines = shareLines(note, manifests);
    await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
    return success;
  },
});

/** Returns its lines; `manifests` are the rights as YAML. */
function shareLines({ session, live, server }: ShareNote, manifests: string): string[] {
  const { name, namespace, owner, repository } = session;
  const scope = `${name} -n ${namespace}`;
  const facts: [string, string | undefined][] = [
    ["Session", `${name} (${live.status})`],
    ["Owner", owner],
    ["Cluster", server],
    ["Namespace", namespace],
    ["Repository", repository?.url],
    ["Branch", repository?.branch],
  ];
  return [
    ...facts.flatMap(([title, text]) =>
      text === undefined ? [] : [`${`${title}:`.padEnd(13)}${printable(text)}`]
    ),
    "",
    "With kodama, and a kubeconfig of your own whose current context is that cluster:",
    "",
    `  kodama attach ${scope}              a shell of your own`,
    `  kodama attach ${scope} --shared     a shell shared with everyone who uses --shared`,
    `  kodama attach ${scope} --read-only  watch that shell`,
    "",
    "These rights are sufficient. They allow running commands in the session, and so reading all that it",
    "can read, including its secrets; Kubernetes has no right to only watch.",
    "",
    ...manifests.trimEnd().split("\n").map((line) => printable(`  ${line}`)),
  ];
}

const noteFormats = choice(["table", "json", "jsonl", "yaml"]);

/** `kodama note`. */
const note = defineCommand({
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
    output: valueOr("output format", noteFormats.parse, "table", { short: "o", ...noteFormats }),
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

/** `kodama transfer`. */
const transfer = defineCommand({
  description:
    "Transfers a session to another owner, who can then start, stop and delete it without being asked " +
    "whose it is. It runs on, and a note records the transfer. It grants no rights in the cluster, which " +
    "kodama share prints; and the old owner's variables remain in the session until the new one replaces " +
    "them.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    to: value("the new owner, as the cluster knows the user", text, { placeholder: "USER" }),
    yes: toggle("transfer someone else's session without asking", { short: "y" }),
  },
  examples: [
    { title: "To a teammate", line: "kodama transfer fix-auth --to bob@example.com" },
    {
      title: "Someone else's session, from a script",
      line: "kodama transfer fix-auth --to bob@example.com --yes",
    },
  ],
  exitCodes: [
    ["0", "the session has the new owner"],
    ["1", "there is no such session, or the transfer was declined"],
    ["2", "the command line is wrong, or there is no terminal to ask on"],
  ],
  seeAlso: ["kodama share --help prints the rights that a teammate needs."],
  resolve({ flags: { to, yes, kubeconfig, ...flags }, operands: [name] }) {
    const ref = sessionRef(flags, name);
    if (to === undefined) {
      throw new UsageError("--to is missing", { hint: "--to USER names the new owner" });
    }
    return { options: { ...ref, to }, yes, kubeconfig };
  },
  async run({ options, yes, kubeconfig }, { host: openHost, signals, terminal }) {
    const host = await openHost({ kubeconfig });
    const { planTransfer } = await import("../../../actions/session/team.ts");
    const { plan, warning } = await stoppable(signals, async (signal) => {
      const { plan, run } = await planTransfer(host, { ...options, signal });
      if (!yes && !await askTransfer(plan, { terminal, signal })) {
        throw new KodamaError("declined", "cancelled; nothing was changed");
      }
      return { plan, ...await run() };
    });
    const { session: { name }, to } = plan;
    if (warning !== undefined) await terminal.stderr.write(`warning: ${commandHint(warning)}\n`);
    await terminal.stdout.write(printable(`session/${name} belongs to ${to}`) + "\n");
    for (const line of transferLines(plan)) await terminal.stderr.write(`${printable(line)}\n`);
    return success;
  },
});

/** Returns whether to transfer: at once if the session is the caller's, else by the person's answer. */
async function askTransfer(
  { session: { name }, otherOwner, to }: TransferPlan,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<boolean> {
  if (otherOwner === undefined) return true;
  const whose = `it belongs to ${otherOwner}`;
  if (!canAsk(terminal)) {
    throw new UnconfirmedError(
      `refusing to transfer session "${name}" without confirmation: ${whose}`,
      { hint: "pass --yes" },
    );
  }
  const question = `session "${name}": ${whose}. Transfer it to ${to}?`;
  return await askYes(terminal, printable(question), signal);
}

/** The commands of this file, by name. */
export const commands = { share, note, transfer };
