/**
 * Servers of language models without manners, for tests: each answers every request in a way that no provider documents.
 * They write bytes to connections of their own, because a server of HTTP would send none of these answers. As a program
 * this file asks each of them a question, and prints how that ended.
 */
import type { Host } from "../../src/actions/host.ts";
import type { ProviderId } from "../../src/model/names.ts";

/** What a server does with one request. */
export interface RudeModel {
  name: string;
  provider: ProviderId;
  /** It sends next to nothing. */
  isSlow: boolean;
  /** Yields what is written, until the client is gone; nothing is written for `null`, and the connection stays open. */
  answer(request: RudeRequest):
    | AsyncGenerator<string | Uint8Array | null, void>
    | Generator<
      string | Uint8Array | null,
      void
    >;
}

/** One request. */
interface RudeRequest {
  /** The key that was sent. */
  key: string;
  /** The address of another server, which records what is sent to it. */
  elsewhere: string;
}

const encoder = new TextEncoder();
const mebibyte = "x".repeat(1 << 20);

const head = (type = "text/event-stream", ...more: readonly string[]) =>
  ["HTTP/1.1 200 OK", `content-type: ${type}`, "connection: close", ...more, "", ""].join("\r\n");

const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const delta = (value: unknown, finish: unknown = null, more = {}) =>
  event({
    id: "c",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices: [{ index: 0, delta: value, finish_reason: finish }],
    ...more,
  });
const text = (content: unknown) => delta({ role: "assistant", content });
const call = (index: unknown, name: unknown, args: unknown, id: unknown = `call-${index}`) =>
  delta({ tool_calls: [{ index, id, type: "function", function: { name, arguments: args } }] });
const more = (index: number, args: string) =>
  delta({ tool_calls: [{ index, function: { arguments: args } }] });
const done = "data: [DONE]\n\n";

const status = (line: string, body: string, ...headers: readonly string[]) =>
  [
    `HTTP/1.1 ${line}`,
    "content-type: application/json",
    "connection: close",
    ...headers,
    "",
    body,
  ].join("\r\n");

const delayed = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function compressed(format: "gzip" | "deflate", mebibytes: number): Promise<Uint8Array> {
  const zeros = new Uint8Array(1 << 20);
  const all = ReadableStream.from((function* () {
    for (let at = 0; at < mebibytes; at++) yield zeros;
  })());
  return new Uint8Array(
    await new Response(all.pipeThrough(new CompressionStream(format))).arrayBuffer(),
  );
}

function rude(
  name: string,
  answer: RudeModel["answer"],
  provider: ProviderId = "compatible",
): RudeModel {
  return { name, provider, answer, isSlow: false };
}

/** A part of an answer, and then nothing more, while the connection stays open. */
function unfinished(name: string, start: string): RudeModel {
  return {
    ...rude(name, function* () {
      yield start;
      yield null;
    }),
    isSlow: true,
  };
}

/** An answer that is written at once. */
function plain(name: string, bytes: string | Uint8Array, provider?: ProviderId): RudeModel {
  return rude(name, function* () {
    yield bytes;
  }, provider);
}

/** An answer that goes on for ever. */
function endless(
  name: string,
  start: string,
  piece: string,
  { everyMs = 0, provider }: { everyMs?: number; provider?: ProviderId } = {},
): RudeModel {
  const answer = async function* () {
    yield start;
    for (;;) {
      if (everyMs > 0) await delayed(everyMs);
      yield piece;
    }
  };
  return { ...rude(name, answer, provider), isSlow: everyMs > 0 };
}

/** A redirect, which a client may not follow with a key and a conversation. */
function redirect(code: number, provider: ProviderId, to = ""): RudeModel {
  return rude(`a redirect ${code} of ${provider}${to}`, function* ({ elsewhere }) {
    yield status(`${code} Elsewhere`, "", `location: ${to || elsewhere}`);
  }, provider);
}

const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

