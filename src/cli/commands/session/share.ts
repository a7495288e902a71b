import { definedOnly } from "../../../base/json_value.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, text, value, valueOr } from "../../parser/flag.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { scopeFlags, sessionOperand, sessionRef } from "./flags.ts";
import type { ShareNote } from "../../../actions/session/share.ts";
import { printable } from "../../../terminal/printable.ts";

const formats = choice(["text", "yaml"]);

/** `kodama share`. */
export const command = defineCommand({
  description:
    "Prints a note for a teammate who wants to attach to a session: its address, the commands, and " +
    "the RBAC rights they need. It contains no credentials; teammates use their own. Nothing is " +
    "changed in the cluster: with -o yaml, only the rights are printed, for kubectl apply.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    to: value("user name of the teammate in the cluster", text, { placeholder: "USER" }),
    output: valueOr("output format", formats.parse, "text", { short: "o", ...formats }),
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
