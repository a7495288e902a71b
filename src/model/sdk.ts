/**
 * Models by the AI SDK's provider packages (https://ai-sdk.dev/providers), which are loaded when a model is opened.
 * The SDK's `ai` package isn't used: kodama has a loop of tools, retries and a fallback of its own, which ask a person
 * before a change, report each delay, and decide which model is tried next.
 */
import type {
  JSONValue,
  LanguageModelV4,
  LanguageModelV4Message,
  LanguageModelV4StreamPart,
  SharedV4ProviderOptions,
} from "@ai-sdk/provider";
import { definedOnly, isRecord } from "../base/json_value.ts";
import { plainText } from "../base/plain_text.ts";
import type { ChatMessage, Model, ModelPart, ModelRequest } from "./model.ts";
import { errorOfResponse, ModelError, type ModelFailure, modelMessage } from "./model_error.ts";
import { type ModelName, modelText } from "./names.ts";

/** The parameters of opening a model. */
export interface ModelAccess {
  /** Undefined if there is none, and none is needed. */
  key: string | undefined;
  /** Without a slash at its end. */
  url: string;
  /** The time of day in milliseconds, for dates in a server's answer. */
  nowMs: () => number;
}

/** Returns the model. Nothing is sent yet. */
export async function openModel(name: ModelName, access: ModelAccess): Promise<Model> {
  const model = await loadProvider(name, access);
  return {
    name: modelText(name),
    stream: (request, signal) => streamParts(model, { name, access, request, signal }),
  };
}

async function loadProvider(
  { provider, name }: ModelName,
  { key, url }: ModelAccess,
): Promise<LanguageModelV4> {
  // A key is always passed, or the packages would search the environment by rules of their own.
  const apiKey = key ?? "none";
  switch (provider) {
    case "anthropic": {
      const { createAnthropic } = await import("@ai-sdk/anthropic");
      return createAnthropic({ apiKey, baseURL: url, fetch: boundedFetch })(name);
    }
    case "openai": {
      const { createOpenAI } = await import("@ai-sdk/openai");
      return createOpenAI({ apiKey, baseURL: url, fetch: boundedFetch }).chat(name);
    }
    case "mistral": {
      const { createMistral } = await import("@ai-sdk/mistral");
      return createMistral({ apiKey, baseURL: url, fetch: boundedFetch })(name);
    }
    case "gemini": {
      const { createGoogle } = await import("@ai-sdk/google");
      return createGoogle({ apiKey, baseURL: url, fetch: boundedFetch })(name);
    }
    case "ollama":
    case "compatible": {
      const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
      const baseURL = provider === "ollama" ? `${url}/v1` : url;
      return createOpenAICompatible({
        name: provider,
        baseURL,
        includeUsage: true,
        fetch: boundedFetch,
        ...definedOnly({ apiKey: key }),
      })(name);
    }
  }
}

/**
 * The longest bodies in bytes: of an answer with all that surrounds its text, events of each token, and reasoning; and of
 * a failure, whose rest isn't read.
 */
const maxBytes = { answer: 4 << 20, failure: 256 << 10 } as const;

class AnswerTooLarge extends Error {
  override message = `it is larger than ${maxBytes.answer >> 20} MiB`;
}

class Redirected extends Error {
  /** @param location as the server wrote it. */
  constructor(location: string | null, from: string) {
    const to = URL.parse(location ?? "", from)?.origin ?? "no address";
    super(
      `it redirects to ${plainText(to, 200)}, and the conversation isn't sent to other addresses`,
    );
  }
}

/**
 * `fetch` with a limit of the body: the packages read a line of any length into memory. A redirect isn't followed: the
 * headers with the key, and the conversation, would be sent to any server that it names.
 */
async function boundedFetch(
  input: Parameters<typeof fetch>[0],
  init?: Parameters<typeof fetch>[1],
): Promise<Response> {
  const response = await fetch(input, { ...init, redirect: "manual" });
  if (response.status >= 300 && response.status < 400) {
    await response.body?.cancel();
    throw new Redirected(response.headers.get("location"), response.url);
  }
  let bytes = 0;
  const limit = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes <= (response.ok ? maxBytes.answer : maxBytes.failure)) controller.enqueue(chunk);
      else if (response.ok) controller.error(new AnswerTooLarge());
      else controller.terminate();
    },
  });
  const { status, statusText, headers, body } = response;
  return new Response(body?.pipeThrough(limit) ?? null, { status, statusText, headers });
}

interface Call {
  name: ModelName;
  access: ModelAccess;
  request: ModelRequest;
  signal: AbortSignal;
}

async function* streamParts(
  model: LanguageModelV4,
  call: Call,
): AsyncGenerator<ModelPart, void> {
  const { request, signal } = call;
  let isAnswered = false;
  try {
    const { stream } = await model.doStream({
      prompt: [{ role: "system", content: request.system }, ...request.messages.map(messageOfTurn)],
      maxOutputTokens: request.maxOutputTokens,
      abortSignal: signal,
      ...(request.tools.length === 0 ? {} : {
        tools: request.tools.map(({ name, description, inputSchema }) => ({
          type: "function" as const,
          name,
          description,
          inputSchema,
        })),
      }),
    });
    isAnswered = true;
    for await (const part of stream) {
      const read = readPart(part, call);
      if (read !== undefined) yield read;
      if (read?.kind === "finished") return;
    }
    throw interrupted(call, "its end is missing");
  } catch (error) {
    if (error instanceof ModelError) throw error;
    if (signal.aborted) throw signal.reason;
    throw errorOf(error, { ...call, isAnswered });
  }
}