/** All of them. */
export const rudeModels: readonly RudeModel[] = [
  // Connections and heads.
  unfinished("silence", ""),
  plain("a connection that is closed at once", ""),
  unfinished("half a status line", "HTTP/1.1 2"),
  endless("a head that drips", "HTTP/1.1 200 OK\r\n", "x", { everyMs: 50 }),
  endless("endless headers", "HTTP/1.1 200 OK\r\n", `x-a: ${"b".repeat(4000)}\r\n`),
  plain("a header of megabytes", head("text/event-stream", `x-a: ${mebibyte.repeat(4)}`) + done),
  plain("no HTTP", "220 mail.example ESMTP\r\n"),
  plain("a status that doesn't exist", status("999 What", "{}")),
  plain("a status of letters", "HTTP/1.1 abc OK\r\n\r\n"),
  plain("no content", "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"),
  plain(
    "another protocol",
    "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
  ),
  endless("endless interim answers", "", "HTTP/1.1 100 Continue\r\n\r\n"),
  redirect(301, "openai"),
  redirect(302, "mistral"),
  redirect(307, "anthropic"),
  redirect(307, "gemini"),
  redirect(308, "compatible"),
  redirect(308, "compatible", "file:///etc/passwd"),
  redirect(303, "compatible", "/v1/chat/completions"),

  // Failures.
  rude("a key in a refusal", function* ({ key }) {
    const message = `${key} is wrong: Bearer ${key}`;
    yield status("401 No", JSON.stringify({ error: { message, type: key, code: key } }));
  }, "mistral"),
  rude("a key in a failure that isn't JSON", function* ({ key }) {
    yield status("500 No", `<html>${key}</html>`);
  }, "mistral"),
  rude("a key in an answer that can't be read", function* ({ key }) {
    yield head() + `data: ${key} is no JSON\n\n`;
  }, "mistral"),
  rude("a key in an answer of another form", function* ({ key }) {
    yield head() + event({ [key]: { choices: key } }) + done;
  }, "mistral"),
  rude("a key in an error of a stream", function* ({ key }) {
    yield head() + text("a") + event({ error: { message: `no ${key}`, type: key } });
  }, "mistral"),
  endless("a failure that doesn't end", status("500 No", ""), mebibyte),
  endless("a failure that drips", status("503 No", ""), " ", { everyMs: 50 }),
  plain(
    "a failure of megabytes",
    status("400 No", `{"error":{"message":"${mebibyte.repeat(12)}"}}`),
  ),
  plain("a failure that is nested", status("400 No", `{"error":{"message":${deep(120_000)}}}`)),
  plain("a retry in a thousand years", status("429 No", "{}", "retry-after: 31536000000")),
  plain("a retry in the past", status("429 No", "{}", "retry-after: -5")),
  plain("a retry at no time", status("529 No", "{}", "retry-after: Infinity")),

  // Forms.
  plain("a page", head("text/html") + "<html>sign in</html>"),
  plain("no type", "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + text("a") + done),
  plain("JSON instead of events", head("application/json") + JSON.stringify({ choices: [] })),
  plain("nothing", head()),
  plain("the end first", head() + done + text("late")),
  plain("an event that is cut off", head() + 'data: {"choices":[{"delta":{"content":"a'),
  plain("texts of wrong types", head() + [5, null, [], {}, true].map(text).join("") + done),
  plain("choices of wrong types", head() + event({ choices: "x" }) + event([]) + event(7) + done),
  plain("calls of wrong types", head() + call("a", 5, {}) + call(-1, null, null, 7) + done),
  plain(
    "a call without a name",
    head() + call(0, undefined, "{}") + delta({}, "tool_calls") + done,
  ),
  plain(
    "a call of the highest index",
    head() + call(4_294_967_294, "pods", "{}") + delta({}, "tool_calls") + done,
  ),
  plain("a prototype", head() + 'data: {"__proto__":{"a":1},"choices":[]}\n\n' + done),
  plain(
    "counts that are none",
    head() + text("a") +
      delta({}, "stop", { usage: { prompt_tokens: -1e308, completion_tokens: "many" } }) + done,
  ),
  plain("reasons that don't exist", head() + text("a") + delta({}, "because") + done),
  plain("events of a nesting", head() + `data: ${deep(100_000)}\n\n` + done),
  plain("broken UTF-8", new Uint8Array([...encoder.encode(head() + "data: "), 0xff, 0xc0, 0, 10])),
  plain("broken chunks", head("text/event-stream", "transfer-encoding: chunked") + "zz\r\nx\r\n"),
  plain(
    "a chunk without an end",
    head("text/event-stream", "transfer-encoding: chunked") + "7fffffff\r\n" + text("a"),
  ),
  plain("a length that is too large", head("text/event-stream", "content-length: 99999999999")),
  plain("two lengths", head("text/event-stream", "content-length: 1", "content-length: 7") + done),

  // Amounts.
  endless("a line that doesn't end", `${head()}data: `, mebibyte),
  endless("an event that doesn't end", head(), `data: ${"x".repeat(1000)}\n`),
  endless("a text that doesn't end", head(), text("x".repeat(1000))),
  endless("letters that don't end", head(), text("x").repeat(50)),
  endless("comments that don't end", head(), ": x\n\n".repeat(1000)),
  endless("comments that drip", head(), ": x\n\n", { everyMs: 50 }),
  endless("a text that drips", head(), text("x"), { everyMs: 50 }),
  endless("thoughts that don't end", head(), delta({ reasoning_content: "x".repeat(1000) })),
  endless("calls that don't end", head(), call(0, "pods", "{}") + delta({}, "tool_calls")),
  rude("thousands of calls", function* () {
    yield head();
    for (let at = 0; at < 5000; at++) yield call(at, "pods", "{}");
    yield delta({}, "tool_calls") + done;
  }),
  rude("an input of megabytes", function* () {
    yield head() + call(0, "pods", '{"a":"');
    for (let at = 0; at < 12; at++) yield more(0, mebibyte);
    yield more(0, '"}') + delta({}, "tool_calls") + done;
  }),
  rude("large inputs and texts in each round", function* () {
    yield head() + text(mebibyte.slice(1000));
    for (let at = 0; at < 11; at++) {
      yield call(at, "pods", JSON.stringify({ a: "x".repeat(250_000) }));
    }
    yield delta({}, "tool_calls") + done;
  }),
  rude("an input in small pieces", function* () {
    yield head() + call(0, "pods", '{"a":"');
    for (let at = 0; at < 1000; at++) yield more(0, "x").repeat(100);
    yield more(0, '"}') + delta({}, "tool_calls") + done;
  }),
  plain(
    "an input of a nesting",
    head() + call(0, "pods", `{"a":${deep(50_000)}}`) + delta({}, "tool_calls") + done,
  ),
  plain("a text in one event", head() + text(mebibyte.repeat(14)) + delta({}, "stop") + done),
  rude("a bomb", async function* () {
    yield head("text/event-stream", "content-encoding: gzip");
    yield await compressed("gzip", 512);
  }),
  rude("a bomb in a failure", async function* () {
    yield status("500 No", "", "content-encoding: deflate");
    yield await compressed("deflate", 512);
  }),
  plain("a compression that is broken", head("text/event-stream", "content-encoding: gzip") + "x"),
  plain("an unknown compression", head("text/event-stream", "content-encoding: magic") + done),
  unfinished("no end after the end", head() + text("a") + delta({}, "stop") + done),
  unfinished("half an event", `${head()}data: {"choices":[`),

  // Other providers.
  endless(
    "an input that doesn't end, of Anthropic",
    head() +
      event({
        type: "message_start",
        message: { id: "m", model: "m", usage: { input_tokens: 1 } },
      }) +
      event({
        type: "content_block_start",
        index: 0,
        content_block: { type: "tool_use", id: "t", name: "pods", input: {} },
      }),
    event({
      type: "content_block_delta",
      index: 0,
      delta: { type: "input_json_delta", partial_json: "x".repeat(1000) },
    }),
    { provider: "anthropic" },
  ),
  endless("pings of Anthropic", head(), event({ type: "ping" }), {
    everyMs: 50,
    provider: "anthropic",
  }),
  plain(
    "blocks of Anthropic that have no start",
    head() + event({
      type: "content_block_delta",
      index: 1e9,
      delta: { type: "text_delta", text: "a" },
    }) + event({ type: "message_stop" }),
    "anthropic",
  ),
  endless(
    "parts of Gemini that don't end",
    head(),
    event({ candidates: [{ content: { role: "model", parts: [{ text: "x".repeat(1000) }] } }] }),
    { provider: "gemini" },
  ),
  rude("calls of Gemini", function* () {
    const functionCall = { name: "pods", args: {} };
    const parts = Array.from({ length: 20_000 }, () => ({ functionCall }));
    yield head() + event({ candidates: [{ content: { role: "model", parts } }] });
  }, "gemini"),
];

/** The servers, each at an address of its own. */
export class RudeServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections = new Set<Deno.Conn>();
  readonly #elsewhere: Deno.HttpServer<Deno.NetAddr>;
  readonly #serving: Promise<void>;
  readonly #answering = new Set<Promise<void>>();
  /** Requests that came to the other server. */
  readonly leaked: string[] = [];

  constructor() {
    this.#elsewhere = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      this.leaked.push(request.url);
      return new Response("{}");
    });
    this.#serving = this.#serve();
  }

  /** The base URL, to which the position of a model is added. */
  get url(): string {
    return `http://127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}/`;
  }

  async #serve(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#connections.add(connection);
      const answering = this.#answer(connection).catch(() => {}).finally(() => {
        this.#connections.delete(connection);
        this.#answering.delete(answering);
        try {
          connection.close();
        } catch {
          // The server has ended.
        }
      });
      this.#answering.add(answering);
    }
  }

  async #answer(connection: Deno.Conn): Promise<void> {
    const request = await readRequest(connection);
    const at = Number(/^POST \/(\d+)\//.exec(request)?.[1]);
    const key = /^(?:x-api-key|x-goog-api-key|authorization): (?:Bearer )?(.*)\r$/im.exec(request)
      ?.[1] ?? "";
    const elsewhere = `http://localhost:${this.#elsewhere.addr.port}/`;
    for await (const piece of rudeModels[at]?.answer({ key, elsewhere }) ?? []) {
      if (piece === null) await connection.read(new Uint8Array(1));
      else await writeAll(connection, typeof piece === "string" ? encoder.encode(piece) : piece);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const one of this.#connections) one.close();
    await this.#serving;
    await Promise.all(this.#answering);
    await this.#elsewhere.shutdown();
  }
}

/** Reads a request with its body. */
async function readRequest(connection: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder("latin1");
  const block = new Uint8Array(64 * 1024);
  let read = "";
  for (;;) {
    const end = read.indexOf("\r\n\r\n");
    const length = Number(/^content-length: (\d+)/im.exec(read)?.[1] ?? 0);
    if (end >= 0 && read.length >= end + 4 + length) return read;
    const count = await connection.read(block);
    if (count === null) return read;
    read += decoder.decode(block.subarray(0, count));
  }
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** How a question ended. */
export interface RudeEnd {
  name: string;
  /** All that was shown. */
  text: string;
  /** The kind of the error; undefined if there was an answer. */
  error?: string;
  ms: number;
  /** The largest memory of the process so far, in MiB. */
  mebibytes: number;
}

/** The key that is sent. */
export const rudeKey = "standinstandinstandinstandin1234";
/** Returns the time for a part of an answer, on a busy machine. */
export function partTimeoutMs({ isSlow }: RudeModel): number {
  return isSlow ? 200 : 3000;
}

/** Deno lets only a program with all permissions read it. */
async function statusOfProcess(): Promise<string> {
  const args = ["-c", 'cat "/proc/$1/status"', "sh", String(Deno.pid)];
  const { stdout } = await new Deno.Command("sh", { args }).output();
  return new TextDecoder().decode(stdout);
}

/**
 * Asks some of the models.
 *
 * @param url the servers' base URL, without the position of a model.
 */
async function ask(url: string, positions: readonly number[]): Promise<void> {
  const { askModel } = await import("../../src/actions/ask/ask.ts");
  const { simulatedHost } = await import("../../src/actions/testing/simulated_host.ts");
  const { systemClock } = await import("../../src/base/clock.ts");
  const { KodamaError } = await import("../../src/base/errors.ts");
  const { openModel } = await import("../../src/model/sdk.ts");
  const { providerIds } = await import("../../src/model/names.ts");
  const tool = {
    name: "pods",
    description: "lists pods",
    inputSchema: { type: "object" },
    mayChange: false,
    call: () => Promise.resolve({ text: "none", isError: false }),
  };
  for (const at of positions) {
    const model = rudeModels[at];
    if (model === undefined) throw new Error(`there is no model ${at}`);
    const { name, provider } = model;
    const each = (value: string) => Object.fromEntries(providerIds.map((id) => [id, value]));
    const settings = {
      model: { timeout: `${partTimeoutMs(model)}ms`, maxRetries: 0 },
      model_urls: each(`${url}${at}`),
      model_keys: each(rudeKey),
    };
    const files = { "/config/config.yaml": JSON.stringify(settings) };
    const { host } = simulatedHost({ c: {} }, { files, openModel });
    const options = {
      question: "which pods run?",
      model: `${provider}/m`,
      freezeMemory: true,
      tools: [tool],
      withoutSecrets: (text: string) => text,
      signal: new AbortController().signal,
    };
    const start = performance.now();
    let text = "";
    let error: { error?: string } = {};
    try {
      for await (const event of askModel({ ...host, clock: systemClock } as Host, options)) {
        if ("error" in event) text += event.error.message;
      }
    } catch (thrown) {
      if (!(thrown instanceof KodamaError)) throw thrown;
      error = { error: thrown.kind };
      text += thrown.message;
    }
    const memory = await statusOfProcess();
    const end: RudeEnd = {
      ...{ name, text: text.slice(0, 10_000), ...error, ms: performance.now() - start },
      mebibytes: Number(/^VmHWM:\s+(\d+)/m.exec(memory)?.[1]) >> 10,
    };
    Deno.stdout.writeSync(encoder.encode(`${JSON.stringify(end)}\n`));
  }
}

if (import.meta.main) {
  const [url = "", ...positions] = Deno.args;
  await ask(url, positions.map(Number));
  // Streams that were given up needn't end by themselves.
  Deno.exit(0);
}
