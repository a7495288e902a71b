/** The embedded cluster's API over simulated connections: HTTP/1.1 and WebSockets, in few lines of their own. */
import { createHash } from "node:crypto";
import { joinBytes } from "../../src/base/byte_buffer.ts";
import { createApi } from "../../packages/cluster/api/api.ts";
import type { ApiContext } from "../../packages/cluster/api/context.ts";
import { asApiError, createGate, type RequestHead } from "../../packages/cluster/api/gate.ts";
import type { ApiResponse } from "../../packages/cluster/api/message.ts";
import type { MessageSocket } from "../../packages/cluster/api/streams/socket.ts";
import { prepareStream } from "../../packages/cluster/api/upgrade.ts";
import { NodeError } from "../../packages/cluster/model.ts";
import type { Link } from "../../src/kube/link/link.ts";
import type { Connection } from "./network.ts";

/** What is answered to one request in place of the API. */
export interface AnswerPlan {
  /** The number of the request. */
  request: number;
  /**
   * `twice`: the API's answer, and the same again, if both arrive at once. HTTP/1.1 can't tell an answer that is repeated
   * later from that to the next request.
   */
  answer: 401 | 409 | 410 | 429 | 500 | 503 | "twice";
}

/** A stream into a container, as the server has carried it. */
export interface StreamRecord {
  readonly url: string;
  readonly connection: Connection;
  /** The final Status, and the number of bytes to the client that ended with it. */
  status?: { text: string; atBytes: number };
}

/** A server that can be stopped and started again; its objects stay. */
export class SimulatedServer {
  readonly streams: StreamRecord[] = [];
  readonly #api: ReturnType<typeof createApi>;
  readonly #gate: ReturnType<typeof createGate>;
  readonly #sockets = new Set<ServerSocket>();
  #ending = new AbortController();
  #requests = 0;

  constructor(
    private readonly context: ApiContext,
    private readonly answers: readonly AnswerPlan[],
  ) {
    this.#api = createApi(context, { serverAddress: () => "api.test:6443" });
    this.#gate = createGate(context, undefined);
  }

  /** Answers the requests of a connection, one after the other. */
  serve(connection: Connection): void {
    this.#serve(connection).catch(() => {}).finally(() => connection.server[Symbol.dispose]());
  }

