/** The flags and operands of the commands about agents' tasks. */
import type { AgentRef } from "../../../actions/session/agent_pod.ts";
import { checkedSessionName } from "../../../actions/session/events.ts";
import { definedOnly } from "../../../base/json_value.ts";
import type { Operand } from "../../parser/command.ts";
import {
  adapterNames,
  parseDollars,
  permissionModes,
  taskOptions,
} from "../../../actions/agent/options.ts";
import { BadValue, choice, count, text, value, valueOr } from "../../parser/flag.ts";
import { scopeFlags } from "../session/flags.ts";

/** Flags that choose the scope in which agents are looked up. */
export const agentScopeFlags = {
  ...scopeFlags,
  namespace: { ...scopeFlags.namespace, summary: "namespace of the session or pod" },
};

/** Chooses a task of an agent. */
export const taskFlag = value(
  "show task N (default the newest; with --follow the current one, if any)",
  count,
);

/** Chooses the agent of a new task. */
export const adapterFlag = valueOr(
  `coding agent to use: ${adapterNames.slice(0, -1).join(", ")} or ${
    adapterNames.at(-1)
  }, or one of the setting agents`,
  text,
  adapterNames[0],
  {
    placeholder: "NAME",
    completion: { kind: "values", values: adapterNames.map((value) => ({ value })) },
  },
);

/** Limits of the agent of a new task. */
export const agentLimitFlags = {
  permissions: valueOr(
    `${taskOptions.permissions.about}, by \`kodama agent approve\``,
    choice(permissionModes),
    "bypass",
  ),
  budget: value(taskOptions.budget.about, dollars, { placeholder: "USD" }),
};

function dollars(raw: string): number {
  const amount = parseDollars(raw);
  if (amount !== undefined) return amount;
  throw new BadValue(raw, "must be an amount of US dollars, as in 2.50");
}

/** The agent: of a session, or of a pod by its name. */
export const agentOperand: Operand = {
  name: "SESSION|pod/POD",
  arity: "one",
  completion: { kind: "sessions" },
};

/** Parses the operand into a session or pod. Throws UsageError for a name that no session can have. */
export function agentRef(
  flags: { namespace: string | undefined; context: string | undefined },
  name: string,
): AgentRef {
  const { namespace, context } = flags;
  const scope = definedOnly({ namespace, context });
  const [, pod] = /^pods?\/(.*)$/.exec(name) ?? [];
  if (pod === undefined) return { kind: "session", name: checkedSessionName(name), ...scope };
  if (pod !== "" && !pod.includes("/")) return { kind: "pod", name: pod, ...scope };
  throw new BadValue(name, "it names no pod").of(agentOperand.name);
}
