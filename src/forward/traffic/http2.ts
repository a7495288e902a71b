/** HTTP/2 and gRPC: frames, header blocks and streams. https://www.rfc-editor.org/rfc/rfc9113 */
import type { Header, TrafficSide } from "./events.ts";
import { type HeaderField, HpackDecoder } from "./hpack.ts";
import { type Incoming, latin1, type Parsing, Unreadable, unsigned } from "./incoming.ts";
import { escapedText, maskHeader, maskPath } from "./mask.ts";
import { Stopwatch, type TrafficConnection, type TrafficConversation } from "./parser.ts";

/** A client's first bytes: section 3.4. */
export const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const maxBlockBytes = 96 * 1024;
/** Streams that are followed at once; servers allow 100 to 1000. */
const maxStreams = 4096;

const frame = { data: 0, headers: 1, reset: 3, pushPromise: 5, continuation: 9 };
const flag = { endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 };

/** https://grpc.io/docs/guides/status-codes/ */
const grpcStatuses =
  "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED"
    .split(" ");

/** A stream: a request and its response. */
interface Stream {
  method: string;
  path: string;
  authority: string;
  isGrpc: boolean;
  status: string;
  grpcStatus: string | undefined;
  requestHeaders: Header[];
  responseHeaders: Header[];
  requestBytes: number;
  responseBytes: number;
  watch: Stopwatch;
}

/** Follows a connection that starts with the preface. */
export function http2(connection: TrafficConnection): TrafficConversation {
  connection.emit({ kind: "protocol", protocol: "http/2", facts: {} });
  return new Http2(connection);
}

/** Follows a connection after the upgrade of an HTTP/1 request, which is its stream 1. */
export function http2AfterUpgrade(
  connection: TrafficConnection,
  request: { method: string; path: string; authority: string },
): TrafficConversation {
  connection.emit({ kind: "protocol", protocol: "http/2", facts: { upgrade: "h2c" } });
  const conversation = new Http2(connection);
  conversation.open(1, request);
  return conversation;
}

class Http2 implements TrafficConversation {
  readonly client: Parsing;
  readonly server: Parsing;
  readonly #streams = new Map<number, Stream>();

  constructor(private readonly connection: TrafficConnection) {
    this.client = this.#clientFrames();
    this.server = this.#frames("server");
  }

  open(id: number, request: { method: string; path: string; authority: string }): Stream {
    const stream: Stream = {
      ...request,
      isGrpc: false,
      status: "",
      grpcStatus: undefined,
      requestHeaders: [],
      responseHeaders: [],
      requestBytes: 0,
      responseBytes: 0,
      watch: new Stopwatch(this.connection),
    };
    if (this.#streams.size >= maxStreams) {
      const [oldest] = this.#streams.keys();
      if (oldest !== undefined) this.#finish(oldest, false);
    }
    this.#streams.set(id, stream);
    return stream;
  }

