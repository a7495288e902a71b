/** The note for a teammate, as text that can be pasted into any chat. */
import type { ShareNote } from "../../../actions/session/share.ts";
import { printable } from "../../../terminal/printable.ts";

/** Returns its lines; `manifests` are the rights as YAML. */
export function shareLines({ session, live, server }: ShareNote, manifests: string): string[] {
  const { name, namespace, owner, repository } = session;
  const place = `${name} -n ${namespace}`;
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
    `  kodama attach ${place}              a shell of your own`,
    `  kodama attach ${place} --shared     one shell for all who attach so`,
    `  kodama attach ${place} --read-only  watch that shell`,
    "",
    "These rights are enough. Who has them can run commands in the session, and so read what it can",
    "read, its secrets too; there are no rights to look on alone.",
    "",
    ...manifests.trimEnd().split("\n").map((line) => printable(`  ${line}`)),
  ];
}
