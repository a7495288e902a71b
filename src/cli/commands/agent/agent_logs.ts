/** `kodama logs --agent` and `kodama agent logs`: the same command under two paths. */
import { definedOnly } from "../../../base/json_value.ts";
import type { AgentRef } from "../../../actions/session/agent_pod.ts";
import { UsageError } from "../../../base/errors.ts";
import type { ParsedArgs } from "../../parser/command.ts";
import type { Flags } from "../../parser/flag.ts";
import type { Invocation } from "../../invocation.ts";
import { printable } from "../../../terminal/printable.ts";
import { success } from "../../exit_codes.ts";
import { agentRef } from "./flags.ts";
import { showFollow } from "./show_follow.ts";

/** The log to show. */
export interface AgentLogs {
  ref: AgentRef;
  /** The operand, for messages. */
  name: string;
  follow: boolean;
  task?: number;
  /** Byte offset of the first event. */
  offset?: number;
  format: "text" | "jsonl";
}

/** Flags of `kodama logs` that also apply to an agent's log. */
const understood = new Set(["agent", "follow", "namespace", "context", "kubeconfig", "output"]);

/** Parses the args of `kodama logs --agent`. Throws UsageError for flags that don't apply to an agent's log. */
export function resolveAgentLogs(
  { flags, given, operands }: Pick<ParsedArgs<Flags>, "given" | "operands"> & {
    flags: {
      namespace: readonly string[];
      context: readonly string[];
      follow: boolean;
      output: "default" | "raw" | "json" | "jsonl";
    };
  },
): AgentLogs {
  const hint = "see kodama agent logs --help";
  const strange = [...given].find((flag) => !understood.has(flag));
  if (strange !== undefined) {
    throw new UsageError(`--agent and --${strange} can't be used together`, { hint });
  }
  const [name, ...more] = operands;
  if (name === undefined || more.length > 0) {
    throw new UsageError("--agent needs the name of one session", { hint });
  }
  const [namespace, ...namespaces] = flags.namespace;
  const [context, ...contexts] = flags.context;
  if (namespaces.length + contexts.length > 0) {
    throw new UsageError("--agent needs a single namespace and context", { hint });
  }
  if (flags.output === "raw") {
    throw new UsageError("--agent has no output raw", { hint: "-o jsonl gives every event" });
  }
  return {
    ref: agentRef({ namespace, context }, name),
    name,
    follow: flags.follow,
    format: flags.output === "default" ? "text" : "jsonl",
  };
}

/** Shows the events. */
export async function runAgentLogs(options: AgentLogs, invocation: Invocation): Promise<number> {
  const { ref, follow, task, offset, format, name } = options;
  const { terminal } = invocation;
  const host = await invocation.host();
  const [{ agentTarget, readingAgent }, { followTask, showTask }] = await Promise.all([
    import("../../../actions/session/agent_pod.ts"),
    import("../../../actions/agent/follow.ts"),
  ]);
  const start = async function* (signal: AbortSignal) {
    const which = {
      signal,
      ...definedOnly({ number: task, offset }),
    };
    if (follow) {
      yield* followTask(host, await agentTarget(host, ref, signal), which);
      return;
    }
    const onWait = (reason: string) => terminal.stderr.write(`waiting for ${printable(reason)}\n`);
    yield* await readingAgent(
      host,
      ref,
      { onWait, signal },
      (target, { isStopped }) => Array.fromAsync(showTask(host, target, { ...which, isStopped })),
    );
  };
  const code = await showFollow(start, { invocation, format, name });
  return follow ? code : success;
}
