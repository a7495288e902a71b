/**
 * The adapter `acp`: any agent that speaks the Agent Client Protocol on its standard streams, version 1: JSON-RPC, a
 * message on each line. https://agentclientprotocol.com/protocol/v1/overview
 *
 * A task runs while no one is connected, so the client's half runs in the pod (`scripts/acp.sh`): it initializes the
 * agent, opens or continues a session, sends the prompt, and closes the agent's input after the answer. It numbers its
 * requests: 0 initializes, 1 opens the session, 2 is the prompt.
 */
import { action, hint } from "../base/hint.ts";
import { UsageError } from "../base/errors.ts";
import type { Adapter, Decision, Dialogue, TaskPlan } from "./adapter.ts";
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
  type Approval,
  type ApprovalOption,
  bounded,
  isConversation,
  isRequest,
  maxSummary,
  noTokens,
  type Tokens,
  unknownEvent,
} from "./model.ts";
import { acpText } from "./pod_script.ts";

/** The version of the protocol. */
const version = 1;

const dialogue: Dialogue = {
  always: true,
  takesMessages: false,
  files(prompt: string, { conversation, permissions }: TaskPlan): Record<string, string> {
    const content = [{ type: "text", text: prompt }];
    const turn = JSON.stringify({ ...request(2, "session/prompt"), params: { prompt: content } });
    return {
      prompt: JSON.stringify({
        ...request(0, "initialize"),
        params: {
          protocolVersion: version,
          // The agent works in the pod itself, on its own files.
          clientCapabilities: {
            fs: { readTextFile: false, writeTextFile: false },
            terminal: false,
          },
        },
      }),
      talk: acpText(),
      turn: `${turn.slice(0, -2)},"sessionId":`,
      ...(conversation.isNew ? {} : { conversation: JSON.stringify(conversation.id) }),
      ...(permissions === "ask" ? { ask: "" } : {}),
    };
  },
  answer({ request, options = [] }: Approval, { kind }: Decision): string {
    const kinds = kind === "allow"
      ? ["allow_once", "allow_always"] as const
      : ["reject_once", "reject_always"] as const;
    const chosen = kinds.map((one) => options.find((option) => option.kind === one))
      .find((option) => option !== undefined);
    if (chosen === undefined && kind === "allow") {
      throw new UsageError("the agent offers no way to allow this", {
        hint: hint`refuse it: ${action("agent.deny", { name: "NAME" })}`,
      });
    }
    const outcome = chosen === undefined
      ? { outcome: "cancelled" }
      : { outcome: "selected", optionId: chosen.id };
    return JSON.stringify({ jsonrpc: "2.0", id: rpcId(request), result: { outcome } });
  },
};

function request(id: number, method: string) {
  return { jsonrpc: "2.0", id, method };
}

/** Any agent of the protocol; the args are its command. */
export const acpAdapter: Adapter = {
  name: "acp",
  tokensOf: "task",
  costOf: "conversation",
  converses: true,
  limitsCost: false,
  // The protocol's own way: the agent reports that it has cancelled its turn.
  interrupt: { signal: "TERM", to: "input", graceMs: 10_000 },
  preparation: "PATH=$PATH:$HOME/.local/bin\nexport PATH",
  dialogue,
  command({ args }) {
    if (args.length > 0) return args;
    throw new UsageError("the adapter acp needs the command of an agent", {
      hint: hint`give it, as in: ${
        action("prompt", { name: "NAME", adapter: "acp", prompt: "…", args: "opencode acp" })
      }`,
    });
  },
  readLine: (line) => readJsonLine(line, readMessage),
};

/* Requests are named by their id: numbers as they are, other values that aren't simple words as hexadecimal JSON. */

/** Returns the name of a request; undefined if it would be too long. */
function requestName(id: unknown): string | undefined {
  const plain = typeof id === "number" && Number.isSafeInteger(id) && id >= 0
    ? String(id)
    : typeof id === "string" && isRequest(id) && !/^(?:\d+|x[0-9a-f]+)$/.test(id)
    ? id
    : `x${new TextEncoder().encode(JSON.stringify(id)).toHex()}`;
  return isRequest(plain) ? plain : undefined;
}

/** The inverse. */
function rpcId(name: string): unknown {
  if (/^\d+$/.test(name)) return Number(name);
  if (!/^x(?:[0-9a-f]{2})+$/.test(name)) return name;
  return JSON.parse(new TextDecoder().decode(Uint8Array.fromHex(name.slice(1))));
}

function readMessage(message: JsonFields): readonly AgentEvent[] | undefined {
  if (message["jsonrpc"] !== "2.0") return undefined;
  const method = textField(message, "method");
  if (method === undefined) return readResponse(message);
  const params = fieldsOf(message, "params") ?? {};
  switch (method) {
    case "session/update":
      return readUpdate(fieldsOf(params, "update") ?? {});
    case "session/request_permission":
      return [readPermission(message["id"], params)];
    default:
      return [unknownEvent(method)];
  }
}

function readPermission(id: unknown, params: JsonFields): AgentEvent {
  const name = requestName(id);
  if (name === undefined) return unknownEvent("session/request_permission");
  const call = fieldsOf(params, "toolCall") ?? {};
  const toolUse = textField(call, "toolCallId");
  return {
    kind: "asked",
    request: name,
    tool: toolName(call),
    summary: approvedText(call),
    ...(toolUse === undefined ? {} : { toolUse: bounded(toolUse, maxSummary) }),
    options: listField(params, "options").slice(0, maxOptions).flatMap(readOption),
  };
}

/** More than a protocol with four kinds of them needs. */
const maxOptions = 20;

