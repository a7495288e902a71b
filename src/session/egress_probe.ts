/**
 * Whether a session's allow-list binds: its pod tries what every pod knows, the API server, and the list doesn't have.
 * A cluster whose network plug-in has no policies takes the list, and ignores it. Pure.
 */
import { plainText } from "../base/plain_text.ts";
import { allowsTcp } from "./egress_rule.ts";
import type { EgressRule } from "./model.ts";

/** What came of it. */
export type EgressLook =
  /** What isn't in the list didn't answer. */
  | { kind: "bound" }
  /** This answered all the same. */
  | { kind: "ignored"; reached: string }
  /** The list allows it, or the image has nothing to try with. */
  | { kind: "untold"; why: string };

/** So long an answer is waited for. */
const seconds = 4;

const script = `host=$KUBERNETES_SERVICE_HOST port=$KUBERNETES_SERVICE_PORT
printf '%s %s ' "$host" "$port"
if command -v bash >/dev/null && command -v timeout >/dev/null; then
  timeout ${seconds} bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port" && echo open || echo shut
elif command -v nc >/dev/null; then
  nc -z -w ${seconds} "$host" "$port" && echo open || echo shut
else echo untold; fi
`;

/** The words that try it; they end within some seconds. */
export const egressProbeWords: readonly string[] = ["sh", "-c", script];

/** What they answered comes to. */
export function egressLook(stdout: string, rules: readonly EgressRule[]): EgressLook {
  const match = /^([\da-f.:]+) (\d{1,5}) (open|shut|untold)\n$/i.exec(stdout);
  if (match === null) return { kind: "untold", why: "the pod gave no answer" };
  const [, host = "", port = "", answer] = match;
  const at = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  if (answer === "untold") {
    return { kind: "untold", why: "the image has neither bash and timeout nor nc to try it with" };
  }
  if (allowsTcp(rules, host, Number(port))) {
    return { kind: "untold", why: `the list allows the API server, ${at}` };
  }
  return answer === "shut"
    ? { kind: "bound" }
    : { kind: "ignored", reached: plainText(`the API server, ${at}`) };
}
