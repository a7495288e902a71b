/**
 * Checks whether a session's allow-list is enforced: its pod tries the API server, an address that every pod knows and
 * the list lacks. A cluster whose network plug-in doesn't support policies accepts the list, and ignores it. An address
 * that doesn't answer proves something only if another one that the list allows does answer: the control. Pure.
 */
import { plainText } from "../base/plain_text.ts";
import { allowsTcp } from "./egress_rule.ts";
import type { EgressRule } from "./model.ts";
import { sessionCommand } from "./pod_script.ts";

/** The result. */
export type EgressProbe =
  /** The unlisted address didn't answer, and an allowed one did. */
  | { kind: "enforced" }
  /** This address answered, though the list lacks it. */
  | { kind: "ignored"; reached: string }
  | { kind: "unverified"; why: string };

/** The longest wait for an answer. */
const seconds = 4;

/** Returns the command that tries it; it ends within some seconds. */
export function egressProbeCommand(rules: readonly EgressRule[]): string[] {
  return sessionCommand("egressProbe", [String(seconds), ...listedAddress(rules)]);
}

/** The first single address of the list with a TCP port, which something is likely to listen at. */
function listedAddress(rules: readonly EgressRule[]): string[] {
  for (const { cidr, ports: [port] = [] } of rules) {
    const [address = "", bits] = cidr.split("/");
    if (port !== undefined && bits === (address.includes(":") ? "128" : "32")) {
      return [address, String(port)];
    }
  }
  return [];
}

/** Returns the result from the command's output. */
export function egressProbe(stdout: string, rules: readonly EgressRule[]): EgressProbe {
  const answers = "(open|shut|untried)";
  const match = new RegExp(`^([\\da-f.:]+) (\\d{1,5}) ${answers} ${answers}\\n$`, "i").exec(stdout);
  if (match === null) return { kind: "unverified", why: "the pod gave no answer" };
  const [, host = "", port = "", answer, control] = match;
  const at = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  if (answer === "untried") {
    return {
      kind: "unverified",
      why: "the image has neither bash and timeout nor nc to try it with",
    };
  }
  if (allowsTcp(rules, host, Number(port))) {
    return { kind: "unverified", why: `the list allows the API server, ${at}` };
  }
  if (answer === "open") return { kind: "ignored", reached: plainText(`the API server, ${at}`) };
  return control === "open" ? { kind: "enforced" } : {
    kind: "unverified",
    why:
      `the API server, ${at}, doesn't answer, and neither does the name server, which the list ` +
      "allows: the pod's network may have another fault",
  };
}
