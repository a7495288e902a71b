/**
 * Observes the bytes of a forwarded connection, and never changes, delays or stores them: it recognises the protocol by
 * the client's first bytes, and reports requests, messages and times.
 */
import type { Clock } from "../../base/clock.ts";
import type { ParsedEvent, Protocol, TrafficEvent, TrafficSide } from "./events.ts";
import { http1 } from "./http1.ts";
import { http2, preface } from "./http2.ts";
import { Incoming, latin1, type Parsing, Unreadable } from "./incoming.ts";
import { oppositeOf, type TrafficConnection, type TrafficConversation } from "./parser.ts";
import { mayBePostgresql, postgresql } from "./postgresql.ts";
import { mayBeRedis, redis } from "./redis.ts";
import { tls } from "./tls.ts";

/** Observes a connection. No method throws, and none stores its argument. */
interface Observer {
  /** The client sent these bytes. */
  fromClient(chunk: Uint8Array): void;
  /** The pod sent these bytes; to be called before the client can answer them. */
  fromServer(chunk: Uint8Array): void;
  /** The connection ended: `failure` is why, or undefined after an orderly end. */
  closed(failure: string | undefined): void;
}

/** Options of {@link observe}. */
interface ObserveOptions {
  /** Unique within a forward. */
  connection: number;
  clock: Pick<Clock, "now" | "elapsedMs">;
  /** Exchanges of HTTP have their headers, masked. */
  headers?: boolean;
  onEvent(event: TrafficEvent): void;
}

/** Starts to observe a connection. */
export function observe(options: ObserveOptions): Observer {
  return new Inspection(options);
}

/** Runs the parsers of a connection, until a parser can't follow. */
class Inspection implements Observer, TrafficConnection {
  readonly client = new Incoming();
  readonly server = new Incoming();
  readonly headers: boolean;
  #parsers: { client: Parsing; server: Parsing } | undefined;
  #conversation: TrafficConversation | undefined;
  #protocol: Protocol = "unknown";

  constructor(private readonly options: ObserveOptions) {
    this.headers = options.headers === true;
    this.#parsers = { client: this.#detectClient(), server: this.#detectServer() };
  }

  fromClient(chunk: Uint8Array): void {
    this.#feed("client", chunk);
  }

  fromServer(chunk: Uint8Array): void {
    this.#feed("server", chunk);
  }

  elapsedMs(): number {
    return this.options.clock.elapsedMs();
  }

  now(): string {
    return this.options.clock.now().toISOString();
  }

  emit(event: ParsedEvent): void {
    // A call of gRPC doesn't change the protocol of the connection.
    if (event.kind === "protocol") this.#protocol = event.protocol;
    const at = event.kind === "exchange" ? event.at : this.now();
    this.options.onEvent({ ...event, connection: this.options.connection, at });
  }

  #feed(side: TrafficSide, chunk: Uint8Array): void {
    if (this.#parsers === undefined) return;
    let current = side;
    try {
      this[side].lend(chunk);
      for (let before = -1; before !== this.#progress();) {
        before = this.#progress();
        for (current of [side, oppositeOf(side)]) this.#parsers[current].next();
      }
      current = side;
      this[side].release();
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.#giveUp(current, error.message);
    }
  }

  closed(failure: string | undefined): void {
    if (this.#parsers === undefined) return;
    for (const side of ["client", "server"] as const) {
      // After a failure, a body without a length isn't complete.
      this[side].ended = failure === undefined;
      try {
        this.#parsers[side].next();
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
      }
    }
    this.#conversation?.closed?.();
    this.#parsers = undefined;
  }

  #progress(): number {
    return this.client.progress + this.server.progress;
  }

  /** Earlier requests are reported; later bytes are only counted. */
  #giveUp(from: TrafficSide, reason: string): void {
    this.#conversation?.closed?.();
    this.#parsers = undefined;
    this.client.drop();
    this.server.drop();
    const { connection, onEvent } = this.options;
    const protocol = this.#protocol;
    onEvent({ kind: "unreadable", connection, at: this.now(), protocol, from, reason });
  }

  /** Looks at one more byte at a time, so that the decision doesn't depend on chunks. */
  *#detectClient(): Parsing {
    const prefix = new Uint8Array(maxPrefix);
    for (let length = 0; this.#conversation === undefined; length++) {
      while (this.client.available <= length && this.#conversation === undefined) {
        if (this.client.ended) return yield* this.#unknown("client");
        yield;
      }
      if (this.#conversation !== undefined) break;
      prefix[length] = yield* this.client.peek(length);
      const found = protocolOf(prefix.subarray(0, length + 1));
      if (found === "unknown" || length + 1 === maxPrefix) return yield* this.#unknown("client");
      if (found !== "incomplete") this.#conversation = protocols[found](this);
    }
    this.client.progress++;
    yield* this.#conversation.client;
  }

  *#detectServer(): Parsing {
    while (this.#conversation === undefined && this.server.available === 0) yield;
    // None of the protocols lets the server speak first.
    if (this.#conversation === undefined) return yield* this.#unknown("server");
    this.server.progress++;
    yield* this.#conversation.server;
  }

  /** Reports the first bytes: four of them, as they identify most protocols and hardly a secret. */
  *#unknown(first: TrafficSide): Parsing {
    this.#conversation = { client: this.client.skipToEnd(), server: this.server.skipToEnd() };
    const incoming = this[first];
    incoming.progress++;
    const bytes: number[] = [];
    while (bytes.length < 4) {
      if (incoming.available > bytes.length) bytes.push(yield* incoming.peek(bytes.length));
      else if (incoming.ended) break;
      else yield;
    }
    if (bytes.length > 0) {
      const facts = { first, bytes: Uint8Array.from(bytes).toHex() };
      this.emit({ kind: "protocol", protocol: "unknown", facts });
    }
    yield* this.#conversation[first];
  }
}

/** How many bytes a decision takes at most. */
const maxPrefix = 32;

const protocols = {
  http1,
  http2,
  tls: (connection: TrafficConnection) => tls(connection),
  postgresql,
  redis,
};

/** Decides by the first bytes of the client. A decision holds for any bytes that follow. */
function protocolOf(bytes: Uint8Array): keyof typeof protocols | "unknown" | "incomplete" {
  const text = latin1(bytes);
  if (preface.startsWith(text)) return text === preface ? "http2" : "incomplete";
  if (mayBeTls(bytes)) return bytes.length === 6 ? "tls" : "incomplete";
  if (mayBePostgresql(bytes)) return bytes.length >= 8 ? "postgresql" : "incomplete";
  if (mayBeRedis(bytes)) return /\$\d+\r\n/.test(text) ? "redis" : "incomplete";
  // A method and the start of a target: the line itself is read by the parser.
  if (/^[A-Z][A-Z-]{1,19} [/*\w[]/.test(text)) return "http1";
  return /^[A-Z][A-Z-]{0,19}(?: |$)$/.test(text) ? "incomplete" : "unknown";
}

/** A record of a handshake that starts with a ClientHello. */
function mayBeTls(bytes: Uint8Array): boolean {
  const expected: readonly (number | undefined)[] = [22, 3, undefined, undefined, undefined, 1];
  return bytes.length <= 6 && bytes.every((byte, at) => byte === (expected[at] ?? byte));
}
