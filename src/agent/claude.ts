/**
 * The adapter `claude`: Claude Code's command line without its terminal UI. It prints a line of JSON for each event.
 * https://code.claude.com/docs/en/headless
 *
 * Required: `system/init` with `session_id` first; `assistant` and `user` with a message of the Messages API; `result`
 * last. Other events are tolerated, and so are more or fewer fields.
 */
import { definedOnly } from "../base/json_value.ts";
import type { Adapter, Dialogue } from "./adapter.ts";
import { readJsonLine } from "./event_lines.ts";
import {
  asFields,
  fieldsOf,
  type JsonFields,
  listField,
  numberOf,
  textField,
} from "./json_fields.ts";
import {
  type AgentEvent,
  bounded,
  isConversation,
  isRequest,
  maxSummary,
  type Tokens,
  unknownEvent,
} from "./model.ts";

/** Tools whose refusal is reported; more than a user reads. */
const maxRefused = 20;

/**
 * The paths of a user's own installation. Claude Code refuses to skip all permission prompts as root, unless an option
 * says that it is in a sandbox, as a pod is.
 */
const preparation = `PATH=$PATH:$HOME/.local/bin:$HOME/.claude/local
export PATH
[ "$(id -u)" = 0 ] && export IS_SANDBOX=1`;

/**
 * The protocol of its SDK: requests on standard output, answers on standard input, a line of JSON each.
 * https://code.claude.com/docs/en/agent-sdk/user-input Tried with the version of the tests.
 */
const dialogue: Dialogue = {
  always: false,
  takesMessages: true,
  files: (prompt) => ({
    // The result is the only line whose first field may be another than its type.
    dialogue: '^[{]"type":"result"|^[{]"([^t]|t[^y]|ty[^p]|typ[^e]).*"type":"result"',
    prompt: JSON.stringify({
      type: "user",
      message: { role: "user", content: [{ type: "text", text: prompt }] },
    }),
  }),
  answer: ({ request }, decision) =>
    JSON.stringify({
      type: "control_response",
      response: {
        subtype: "success",
        request_id: request,
        response: decision.kind === "allow"
          ? { behavior: "allow" }
          : { behavior: "deny", message: decision.message ?? "the user refused this" },
      },
    }),
};

/** Claude Code. */
export const claudeAdapter: Adapter = {
  name: "claude",
  program: "claude",
  tokensOf: "task",
  costOf: "task",
  converses: true,
  limitsCost: true,
  // The agent ends its turn, saves the conversation and stops the processes of its tools.
  interrupt: { signal: "INT", to: "agent", graceMs: 10_000 },
  preparation,
  dialogue,
  command({ args, conversation: { id, isNew }, permissions, budgetUsd }) {
    return [
      ...["claude", "-p", "--output-format", "stream-json", "--verbose"],
      // The pod is the boundary if no one can be asked. A later arg of the user's has precedence.
      ...(permissions === "ask"
        ? ["--input-format", "stream-json", "--permission-prompt-tool", "stdio"]
        : []),
      ...["--permission-mode", permissions === "ask" ? "default" : "bypassPermissions"],
      ...(budgetUsd === undefined ? [] : ["--max-budget-usd", String(budgetUsd)]),
      ...[isNew ? "--session-id" : "--resume", id],
      ...args,
    ];
  },
  readLine: (line) => readJsonLine(line, readEvent),
};

function readEvent(event: JsonFields): readonly AgentEvent[] | undefined {
  const type = textField(event, "type");
  if (type === undefined) return undefined;
  switch (type) {
    case "system":
      return readSystem(event);
    case "assistant":
      return readAssistant(event);
    case "user":
      return contentOf(event).flatMap(readToolResult);
    case "result":
      return [readResult(event)];
    case "control_request":
      return [readControlRequest(event)];
    case "control_cancel_request": {
      const request = textField(event, "request_id") ?? "";
      return isRequest(request) ? [{ kind: "withdrawn", request }] : [unknownEvent(type)];
    }
    default:
      return [unknownEvent(type)];
  }
}

function readControlRequest(event: JsonFields): AgentEvent {
  const asked = fieldsOf(event, "request") ?? {};
  const request = textField(event, "request_id") ?? "";
  const subtype = textField(asked, "subtype") ?? "";
  if (subtype !== "can_use_tool" || !isRequest(request)) {
    return unknownEvent(`control_request/${subtype}`);
  }
  const toolUse = textField(asked, "tool_use_id");
  return {
    kind: "asked",
    request,
    tool: bounded(textField(asked, "tool_name") ?? "a tool", maxSummary),
    summary: approvedText(fieldsOf(asked, "input") ?? {}),
    ...(toolUse === undefined ? {} : { toolUse: bounded(toolUse, maxSummary) }),
  };
}

/** Returns the text that a person approves, complete: a command's end may be its worst part. */
function approvedText(input: JsonFields): string {
  const command = textField(input, "command");
  return bounded(command ?? JSON.stringify(input));
}