/** Returns kodama's form of a part of the SDK's stream; undefined for parts that it doesn't use, such as reasoning. */
function readPart(part: LanguageModelV4StreamPart, call: Call): ModelPart | undefined {
  switch (part.type) {
    case "text-delta":
      return part.delta === "" ? undefined : { kind: "text", text: part.delta };
    case "tool-call": {
      const { toolCallId: id, toolName: name, input, providerMetadata: opaque } = part;
      return {
        kind: "toolCall",
        call: { id, name, input, ...definedOnly({ opaque }) },
      };
    }
    case "error":
      throw errorOf(part.error, { ...call, isAnswered: true });
    case "finish": {
      const { finishReason: { unified }, usage } = part;
      if (unified === "error") throw interrupted(call, "the provider reports an error");
      if (unified === "interrupted") throw interrupted(call, "its end is missing");
      const reason = ({
        "stop": "stop",
        "length": "length",
        "content-filter": "refused",
        "tool-calls": "toolCalls",
        "other": "other",
      } as const)[unified];
      const { inputTokens, outputTokens } = usage;
      return {
        kind: "finished",
        reason,
        usage: { input: inputTokens.total, output: outputTokens.total },
      };
    }
    default:
      return undefined;
  }
}

function interrupted({ name }: Call, detail: string): ModelError {
  return failed("interrupted", name, detail);
}

function failed(
  failure: ModelFailure,
  name: ModelName,
  detail: string,
  cause?: unknown,
): ModelError {
  const model = modelText(name);
  const message = modelMessage(failure, { provider: name.provider, model, detail });
  return new ModelError(failure, message, {
    model,
    ...(detail === "" ? {} : { detail }),
    ...definedOnly({ cause }),
  });
}

/** Returns the error that something thrown by the SDK, or reported within its stream, stands for. */
function errorOf(
  error: unknown,
  { name, access, isAnswered }: Call & { isAnswered: boolean },
): ModelError {
  for (let one: unknown = error; isRecord(one); one = one.cause) {
    if (one instanceof AnswerTooLarge) return failed("badAnswer", name, one.message, error);
    if (one instanceof Redirected) return failed("unreachable", name, one.message, error);
  }
  // The classes aren't imported: the hot path of a command would load them for an error that rarely happens.
  const { statusCode: status, responseBody, responseHeaders, data, cause } = isRecord(error)
    ? error
    : {} as Record<string, unknown>;
  // A server may repeat the key that it was sent.
  const withoutKey = (text: string) =>
    access.key === undefined ? text : text.replaceAll(access.key, "[redacted]");
  if (typeof status === "number" || (isAnswered && !(error instanceof Error))) {
    const body = withoutKey(
      typeof responseBody === "string" ? responseBody : jsonText(data ?? error),
    );
    const headers = isRecord(responseHeaders) ? responseHeaders as Record<string, string> : {};
    const response = { ...name, model: name.name, headers, body };
    return errorOfResponse(
      { ...response, status: typeof status === "number" ? status : 200 },
      access.nowMs(),
    );
  }
  const text = plainText(withoutKey(messageText(cause) || messageText(error)), 600);
  if (isAnswered) {
    // A body that ends early, or differs from the provider's documentation.
    const isBroken = /error (?:reading|decoding)|reset|closed|EOF|stream ended|connection/i.test(
      text,
    );
    return failed(isBroken ? "interrupted" : "badAnswer", name, text, error);
  }
  const isReset = /reset|closed before|EOF|broken pipe/i.test(text);
  return failed(isReset ? "interrupted" : "unreachable", name, connectionText(text), error);
}

/** Returns an empty text for a value that is nested too deeply to be written. */
function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return "";
    throw error;
  }
}

function messageText(value: unknown): string {
  return value instanceof Error ? value.message : "";
}

/** The reason at the end of the runtime's text, without the URL: `Connection refused (os error 111)`. */
function connectionText(text: string): string {
  const [, address] = /for url \((\S+?)\)/.exec(text) ?? [];
  const host = address === undefined ? "" : `${new URL(address).host}: `;
  const reason = text.split(/: (?=[A-Z])/).at(-1) ?? text;
  return `${host}${reason}`;
}

function messageOfTurn(message: ChatMessage): LanguageModelV4Message {
  switch (message.role) {
    case "user":
      return { role: "user", content: [{ type: "text", text: message.text }] };
    case "assistant":
      return {
        role: "assistant",
        content: [
          ...(message.text === "" ? [] : [{ type: "text" as const, text: message.text }]),
          ...message.calls.map(({ id, name, input, opaque }) => ({
            type: "tool-call" as const,
            toolCallId: id,
            toolName: name,
            input: jsonOrText(input),
            ...(opaque === undefined ? {} : { providerOptions: opaque as SharedV4ProviderOptions }),
          })),
        ],
      };
    case "tool":
      return {
        role: "tool",
        content: message.results.map(({ id, name, text, isError }) => ({
          type: "tool-result" as const,
          toolCallId: id,
          toolName: name,
          output: { type: isError ? "error-text" as const : "text" as const, value: text },
        })),
      };
  }
}

/** Providers require an object; other input was refused, and is returned as the field of an object. */
function jsonOrText(text: string): JSONValue {
  try {
    const value = JSON.parse(text) as JSONValue;
    return isRecord(value) ? value : { input: text };
  } catch {
    return { input: text };
  }
}