function readOption(option: JsonFields): ApprovalOption[] {
  const [id, kind] = [textField(option, "optionId"), textField(option, "kind")];
  if (id === undefined || kind === undefined || id.length > maxSummary) return [];
  return [{ id, kind: bounded(kind, maxSummary) }];
}

/** Returns the text that a person approves, complete: the title alone is the agent's own description. */
function approvedText(call: JsonFields): string {
  const title = textField(call, "title") ?? "";
  const input = call["rawInput"];
  const texts = listField(call, "content").map(contentText).filter((text) => text !== "");
  const command = input === undefined || input === null ? "" : inputText(input);
  return bounded([title === command ? "" : title, command, ...texts].filter(Boolean).join("\n"));
}

function inputText(input: unknown): string {
  const fields = asFields(input);
  const command = fields === undefined ? undefined : textField(fields, "command");
  return command !== undefined && Object.keys(fields ?? {}).length === 1
    ? command
    : JSON.stringify(input);
}

function toolName(call: JsonFields): string {
  return bounded(
    textField(call, "name") ?? textField(call, "kind") ?? textField(call, "title") ?? "a tool",
    maxSummary,
  );
}

function readUpdate(update: JsonFields): readonly AgentEvent[] {
  const kind = textField(update, "sessionUpdate") ?? "";
  switch (kind) {
    case "agent_message_chunk": {
      const text = textField(fieldsOf(update, "content") ?? {}, "text");
      return text === undefined ? [] : [{ kind: "text", text: bounded(text), isPart: true }];
    }
    case "tool_call": {
      const id = bounded(textField(update, "toolCallId") ?? "", maxSummary);
      return [
        {
          kind: "toolStarted",
          id,
          name: toolName(update),
          summary: bounded(textField(update, "title") ?? "", maxSummary),
        },
        ...readStatus(update),
      ];
    }
    case "tool_call_update":
      return readStatus(update);
    case "usage_update": {
      const cost = fieldsOf(update, "cost") ?? {};
      const costUsd = textField(cost, "currency") === "USD" ? numberOf(cost, "amount") : undefined;
      return costUsd === undefined ? [] : [{ kind: "cost", costUsd }];
    }
    default:
      return [unknownEvent(kind)];
  }
}

function readStatus(update: JsonFields): readonly AgentEvent[] {
  const status = textField(update, "status");
  if (status !== "completed" && status !== "failed") return [];
  const texts = listField(update, "content").map(contentText).filter((text) => text !== "");
  return [{
    kind: "toolEnded",
    id: bounded(textField(update, "toolCallId") ?? "", maxSummary),
    ok: status === "completed",
    text: bounded(texts.join("\n")),
  }];
}

/** Returns a part of a tool's content as text: a text, or a change of a file. */
function contentText(part: JsonFields): string {
  const path = textField(part, "path");
  if (textField(part, "type") === "diff" && path !== undefined) {
    return `${path}:\n${textField(part, "newText") ?? ""}`;
  }
  return textField(fieldsOf(part, "content") ?? {}, "text") ?? "";
}

function readResponse(message: JsonFields): readonly AgentEvent[] {
  const id = message["id"];
  const error = fieldsOf(message, "error");
  if (error !== undefined) return [failure(errorText(error))];
  const result = fieldsOf(message, "result") ?? {};
  switch (id) {
    case 0: {
      const spoken = numberOf(result, "protocolVersion");
      return spoken === version ? [] : [
        failure(`the agent speaks version ${spoken ?? "?"} of the protocol, and not ${version}`),
      ];
    }
    case 1: {
      const conversation = textField(result, "sessionId");
      return [
        {
          kind: "began",
          ...(conversation === undefined || !isConversation(conversation) ? {} : { conversation }),
        },
        { kind: "usage", message: "turn", tokens: noTokens },
      ];
    }
    case 2:
      return [readEnd(result)];
    default:
      return [unknownEvent("response")];
  }
}

/** https://agentclientprotocol.com/protocol/v1/prompt-turn#stop-reasons */
const stops: Readonly<Record<string, string>> = {
  max_tokens: "the model's limit of tokens is reached",
  max_turn_requests: "the agent's limit of requests to the model is reached",
  refusal: "the agent refuses to continue",
  cancelled: "the turn was cancelled",
};

function readEnd(result: JsonFields): AgentEvent {
  const reason = textField(result, "stopReason") ?? "";
  if (reason !== "end_turn") return failure(stops[reason] ?? `the agent stopped: ${reason}`);
  const usage = fieldsOf(result, "usage");
  return {
    kind: "result",
    ok: true,
    text: "",
    ...(usage === undefined ? {} : { tokens: readUsage(usage) }),
    refused: [],
  };
}

/** Not in all agents. The input may or may not include tokens from a cache: it is shown as reported. */
function readUsage(usage: JsonFields): Tokens {
  return {
    input: numberOf(usage, "inputTokens") ?? 0,
    output: numberOf(usage, "outputTokens") ?? 0,
    cacheRead: numberOf(usage, "cachedReadTokens") ?? 0,
    cacheWrite: numberOf(usage, "cachedWriteTokens") ?? 0,
  };
}

/** The protocol's code for missing credentials. */
const authenticationRequired = -32000;

function errorText(error: JsonFields): string {
  const text = textField(error, "message") ?? "an error without a message";
  const details = textField(fieldsOf(error, "data") ?? {}, "details");
  const whole = details === undefined ? text : `${text}: ${details}`;
  return error["code"] === authenticationRequired
    ? `${whole} (a session gets an agent's credentials from a dotenv file)`
    : whole;
}

function failure(text: string): AgentEvent {
  return { kind: "result", ok: false, text: bounded(text), refused: [] };
}
