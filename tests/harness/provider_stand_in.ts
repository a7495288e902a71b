/**
 * Language models for tests: one server that speaks the public wire formats of the providers, whose answers a test
 * writes. A model is reached at {@link ProviderStandIn.url} with the provider's own paths:
 *
 * - Anthropic: https://platform.claude.com/docs/en/build-with-claude/streaming
 * - OpenAI, Mistral, Ollama and others: https://platform.openai.com/docs/api-reference/chat-streaming
 * - Gemini: https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
 */

type WireFormat = "anthropic" | "openai" | "gemini";

/** One request to a model. */
export interface StandInTurn {
  wire: WireFormat;
  model: string;
  /** The whole body of the request: all that the model gets. */
  body: string;
  /** The key that was sent; empty if none was. */
  key: string;
  /** The requests before this one, of the whole server. */
  before: number;
  /** The texts of the results of tools, in the order of the conversation. */
  toolResults: readonly string[];
  /** The names of the tools that are offered. */
  tools: readonly string[];
}

/** A model's answer, or what happens instead of one. */
export type StandInReply =
  | {
    text?: string;
    calls?: readonly { name: string; input: Record<string, unknown> }[];
    reason?: "length" | "refused";
  }
  | { status: number; body: unknown; headers?: Record<string, string> }
  /** The answer's text begins, and then the stream has an error, or just ends. */
  | { text: string; then: "end" | { error: unknown } }
  /** No answer comes until the server ends. */
  | "silence";

/** The token counts in each answer. */
export const standInUsage = { input: 100, output: 20 } as const;

/** A server of its own; stopped when it is disposed of. */
export class ProviderStandIn implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #end = new AbortController();
  readonly #reply: (turn: StandInTurn) => StandInReply | Promise<StandInReply>;
  /** Every request, in order. */
  readonly turns: StandInTurn[] = [];

  constructor(reply: (turn: StandInTurn) => StandInReply | Promise<StandInReply>) {
    this.#reply = reply;
    const options = {
      hostname: "127.0.0.1",
      port: 0,
      onListen: () => {},
      signal: this.#end.signal,
    };
    this.#server = Deno.serve(options, (request) => this.#serve(request));
  }

  /** The base URL, without a path. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** The variables by which kodama reaches it as every provider, with a key for each. */
  get environment(): Record<string, string> {
    return {
      KODAMA_ANTHROPIC_URL: this.url,
      KODAMA_OPENAI_URL: this.url,
      KODAMA_MISTRAL_URL: this.url,
      KODAMA_GEMINI_URL: this.url,
      KODAMA_OLLAMA_URL: this.url,
      KODAMA_COMPATIBLE_URL: this.url,
      ANTHROPIC_API_KEY: "sk-ant-api03-standinstandinstandin",
      OPENAI_API_KEY: "sk-standinstandinstandinstandin",
      MISTRAL_API_KEY: "standinstandinstandinstandin1234",
      GEMINI_API_KEY: `AIza${"S".repeat(35)}`,
    };
  }

  async #serve(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const body = await request.text();
    const document = JSON.parse(body);
    const gemini = /\/models\/(.+):streamGenerateContent$/.exec(pathname)?.[1];
    const wire: WireFormat | undefined = pathname.endsWith("/messages")
      ? "anthropic"
      : pathname.endsWith("/chat/completions")
      ? "openai"
      : gemini === undefined
      ? undefined
      : "gemini";
    if (wire === undefined) return new Response("no such path", { status: 404 });
    const turn: StandInTurn = {
      wire,
      model: gemini ?? document.model,
      body,
      key: keyOf(request.headers),
      before: this.turns.length,
      ...readRequest(wire, document),
    };
    this.turns.push(turn);
    const reply = await this.#reply(turn);
    if (reply === "silence") {
      return await new Promise((resolve) => {
        const ended = () => resolve(new Response("stopped", { status: 503 }));
        request.signal.addEventListener("abort", ended, { once: true });
        this.#end.signal.addEventListener("abort", ended, { once: true });
      });
    }
    if ("status" in reply) {
      const { status, headers = {} } = reply;
      const text = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body);
      return new Response(text, {
        status,
        headers: { "content-type": "application/json", ...headers },
      });
    }
    const events = { anthropic: anthropicEvents, openai: openaiEvents, gemini: geminiEvents }[wire](
      reply,
      turn.model,
    );
    return new Response(events, { headers: { "content-type": "text/event-stream" } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#server.finished;
  }
}

function keyOf(headers: Headers): string {
  return headers.get("x-api-key") ?? headers.get("x-goog-api-key") ??
    (headers.get("authorization") ?? "").replace(/^Bearer /, "");
}

// deno-lint-ignore no-explicit-any -- documents of three formats, of which only a few fields are read
type Document = any;