  /** The streams that are open end without a final Status. */
  loseStatuses(): void {
    for (const socket of this.#sockets) socket.losesStatus = true;
  }

  /** Ends every answer and closes every stream in order, and without a final Status, as a server does that is shut down. */
  async shutDown(): Promise<void> {
    this.#ending.abort();
    this.#ending = new AbortController();
    await Promise.all([...this.#sockets].map((socket) => socket.sendClose(1001).catch(() => {})));
  }

  async #serve(connection: Connection): Promise<void> {
    const counted = new CountedLink(connection.server);
    const reader = new ByteReader(counted);
    for (;;) {
      const head = await readRequest(reader);
      if (head === undefined) return;
      const plan = this.answers.find(({ request }) => request === this.#requests);
      this.#requests++;
      if (plan !== undefined && plan.answer !== "twice") {
        await counted.write(refusal(plan.answer));
      } else if (head.headers.upgrade === "websocket") {
        return await this.#stream(head, { connection, counted, reader });
      } else {
        const answer = await this.#answer(head);
        for await (const bytes of answerBytes(answer)) await counted.write(bytes);
        if (plan?.answer === "twice" && connection.isPrompt) {
          for await (const bytes of answerBytes(answer)) await counted.write(bytes);
        }
        if (answer.kind === "stream") return;
      }
    }
  }

  async #answer(head: Request): Promise<ApiResponse> {
    const record = this.#gate.record(head);
    try {
      const { route, ...entrance } = this.#gate.enter(head, record);
      const { method, body } = head;
      return await this.#api({ ...entrance, method, body, signal: this.#ending.signal }, route);
    } catch (error) {
      const { code, status } = asApiError(error);
      return { kind: "json", code, body: status };
    }
  }

  async #stream(
    head: Request,
    { connection, counted, reader }: {
      connection: Connection;
      counted: CountedLink;
      reader: ByteReader;
    },
  ): Promise<void> {
    let run;
    try {
      run = await prepareStream(
        this.context,
        head,
        this.#gate.enter(head, this.#gate.record(head)),
      );
    } catch (error) {
      const refused: ApiResponse = error instanceof NodeError
        ? { kind: "text", code: error.code, text: error.message }
        : { kind: "json", code: asApiError(error).code, body: asApiError(error).status };
      for await (const bytes of answerBytes(refused)) await counted.write(bytes);
      return;
    }
    const record: StreamRecord = { url: head.url, connection };
    this.streams.push(record);
    const onSent = (message: Uint8Array) => {
      if (message[0] !== statusChannel) return;
      const text = new TextDecoder().decode(message.subarray(1));
      record.status = { text, atBytes: counted.writtenBytes };
    };
    const socket = new ServerSocket(counted, reader, this.context.clock, run.protocol, onSent);
    this.#sockets.add(socket);
    try {
      await counted.write(switching(String(head.headers["sec-websocket-key"]), run.protocol));
      await run.over(socket);
      await socket.closed;
    } catch {
      await run.abandon();
    } finally {
      this.#sockets.delete(socket);
    }
  }
}

const statusChannel = 3;

interface Request extends RequestHead {
  method: string;
  url: string;
  body: Uint8Array;
}

/** Returns the next request; undefined at the end of the connection. */
async function readRequest(reader: ByteReader): Promise<Request | undefined> {
  const text = await reader.through("\r\n\r\n");
  if (text === undefined) return undefined;
  const [first = "", ...lines] = text.trimEnd().split("\r\n");
  const [method = "", url = ""] = first.split(" ");
  const headers = Object.fromEntries(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const body = await reader.exactly(Number(headers["content-length"] ?? 0));
  return body && { method, url, headers, body, socket: {} };
}

const encoder = new TextEncoder();

function answerHead(code: number, headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${code} Answer\r\n${lines.join("")}\r\n`;
}

async function* answerBytes(answer: ApiResponse): AsyncGenerator<Uint8Array> {
  if (answer.kind === "stream") {
    yield encoder.encode(answerHead(200, { "transfer-encoding": "chunked" }));
    for await (const chunk of answer.chunks) {
      const bytes = typeof chunk === "string" ? encoder.encode(chunk) : chunk;
      const size = encoder.encode(`${bytes.length.toString(16)}\r\n`);
      yield joinBytes([size, bytes, encoder.encode("\r\n")]);
    }
    yield encoder.encode("0\r\n\r\n");
    return;
  }
  const body = answer.kind === "json"
    ? encoder.encode(JSON.stringify(answer.body))
    : answer.kind === "text"
    ? encoder.encode(answer.text)
    : answer.bytes;
  const head = encoder.encode(answerHead(answer.code, { "content-length": body.length }));
  yield joinBytes([head, body]);
}

/** What a server that is overloaded, or that is restarting, says. */
function refusal(code: number): Uint8Array {
  const body = JSON.stringify({
    kind: "Status",
    apiVersion: "v1",
    status: "Failure",
    message: `simulated ${code}`,
    code,
  });
  const retry = code === 429 ? { "retry-after": 1 } : {};
  return encoder.encode(answerHead(code, { "content-length": body.length, ...retry }) + body);
}

function switching(key: string, protocol: string): Uint8Array {
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  return encoder.encode(answerHead(101, {
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-accept": accept,
    "sec-websocket-protocol": protocol,
  }));
}

/** Counts what is written. */
class CountedLink implements Link {
  writtenBytes = 0;

  constructor(private readonly link: Link) {}

  read(): Promise<Uint8Array | null> {
    return this.link.read();
  }

  write(bytes: Uint8Array): Promise<void> {
    this.writtenBytes += bytes.length;
    return this.link.write(bytes);
  }

  [Symbol.dispose](): void {
    this.link[Symbol.dispose]();
  }
}

/** Reads a link by length, or to a delimiter. */
class ByteReader {
  #bytes: Uint8Array = new Uint8Array();

  constructor(private readonly link: Link) {}

  /** Returns undefined if the connection ends before. */
  async exactly(count: number): Promise<Uint8Array | undefined> {
    while (this.#bytes.length < count) if (!await this.#more()) return undefined;
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  /** Returns ASCII with the delimiter; undefined if the connection ends before. */
  async through(delimiter: string): Promise<string | undefined> {
    for (;;) {
      const text = new TextDecoder("latin1").decode(this.#bytes);
      const end = text.indexOf(delimiter);
      if (end >= 0) {
        this.#bytes = this.#bytes.subarray(end + delimiter.length);
        return text.slice(0, end + delimiter.length);
      }
      if (!await this.#more()) return undefined;
    }
  }

  async #more(): Promise<boolean> {
    const bytes = await this.link.read();
    if (bytes === null) return false;
    this.#bytes = this.#bytes.length === 0 ? bytes : joinBytes([this.#bytes, bytes]);
    return true;
  }
}

const opcode = { binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** How long the `ws` package waits for a client's close frame. */
const closeTimeoutMs = 30_000;

/** The server's side of a WebSocket. https://www.rfc-editor.org/rfc/rfc6455 */
class ServerSocket implements MessageSocket {
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
  losesStatus = false;
  readonly #closed = Promise.withResolvers<void>();

  constructor(
    private readonly link: Link,
    private readonly reader: ByteReader,
    private readonly clock: ApiContext["clock"],
    readonly protocol: string,
    private readonly onSent: (message: Uint8Array) => void,
  ) {
    this.closed = this.#closed.promise;
  }

  async send(message: Uint8Array): Promise<void> {
    if (this.losesStatus && message[0] === statusChannel) return;
    const written = this.#frame(opcode.binary, message);
    this.onSent(message);
    await written;
  }

  async receive(take: (message: Uint8Array) => Promise<void>): Promise<void> {
    try {
      for (;;) {
        const frame = await this.#read();
        if (frame === undefined || frame.code === opcode.close) return;
        if (frame.code === opcode.ping) await this.#frame(opcode.pong, frame.payload);
        if (frame.code === opcode.binary) await take(frame.payload).catch(() => {});
      }
    } catch {
      // The client has gone.
    } finally {
      this.#closed.resolve();
    }
  }

  close(code: number): void {
    const timer = this.clock.timer(closeTimeoutMs, () => this.#closed.resolve());
    this.closed.finally(() => timer[Symbol.dispose]());
    this.sendClose(code).catch(() => this.#closed.resolve());
  }

  sendClose(code: number): Promise<void> {
    return this.#frame(opcode.close, Uint8Array.of(code >> 8, code & 0xff));
  }

  async #read(): Promise<{ code: number; payload: Uint8Array } | undefined> {
    const head = await this.reader.exactly(2);
    if (head === undefined) return undefined;
    const short = (head[1] as number) & 0x7f;
    const extra = short < 126 ? 0 : short === 126 ? 2 : 8;
    const more = await this.reader.exactly(extra);
    const length = more?.reduce((sum, byte) => sum * 256 + byte, 0) ?? 0;
    const mask = await this.reader.exactly(4);
    const masked = await this.reader.exactly(extra === 0 ? short : length);
    if (mask === undefined || masked === undefined) return undefined;
    const payload = masked.map((byte, at) => byte ^ (mask[at & 3] as number));
    return { code: (head[0] as number) & 0x0f, payload };
  }

  #frame(code: number, payload: Uint8Array): Promise<void> {
    const { length } = payload;
    const size = length < 126
      ? [length]
      : length < 65_536
      ? [126, length >> 8, length & 255]
      : [127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255];
    return this.link.write(joinBytes([Uint8Array.of(0x80 | code, ...size), payload]));
  }
}
