/** The flags and operands of the session commands. */
import {
  checkedSessionName,
  parseLimit,
  type RequestedLimit,
  type SessionRef,
} from "../../../actions/session/events.ts";
import { definedOnly } from "../../../base/json_value.ts";
import type { Operand } from "../../parser/command.ts";
import { BadValue, durationMs, text, value, valueOr } from "../../parser/flag.ts";
import { contextFlags, namespaceValue } from "../../parser/scope_flags.ts";

/** Flags for the scope in which sessions are looked up. */
export const scopeFlags = {
  namespace: value(
    "namespace of the session (default from the settings, or the context's)",
    text,
    namespaceValue,
  ),
  ...contextFlags,
};

/** The single operand of most session commands. */
export const sessionOperand: Operand = {
  name: "NAME",
  arity: "one",
  completion: { kind: "sessions" },
};

/** How long to wait until a pod is ready. */
export const timeoutFlag = valueOr("time to wait for the pod to be ready", durationMs, "5m");

/** Parses a limit of a session: a duration of whole seconds, or none. Throws BadValue. */
export function limit(text: string): RequestedLimit {
  const option = parseLimit(text);
  if (option !== undefined) return option;
  throw new BadValue(text, "expected a duration from 1s such as 8h or 30m, or never");
}
limit.placeholder = "DURATION";

/** Parses args into a `SessionRef`. Throws UsageError for a name that no session can have. */
export function sessionRef(
  flags: { namespace: string | undefined; context: string | undefined },
  name: string | undefined,
): SessionRef {
  const { namespace, context } = flags;
  return { name: checkedSessionName(name ?? ""), ...definedOnly({ namespace, context }) };
}