function readRequest(
  wire: WireFormat,
  document: Document,
): Pick<StandInTurn, "toolResults" | "tools"> {
  const text = (value: unknown) => typeof value === "string" ? value : JSON.stringify(value);
  switch (wire) {
    case "anthropic":
      return {
        tools: (document.tools ?? []).map((tool: Document) => tool.name),
        toolResults: document.messages.flatMap((message: Document) =>
          [message.content].flat().filter((part: Document) => part.type === "tool_result")
            .map((part: Document) => text(part.content))
        ),
      };
    case "openai":
      return {
        tools: (document.tools ?? []).map((tool: Document) => tool.function.name),
        toolResults: document.messages.filter((message: Document) => message.role === "tool")
          .map((message: Document) => text(message.content)),
      };
    case "gemini":
      return {
        tools: (document.tools ?? []).flatMap((tool: Document) =>
          (tool.functionDeclarations ?? []).map((one: Document) => one.name)
        ),
        toolResults: document.contents.flatMap((content: Document) =>
          content.parts.filter((part: Document) => part.functionResponse !== undefined)
            .map((part: Document) => text(part.functionResponse.response))
        ),
      };
  }
}

type Streamed = Extract<StandInReply, { text?: string } | { then: unknown }>;

function partsOf(reply: Streamed) {
  const then = "then" in reply ? reply.then : undefined;
  return {
    text: reply.text ?? "",
    calls: "calls" in reply ? reply.calls ?? [] : [],
    reason: "reason" in reply ? reply.reason : undefined,
    then,
  };
}

const dataLine = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;

function anthropicEvents(reply: Streamed, model: string): string {
  const { text, calls, reason, then } = partsOf(reply);
  const events: Record<string, unknown>[] = [{
    type: "message_start",
    message: {
      id: `msg_${crypto.randomUUID()}`,
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: standInUsage.input, output_tokens: 1 },
    },
  }];
  const blocks = [
    ...(text === "" ? [] : [[{ type: "text", text: "" }, { type: "text_delta", text }]]),
    ...calls.map(({ name, input }) => [
      { type: "tool_use", id: `toolu_${crypto.randomUUID()}`, name, input: {} },
      { type: "input_json_delta", partial_json: JSON.stringify(input) },
    ]),
  ];
  for (const [index, [block, delta]] of blocks.entries()) {
    events.push({ type: "content_block_start", index, content_block: block });
    events.push({ type: "content_block_delta", index, delta });
    if (then === undefined) events.push({ type: "content_block_stop", index });
  }
  if (then !== undefined) {
    if (then !== "end") events.push({ type: "error", error: then.error });
  } else {
    const stop = calls.length > 0
      ? "tool_use"
      : { length: "max_tokens", refused: "refusal", none: "end_turn" }[reason ?? "none"];
    events.push({
      type: "message_delta",
      delta: { stop_reason: stop, stop_sequence: null },
      usage: { output_tokens: standInUsage.output },
    });
    events.push({ type: "message_stop" });
  }
  return events.map((event) => `event: ${event["type"]}\n${dataLine(event)}`).join("");
}

function openaiEvents(reply: Streamed, model: string): string {
  const { text, calls, reason, then } = partsOf(reply);
  const chunk = (delta: unknown, finish: string | null, more = {}) =>
    dataLine({
      id: "chatcmpl-1",
      object: "chat.completion.chunk",
      created: 1,
      model,
      choices: [{ index: 0, delta, finish_reason: finish }],
      ...more,
    });
  const pieces = [chunk({ role: "assistant", content: "" }, null)];
  if (text !== "") pieces.push(chunk({ content: text }, null));
  if (calls.length > 0) {
    const toolCalls = calls.map(({ name, input }, index) => ({
      index,
      id: `call${String(index).padStart(5, "0")}`,
      type: "function",
      function: { name, arguments: JSON.stringify(input) },
    }));
    pieces.push(chunk({ tool_calls: toolCalls }, null));
  }
  if (then !== undefined) {
    return pieces.join("") + (then === "end" ? "" : dataLine({ error: then.error }));
  }
  const finish = calls.length > 0
    ? "tool_calls"
    : { length: "length", refused: "content_filter", none: "stop" }[reason ?? "none"];
  const usage = {
    prompt_tokens: standInUsage.input,
    completion_tokens: standInUsage.output,
    total_tokens: standInUsage.input + standInUsage.output,
  };
  return `${pieces.join("")}${chunk({}, finish, { usage })}data: [DONE]\n\n`;
}

function geminiEvents(reply: Streamed, model: string): string {
  const { text, calls, reason, then } = partsOf(reply);
  const parts = [
    ...(text === "" ? [] : [{ text }]),
    ...calls.map(({ name, input }) => ({ functionCall: { name, args: input } })),
  ];
  const first = dataLine({
    candidates: [{ content: { role: "model", parts }, index: 0 }],
    modelVersion: model,
  });
  if (then !== undefined) return first + (then === "end" ? "" : dataLine({ error: then.error }));
  const finishReason = { length: "MAX_TOKENS", refused: "SAFETY", none: "STOP" }[reason ?? "none"];
  return first + dataLine({
    candidates: [{ content: { role: "model", parts: [] }, finishReason, index: 0 }],
    usageMetadata: {
      promptTokenCount: standInUsage.input,
      candidatesTokenCount: standInUsage.output,
      totalTokenCount: standInUsage.input + standInUsage.output,
    },
    modelVersion: model,
  });
}