  closed(): void {
    for (const id of [...this.#streams.keys()]) this.#finish(id, false);
  }

  *#clientFrames(): Parsing {
    const sent = latin1(yield* this.connection.client.take(preface.length));
    if (sent !== preface) throw new Unreadable("no preface");
    yield* this.#frames("client");
  }

  *#frames(from: TrafficSide): Parsing {
    const incoming = this.connection[from];
    const decoder = new HpackDecoder();
    for (;;) {
      const { length, type, flags, id } = yield* frameHead(incoming);
      if (type === frame.data) {
        yield* incoming.skip(length, (bytes) => this.#data(from, id, bytes));
        if ((flags & flag.endStream) !== 0) this.#end(from, id);
      } else if (type === frame.headers || type === frame.pushPromise) {
        const { block, promised } = yield* headerBlock(incoming, { length, type, flags, id });
        const fields = decoder.decode(block);
        // A pushed response answers a request that the server made up.
        if (promised !== undefined) this.#headers("client", promised, fields);
        else this.#headers(from, id, fields);
        if (promised === undefined && (flags & flag.endStream) !== 0) this.#end(from, id);
      } else {
        if (type === frame.continuation) throw new Unreadable("a continuation of nothing");
        yield* incoming.skip(length);
        if (type === frame.reset) this.#finish(id, false);
      }
    }
  }

  #data(from: TrafficSide, id: number, bytes: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    if (from === "server") {
      stream.watch.answered();
      stream.responseBytes += bytes;
    } else {
      stream.watch.sent();
      stream.requestBytes += bytes;
    }
  }

  #headers(from: TrafficSide, id: number, fields: readonly HeaderField[]): void {
    const field = (name: string) => fields.find(([one]) => one === name)?.[1] ?? "";
    const known = this.#streams.get(id);
    if (from === "client") {
      const stream = known ?? this.open(id, {
        method: escapedText(field(":method").slice(0, 32)),
        path: field(":path"),
        authority: escapedText(field(":authority").slice(0, 256)),
      });
      if (isGrpc(field("content-type"))) stream.isGrpc = true;
      this.#store(stream.requestHeaders, fields);
      stream.watch.sent();
      return;
    }
    if (known === undefined) return;
    const status = field(":status");
    // Interim responses have no end of their own.
    if (/^1\d\d$/.test(status)) return;
    known.watch.answered();
    if (status !== "") known.status = escapedText(status.slice(0, 3));
    if (isGrpc(field("content-type"))) known.isGrpc = true;
    if (/^\d{1,2}$/.test(field("grpc-status"))) known.grpcStatus = field("grpc-status");
    this.#store(known.responseHeaders, fields);
  }

  #store(headers: Header[], fields: readonly HeaderField[]): void {
    if (!this.connection.headers) return;
    for (const [name, value] of fields) {
      if (!name.startsWith(":")) headers.push(maskHeader(name, value));
    }
  }

  /** A direction of a stream has ended. The server's end is the exchange's. */
  #end(from: TrafficSide, id: number): void {
    if (from === "server") this.#finish(id, true);
  }

  #finish(id: number, complete: boolean): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#streams.delete(id);
    const { method, path, authority, isGrpc, requestBytes, responseBytes, watch } = stream;
    const { status, failed } = statusOf(stream);
    this.connection.emit({
      kind: "exchange",
      protocol: isGrpc ? "grpc" : "http/2",
      operation: method,
      path: maskPath(path),
      ...authority !== "" && { authority },
      ...status !== "" && { status },
      failed,
      complete,
      requestBytes,
      responseBytes,
      ...watch.times(),
      ...this.connection.headers && {
        http: {
          version: "HTTP/2",
          statusText: "",
          request: stream.requestHeaders,
          response: stream.responseHeaders,
        },
      },
    });
  }
}

function isGrpc(contentType: string): boolean {
  return /^application\/grpc(?:[+;]|$)/i.test(contentType);
}

/** gRPC's status is in the trailers; the HTTP status counts if a proxy answered instead. */
function statusOf({ isGrpc, status, grpcStatus }: Stream): { status: string; failed: boolean } {
  if (!isGrpc || grpcStatus === undefined) return { status, failed: Number(status) >= 500 };
  return { status: grpcStatuses[Number(grpcStatus)] ?? grpcStatus, failed: grpcStatus !== "0" };
}

interface FrameHead {
  length: number;
  type: number;
  flags: number;
  id: number;
}

function* frameHead(incoming: Incoming): Parsing<FrameHead> {
  const head = yield* incoming.take(9);
  return {
    length: unsigned(head, 0, 3),
    type: head[3] ?? 0,
    flags: head[4] ?? 0,
    id: unsigned(head, 5, 4) % 2 ** 31,
  };
}

/** Reads a header block: its frame and those that continue it, without padding. */
function* headerBlock(
  incoming: Incoming,
  first: FrameHead,
): Parsing<{ block: Uint8Array; promised: number | undefined }> {
  if (first.length > maxBlockBytes) throw new Unreadable("too many headers");
  const payload = yield* incoming.take(first.length);
  const isPromise = first.type === frame.pushPromise;
  const padded = (first.flags & flag.padded) !== 0;
  const start = (padded ? 1 : 0) +
    (isPromise ? 4 : (first.flags & flag.priority) !== 0 ? 5 : 0);
  const end = payload.length - (padded ? payload[0] ?? 0 : 0);
  if (start > end) throw new Unreadable("a frame that is all padding");
  const promised = isPromise ? unsigned(payload, padded ? 1 : 0, 4) % 2 ** 31 : undefined;
  let block = payload.slice(start, end);
  for (let flags = first.flags; (flags & flag.endHeaders) === 0;) {
    const next = yield* frameHead(incoming);
    if (next.type !== frame.continuation || next.id !== first.id) {
      throw new Unreadable("a header block without its end");
    }
    if (block.length + next.length > maxBlockBytes) throw new Unreadable("too many headers");
    const more = yield* incoming.take(next.length);
    const longer = new Uint8Array(block.length + more.length);
    longer.set(block);
    longer.set(more, block.length);
    block = longer;
    flags = next.flags;
  }
  return { block, promised };
}
