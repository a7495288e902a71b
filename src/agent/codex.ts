/**
 * The adapter `codex`: OpenAI's Codex CLI without its terminal UI. It prints a line of JSON for each event.
 * https://developers.openai.com/codex/noninteractive Tried with 0.169.0.
 *
 * Required: `thread.started` with `thread_id`, and `turn.completed` or `turn.failed` last. Other events are tolerated.
 */
import type { Adapter } from "./adapter.ts";
import { readJsonLine } from "./event_lines.ts";
import { fieldsOf, type JsonFields, numberOf, textField } from "./json_fields.ts";
import {
  type AgentEvent,
  bounded,
  isConversation,
  maxSummary,
  noTokens,
  type Tokens,
  unknownEvent,
} from "./model.ts";

/** Codex CLI. It asks no one in this form: forbidden actions fail. */
export const codexAdapter: Adapter = {
  name: "codex",
  program: "codex",
  converses: true,
  tokensOf: "conversation",
  costOf: "task",
  limitsCost: false,
  interrupt: { signal: "INT", to: "agent", graceMs: 10_000 },
  preparation: "PATH=$PATH:$HOME/.local/bin\nexport PATH",
  command({ args, conversation: { id, isNew } }) {
    return [
      ...["codex", "exec", ...(isNew ? [] : ["resume"])],
      // The pod is the boundary; nested sandboxes need rights that it doesn't have.
      ...["--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"],
      ...args,
      // Codex names a new conversation itself. The prompt is on standard input.
      ...[...(isNew ? [] : [id]), "-"],
    ];
  },
  readLine: (line) => readJsonLine(line, readEvent),
};

function readEvent(event: JsonFields): readonly AgentEvent[] | undefined {
  const type = textField(event, "type");
  if (type === undefined) return undefined;
  const item = fieldsOf(event, "item") ?? {};
  switch (type) {
    case "thread.started": {
      const id = textField(event, "thread_id");
      return [{
        kind: "began",
        ...(id === undefined || !isConversation(id) ? {} : { conversation: id }),
      }];
    }
    case "turn.started":
      return [{ kind: "usage", message: "turn", tokens: noTokens }];
    case "item.started":
      return readStarted(item);
    case "item.completed":
      return readCompleted(item);
    case "turn.completed": {
      const usage = fieldsOf(event, "usage");
      const tokens = usage === undefined ? {} : { tokens: readUsage(usage) };
      return [{ kind: "result", ok: true, text: "", refused: [], ...tokens }];
    }
    case "turn.failed": {
      const message = textField(fieldsOf(event, "error") ?? {}, "message") ?? "the turn failed";
      return [{ kind: "result", ok: false, text: bounded(message), refused: [] }];
    }
    case "error":
      return [{
        kind: "retry",
        attempt: 1,
        reason: bounded(textField(event, "message") ?? "", maxSummary),
      }];
    default:
      return [unknownEvent(type)];
  }
}

function readStarted(item: JsonFields): AgentEvent[] {
  const type = textField(item, "type") ?? "";
  // A message has no start of its own.
  if (type === "agent_message" || type === "reasoning" || type === "todo_list") return [];
  const subject = textField(item, "command") ?? textField(item, "query") ??
    textField(item, "tool") ?? "";
  return [{
    kind: "toolStarted",
    id: bounded(textField(item, "id") ?? "", maxSummary),
    name: bounded(type === "command_execution" ? "Bash" : type, maxSummary),
    summary: bounded(subject, maxSummary),
  }];
}

function readCompleted(item: JsonFields): AgentEvent[] {
  const type = textField(item, "type") ?? "";
  const id = bounded(textField(item, "id") ?? "", maxSummary);
  switch (type) {
    case "agent_message":
      return [{ kind: "text", text: bounded(textField(item, "text") ?? "") }];
    case "error":
      return [{ kind: "output", text: bounded(textField(item, "message") ?? "") }];
    case "reasoning":
    case "todo_list":
      return [unknownEvent(`item/${type}`)];
    default:
      return [{
        kind: "toolEnded",
        id,
        ok: textField(item, "status") !== "failed",
        text: bounded(textField(item, "aggregated_output") ?? ""),
      }];
  }
}

/** The input includes tokens from the cache. */
function readUsage(usage: JsonFields): Tokens {
  const cacheRead = numberOf(usage, "cached_input_tokens") ?? 0;
  const cacheWrite = numberOf(usage, "cache_write_input_tokens") ?? 0;
  const input = numberOf(usage, "input_tokens") ?? 0;
  return {
    input: Math.max(0, input - cacheRead - cacheWrite),
    output: numberOf(usage, "output_tokens") ?? 0,
    cacheRead,
    cacheWrite,
  };
}
