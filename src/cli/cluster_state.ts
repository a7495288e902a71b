/** What the embedded cluster's commands print. */
import type { ClusterState } from "../actions/host.ts";
import { printable } from "../term/printable.ts";
import { choice, value } from "./flag.ts";
import { jsonDocument } from "./output.ts";

const formats = choice(["json"]);

/** The output flag of the cluster commands. */
export const clusterOutputFlag = {
  output: value("print a JSON document", formats.parse, { short: "o", ...formats }),
};

/** The state as a person reads it, with the words that point kubectl and kodama at the cluster; or as JSON. */
export function clusterStateText(state: ClusterState, format: "json" | undefined): string {
  if (format === "json") return jsonDocument(state);
  if (state.phase === "stopped") return "The embedded cluster is not running.\n";
  const { server, context, kubeconfig, world } = state;
  const lines = [
    `The embedded cluster runs at ${server}`,
    `  world    ${world}`,
    `  context  ${context}`,
    "",
    "To use it in this shell:",
    `  export KUBECONFIG=${quoted(kubeconfig)}`,
  ];
  return lines.map((line) => `${printable(line)}\n`).join("");
}

/** A word for a shell. */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