function readSystem(event: JsonFields): AgentEvent[] {
  switch (textField(event, "subtype")) {
    case "init": {
      const [conversation, model] = [textField(event, "session_id"), textField(event, "model")];
      return [{
        kind: "began",
        ...(conversation === undefined || !isConversation(conversation) ? {} : { conversation }),
        ...(model === undefined ? {} : { model: bounded(model, maxSummary) }),
      }];
    }
    case "permission_denied":
      return [{
        kind: "refused",
        tool: bounded(textField(event, "tool_name") ?? "a tool", maxSummary),
        reason: bounded(textField(event, "message") ?? "", maxSummary),
      }];
    case "api_retry": {
      const status = numberOf(event, "error_status");
      const reason = textField(event, "error") ?? "unknown";
      return [{
        kind: "retry",
        attempt: numberOf(event, "attempt") ?? 1,
        reason: bounded(status === undefined ? reason : `${status} ${reason}`, maxSummary),
      }];
    }
    default:
      return [unknownEvent(`system/${textField(event, "subtype") ?? ""}`)];
  }
}

function contentOf(event: JsonFields): readonly JsonFields[] {
  const message = fieldsOf(event, "message");
  return message === undefined ? [] : listField(message, "content");
}

function readAssistant(event: JsonFields): AgentEvent[] {
  const message = fieldsOf(event, "message");
  const usage = message === undefined ? undefined : fieldsOf(message, "usage");
  const id = message === undefined ? undefined : textField(message, "id");
  const reported: AgentEvent[] = usage === undefined || id === undefined
    ? []
    : [{ kind: "usage", message: bounded(id, maxSummary), tokens: readUsage(usage) }];
  return [...reported, ...contentOf(event).flatMap(readBlock)];
}

function readBlock(block: JsonFields): AgentEvent[] {
  switch (textField(block, "type")) {
    case "text":
      return [{ kind: "text", text: bounded(textField(block, "text") ?? "") }];
    case "tool_use":
      return [{
        kind: "toolStarted",
        id: bounded(textField(block, "id") ?? "", maxSummary),
        name: bounded(textField(block, "name") ?? "a tool", maxSummary),
        summary: summaryOf(fieldsOf(block, "input") ?? {}),
      }];
    default:
      return [];
  }
}

/** Fields of tools' inputs that identify their subject, the best first. */
const telling = [
  "command",
  "file_path",
  "path",
  "pattern",
  "url",
  "query",
  "description",
  "prompt",
];

function summaryOf(input: JsonFields): string {
  for (const name of telling) {
    const text = textField(input, name);
    if (text !== undefined) return bounded(text, maxSummary);
  }
  return bounded(JSON.stringify(input), maxSummary);
}

function readToolResult(block: JsonFields): AgentEvent[] {
  if (textField(block, "type") !== "tool_result") return [];
  return [{
    kind: "toolEnded",
    id: bounded(textField(block, "tool_use_id") ?? "", maxSummary),
    ok: block["is_error"] !== true,
    text: bounded(resultText(block)),
  }];
}

/** A tool's answer is a text, or a list of parts of which some are texts. */
function resultText(block: JsonFields): string {
  return textField(block, "content") ??
    listField(block, "content").map((part) => textField(part, "text") ?? "").join("\n");
}

function readResult(event: JsonFields): AgentEvent {
  const usage = fieldsOf(event, "usage");
  const turns = numberOf(event, "num_turns");
  // The total accumulates over a continued conversation; the increase since then is the task's own.
  const costUsd = readUsageByModel(event) ?? numberOf(event, "total_cost_usd");
  return {
    kind: "result",
    ok: event["is_error"] !== true,
    text: bounded(withWayOut(textField(event, "result") ?? errorsOf(event))),
    ...definedOnly({ turns }),
    ...(usage === undefined ? {} : { tokens: readUsage(usage) }),
    ...definedOnly({ costUsd }),
    refused: listField(event, "permission_denials").slice(0, maxRefused)
      .map((denial) => bounded(textField(denial, "tool_name") ?? "a tool", maxSummary)),
  };
}

/** Claude's message about missing credentials refers to its own UI, which no one sees here. */
function withWayOut(text: string): string {
  if (!text.startsWith("Not logged in")) return text;
  return "Not logged in: the pod has no ANTHROPIC_API_KEY (a session gets it from a dotenv file)";
}

function errorsOf(event: JsonFields): string {
  const errors = event["errors"];
  const texts = Array.isArray(errors)
    ? errors.filter((one): one is string => typeof one === "string")
    : [];
  return texts.length > 0 ? texts.join("; ") : textField(event, "subtype") ?? "";
}

/* The tokens and costs that Claude Code reports. */

/** Parses `usage` of a message or of a result, as in the Messages API. */
function readUsage(usage: JsonFields): Tokens {
  return {
    input: numberOf(usage, "input_tokens") ?? 0,
    output: numberOf(usage, "output_tokens") ?? 0,
    cacheRead: numberOf(usage, "cache_read_input_tokens") ?? 0,
    cacheWrite: numberOf(usage, "cache_creation_input_tokens") ?? 0,
  };
}

/** Returns US dollars since the last result, over all models; undefined if it isn't reported. */
function readUsageByModel(result: JsonFields): number | undefined {
  const byModel = fieldsOf(result, "model_usage_since_last_result");
  if (byModel === undefined) return undefined;
  const costs = Object.values(byModel).map((model) => numberOf(asFields(model) ?? {}, "costUSD"));
  const known = costs.filter((cost) => cost !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, cost) => sum + cost, 0);
}
