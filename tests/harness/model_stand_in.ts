/**
 * A model for tests: the streaming Messages API, whose answers a test writes.
 * https://platform.claude.com/docs/en/build-with-claude/streaming
 */

/** A part of an answer. */
export type Block =
  | { type: "text"; text: string }
  | { type: "tool_use"; name: string; input: Record<string, unknown> };

/** The state of a conversation at a request to the model. */
export interface ModelTurn {
  /** The marker of the last prompt that has one, without its brackets: `[write] do it` gives `write`. */
  marker: string;
  /** Tools that were used since that prompt. */
  toolsUsed: number;
  /** What these tools answered, in order. */
  toolResults: readonly string[];
  /** Markers of all prompts of the conversation, in order. */
  markers: readonly string[];
}

/** The model's answer. It may take its time. */
export type Answer = (turn: ModelTurn) => readonly Block[] | Promise<readonly Block[]>;

/** The token counts in each answer. */
export const usagePerAnswer = { input: 100, output: 50, cacheRead: 20, cacheWrite: 0 } as const;

interface Message {
  role: string;
  content: string | { type: string; text?: string; content?: unknown }[];
}

/** A server of its own; stopped when it is disposed of. */
export class ModelStandIn implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #end = new AbortController();
  /** Every turn that was requested. */
  readonly turns: ModelTurn[] = [];
  /** Every API key that was sent. */
  readonly keys = new Set<string>();

  /**
   * @param hostname of this machine, at which agents reach it.
   * @param port at which it listens; any free one by default.
   */
  constructor(
    private readonly answer: Answer,
    private readonly hostname = "127.0.0.1",
    port = 0,
  ) {
    const options = { hostname, port, onListen: () => {}, signal: this.#end.signal };
    this.#server = Deno.serve(options, (request) => this.#serve(request));
  }

  get port(): number {
    return this.#server.addr.port;
  }

  /** The environment by which agents reach it. */
  get environment(): Record<string, string> {
    return {
      ANTHROPIC_BASE_URL: `http://${this.hostname}:${this.port}`,
      ANTHROPIC_API_KEY: "test",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    };
  }

  async #serve(request: Request): Promise<Response> {
    if (request.method !== "POST" || new URL(request.url).pathname !== "/v1/messages") {
      return Response.json({ type: "error", error: { type: "not_found_error", message: "no" } }, {
        status: 404,
      });
    }
    this.keys.add(request.headers.get("x-api-key") ?? "");
    const { messages, model } = await request.json() as { messages: Message[]; model: string };
    const turn = turnOf(messages);
    this.turns.push(turn);
    const blocks = await this.answer(turn);
    return new Response(events(blocks, { model, id: `msg_${crypto.randomUUID()}` }), {
      headers: { "content-type": "text/event-stream" },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A client that waits for an answer gets none.
    this.#end.abort();
    await this.#server.finished;
  }
}

function turnOf(messages: readonly Message[]): ModelTurn {
  const markers: string[] = [];
  let toolResults: string[] = [];
  for (const { role, content } of messages) {
    if (role !== "user") continue;
    const blocks = typeof content === "string" ? [{ type: "text", text: content }] : content;
    for (
      const { type, text = "", content } of blocks as {
        type: string;
        text?: string;
        content?: unknown;
      }[]
    ) {
      const [, marker] = type === "text" ? /^\[([a-z]+)\]/m.exec(text) ?? [] : [];
      if (marker !== undefined) {
        markers.push(marker);
        toolResults = [];
      } else if (type === "tool_result") toolResults.push(JSON.stringify(content));
    }
  }
  return { marker: markers.at(-1) ?? "", toolsUsed: toolResults.length, toolResults, markers };
}

/** Returns an answer as server-sent events. */
function events(blocks: readonly Block[], { model, id }: { model: string; id: string }): string {
  const reported: Record<string, unknown>[] = [];
  const { input, output, cacheRead, cacheWrite } = usagePerAnswer;
  const usage = {
    input_tokens: input,
    output_tokens: 1,
    cache_read_input_tokens: cacheRead,
    cache_creation_input_tokens: cacheWrite,
  };
  const message = { id, type: "message", role: "assistant", model, content: [], usage };
  reported.push({
    type: "message_start",
    message: { ...message, stop_reason: null, stop_sequence: null },
  });
  for (const [index, block] of blocks.entries()) {
    const [empty, delta] = block.type === "text"
      ? [{ type: "text", text: "" }, { type: "text_delta", text: block.text }]
      : [
        { type: "tool_use", id: `toolu_${crypto.randomUUID()}`, name: block.name, input: {} },
        { type: "input_json_delta", partial_json: JSON.stringify(block.input) },
      ];
    reported.push({ type: "content_block_start", index, content_block: empty });
    reported.push({ type: "content_block_delta", index, delta });
    reported.push({ type: "content_block_stop", index });
  }
  const uses = blocks.some(({ type }) => type === "tool_use");
  const end = { stop_reason: uses ? "tool_use" : "end_turn", stop_sequence: null };
  reported.push({ type: "message_delta", delta: end, usage: { output_tokens: output } });
  reported.push({ type: "message_stop" });
  return reported.map((event) => `event: ${event["type"]}\ndata: ${JSON.stringify(event)}\n\n`)
    .join(
      "",
    );
}
