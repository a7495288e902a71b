/** Sessions of several people: how to attach, another owner. */
import { askConsent, theirsFlag } from "./theirs.ts";
import type { ShareNote } from "../../../actions/session/share.ts";
import { UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { transferLines } from "../../../present/session_changes.ts";
import { commandHint } from "../../../present/hints.ts";
import { interruptible, stoppable } from "../../../terminal/driver/signals.ts";
import { printable } from "../../../terminal/printable.ts";
import { success } from "../../exit_codes.ts";
import { defineCommand } from "../../parser/command.ts";
import { choice, text, toggle, value, valueOr } from "../../parser/flag.ts";
import { scopeFlags, sessionOperand, sessionRef } from "./flags.ts";

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
    output: valueOr("output format", choice(["text", "yaml"]), "text", { short: "o" }),
  },
  examples: {
    "Print a note to paste into a chat": "kodama share fix-auth",
    "Grant the rights": "kodama share fix-auth --to bob@example.com -o yaml | kubectl apply -f -",
  },
  seeAlso: ["kodama attach --help explains --shared and --read-only."],
  resolve: ({ flags, operands: [name] }) => ({
    options: { ...sessionRef(flags, name), ...definedOnly({ user: flags.to }) },
    format: flags.output,
  }),
  async run({ options, format }, { host: openHost, signals, terminal }) {
    const host = await openHost();
    const { share } = await import("../../../actions/session/share.ts");
    const note = await interruptible(signals, (signal) => share(host, { ...options, signal }));
    const { yamlText } = await import("../../../base/yaml/write.ts");
    const manifests = note.rights.map(yamlText).join("---\n");
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

/** `kodama transfer`. */
const transfer = defineCommand({
  description:
    "Transfers a session to another owner, who can then start, stop and delete it without being asked " +
    "whose it is. It runs on. It grants no rights in the cluster, which " +
    "kodama share prints; and the old owner's variables remain in the session until the new one replaces " +
    "them.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    to: value("the new owner, as the cluster knows the user", text, { placeholder: "USER" }),
    yes: toggle("nothing to confirm: --theirs accepts another owner", { short: "y", hidden: true }),
    ...theirsFlag,
  },
  examples: {
    "To a teammate": "kodama transfer fix-auth --to bob@example.com",
    "Someone else's session, from a script":
      "kodama transfer fix-auth --to bob@example.com --theirs",
  },
  exitCodes: [
    ["0", "the session has the new owner"],
    ["1", "there is no such session, or the transfer was declined"],
    ["2", "the command line is wrong, or there is no terminal to ask on"],
  ],
  seeAlso: ["kodama share --help prints the rights that a teammate needs."],
  resolve({ flags: { to, yes: _yes, theirs, ...flags }, operands: [name] }) {
    const ref = sessionRef(flags, name);
    if (to === undefined) {
      throw new UsageError("--to is missing", { hint: "--to USER names the new owner" });
    }
    return { options: { ...ref, to }, theirs };
  },
  async run({ options, theirs }, { host: openHost, signals, terminal }) {
    const host = await openHost();
    const { planTransfer } = await import("../../../actions/session/transfer.ts");
    const { plan, warning } = await stoppable(signals, async (signal) => {
      const consent = askConsent({ theirs, terminal, signal });
      const { plan, run } = await planTransfer(host, { ...options, consent, signal });
      return { plan, ...await run() };
    });
    const { session: { name }, to } = plan;
    if (warning !== undefined) await terminal.stderr.write(`warning: ${commandHint(warning)}\n`);
    await terminal.stdout.write(printable(`session/${name} belongs to ${to}`) + "\n");
    for (const line of transferLines(plan)) await terminal.stderr.write(`${printable(line)}\n`);
    return success;
  },
});

/** The commands of this file, by name. */
export const commands = { share, transfer };
