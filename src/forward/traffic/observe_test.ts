/**
 * `testing/conversations.json` was recorded by a TCP proxy between real programs, each client with the server of its
 * name: curl 7.88 and nghttp 1.52 with Node 22 (`node:http`, `node:http2`, `node:https`) and, for the upgrade, Go's
 * x/net/http2/h2c; @grpc/grpc-js 1.14 and ws 8 with themselves; openssl 3.0; psql and pgbench with PostgreSQL 15;
 * redis-cli with Redis 7.0. A conversation is a list of segments: the side, and its bytes up to the other side's turn.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import conversations from "./testing/conversations.json" with { type: "json" };
import type { TrafficEvent, TrafficSide } from "./events.ts";
import { observe } from "./observe.ts";

type Segment = readonly [side: TrafficSide, bytes: Uint8Array];

const recorded: Record<string, Segment[]> = Object.fromEntries(
  Object.entries(conversations).map(([name, segments]) => [
    name,
    segments.map(([side = "", bytes = ""]): Segment => [
      side === "client" ? "client" : "server",
      Uint8Array.fromBase64(bytes),
    ]),
  ]),
);

/** Returns the events of a conversation of which each segment takes 2 ms; `cuts` are the lengths of chunks, repeated. */
function events(
  segments: readonly Segment[],
  { cuts = [], failure }: { cuts?: readonly number[]; failure?: string } = {},
): TrafficEvent[] {
  const clock = new ManualClock();
  const found: TrafficEvent[] = [];
  const observer = observe({
    connection: 1,
    clock,
    headers: true,
    onEvent: (event) => void found.push(event),
  });
  let next = 0;
  for (const [side, bytes] of segments) {
    clock.advance(2);
    for (let at = 0; at < bytes.length;) {
      const length = cuts.length === 0 ? bytes.length : cuts[next++ % cuts.length] ?? 1;
      // The caller may reuse its array.
      const chunk = bytes.slice(at, at + length);
      if (side === "client") observer.fromClient(chunk);
      else observer.fromServer(chunk);
      chunk.fill(0xff);
      at += length;
    }
  }
  observer.closed(failure);
  return found;
}

/** Returns an event on a single line, without its times. */
function line(event: TrafficEvent): string {
  if (event.kind === "protocol") {
    return [event.protocol, ...Object.entries(event.facts).map((fact) => fact.join("="))].join(" ");
  }
  if (event.kind === "message") return `${event.from} ${event.type} ${event.bytes}`;
  if (event.kind === "unreadable") return `${event.from}: ${event.reason}`;
  const { operation, path, status, requestBytes, responseBytes, rows, failed, complete } = event;
  const parts = [operation, path, status, `${requestBytes}>${responseBytes}`];
  if (rows !== undefined) parts.push(`rows=${rows}`);
  if (failed) parts.push("failed");
  if (!complete) parts.push("incomplete");
  return `  ${parts.filter((part) => part !== undefined).join(" ")}`;
}

const expected: Record<keyof typeof conversations, string[]> = {
  "curl: http/1.1, several requests": [
    "http/1",
    "  GET /a?token=***&page=*** 200 0>5",
    "  GET /chunked;s=***?q=*** 200 0>1500",
    "  GET /fail 503 0>2 failed",
  ],
  "curl: http/1.1, Expect: 100-continue": [
    "http/1",
    "  POST /post 200 2000>5",
  ],
  "curl: http/1.1, HEAD": [
    "http/1",
    "  HEAD /head 200 0>0",
  ],
  "curl: http/2, prior knowledge": [
    "http/2",
    "  GET /x?key=*** 200 0>10",
  ],
  "nghttp: http/2, two streams": [
    "http/2",
    "  GET /a 200 0>10",
    "  GET /missing?x=*** 404 0>10",
  ],
  "nghttp: http/2, upgrade": [
    "http/1",
    "  GET /up 101 0>0",
    "http/2 upgrade=h2c",
    "  GET /up 200 0>14",
    "  GET /second 200 0>14",
  ],
  "grpc-js": [
    "http/2",
    "  POST /shop.Catalog/Say OK 10>10",
    "  POST /shop.Catalog/Say NOT_FOUND 8>0 failed",
    "  POST /shop.Catalog/List OK 6>16",
    "  POST /shop.Nothing/Here UNIMPLEMENTED 6>0 failed",
  ],
  "ws: messages and close": [
    "http/1",
    "  GET /chat?ticket=*** 101 0>0",
    "websocket path=/chat?ticket=***",
    "client text 2",
    "client binary 300",
    "server text 2",
    "server binary 400",
    "server binary 300",
    "server binary 400",
    "client close 5",
    "server close 5",
  ],
  "curl: TLS 1.2": [
    "tls offered=TLS 1.2 sni=web.example alpn=h2,http/1.1 selected=http/1.1 version=TLS 1.2",
  ],
  "openssl s_client: TLS 1.3": [
    "tls offered=TLS 1.3 sni=web.example alpn=h2,http/1.1 version=TLS 1.3",
  ],
  "openssl s_client: alert": [
    "tls offered=TLS 1.1 alert=protocol_version",
  ],
  "psql: simple queries": [
    "postgresql user=postgres database=postgres application_name=psql",
    "  CONNECT 63>586",
    "  CREATE 59>24",
    "  INSERT 71>22 rows=2",
    "  SELECT 65>101 rows=1",
    "  INSERT 23505 51>190 failed",
    "  BEGIN 48>43 rows=2",
    "  COPY 29>53 rows=2",
  ],
  "psql: TLS": [
    "tls inside=postgresql offered=TLS 1.3 version=TLS 1.3",
  ],
  "psql: wrong password": [
    "postgresql user=postgres database=postgres application_name=psql",
    "  CONNECT 28P01 63>222 failed",
  ],
  "pgbench: prepared statements": [
    "postgresql user=postgres database=postgres application_name=pgbench",
    "  CONNECT 66>589",
    "  SELECT 10>65 rows=1",
    "  SELECT 10>65 rows=1",
    "  SELECT 10>65 rows=1",
  ],
  "redis-cli: RESP 2": [
    "redis",
    "  COMMAND DOCS NOAUTH 27>34 failed",
    "  COMMAND NOAUTH 17>34 failed",
    "  AUTH 26>5",
    "  SET 41>5",
    "  GET 26>15",
    "  HGETALL WRONGTYPE 30>68 failed",
    "  CONFIG GET 40>26",
    "  LRANGE 44>4",
    "  MULTI 15>5",
    "  INCR 27>9",
    "  EXEC 14>50",
  ],
  "redis-cli: RESP 3": [
    "redis",
    "  HELLO NOAUTH 22>208 failed",
    "  COMMAND DOCS NOAUTH 27>34 failed",
    "  COMMAND NOAUTH 17>34 failed",
    "  HELLO 57>145",
    "  HSET 35>4",
    "  HGETALL 24>18",
    "  NOPE ERR 21>61 failed",
  ],
};

for (const [name, segments] of Object.entries(recorded)) {
  Deno.test(`observe() reads ${name}`, () => {
    assert.deepEqual(events(segments).map(line), expected[name as keyof typeof expected]);
  });
}

Deno.test("observe() reports nothing of what was secret in the recorded conversations", () => {
  const secrets =
    /Bearer|grpcsecret|wssecret|verysecret|sesame|topsecret|example\.org|xyz|user:42|secretpw|\bsid=1/;
  for (const [name, segments] of Object.entries(recorded)) {
    const text = JSON.stringify(events(segments));
    assert.doesNotMatch(text, secrets, name);
  }
});

Deno.test("observe() reports the times of a request", () => {
  const [, exchange] = events(recorded["curl: http/1.1, Expect: 100-continue"] ?? []);
  assert.ok(exchange?.kind === "exchange");
  const { at, sentMs, firstByteMs, durationMs } = exchange;
  // Head, 100 Continue, body, response: the interim response is not the first byte.
  assert.deepEqual([at, sentMs, firstByteMs, durationMs], ["2026-01-01T00:00:00.002Z", 4, 6, 6]);
});

Deno.test("observe() reports pipelined requests in order, and an unanswered one as incomplete", () => {
  const found = events([
    ["client", ascii("GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.0\r\n\r\n")],
    ["server", ascii("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n")],
    ["server", ascii("Content-Length: 9\r\n\r\n")],
  ]);
  assert.deepEqual(found.map(line), [
    "http/1",
    "  GET /1 200 0>2",
    "  HEAD /2 200 0>0",
    "  GET /3 0>0 incomplete",
  ]);
});

Deno.test("observe() ends a body without a length with the connection, and only an orderly end completes it", () => {
  const segments: Segment[] = [
    ["client", ascii("GET / HTTP/1.0\r\n\r\n")],
    ["server", ascii("HTTP/1.0 200 OK\r\n\r\nsome")],
    ["server", ascii("thing")],
  ];
  assert.deepEqual(
    events(segments).at(-1)?.kind === "exchange" && line(events(segments).at(-1)!),
    "  GET / 200 0>9",
  );
  assert.equal(line(events(segments, { failure: "reset" }).at(-1)!), "  GET / 200 0>9 incomplete");
});

Deno.test("observe() says who spoke first if it doesn't know the protocol", () => {
  const banner: Segment[] = [["server", ascii("SSH-2.0-OpenSSH_9.2\r\n")], ["client", ascii("x")]];
  assert.deepEqual(events(banner).map(line), ["unknown first=server bytes=5353482d"]);
  const bytes: Segment[] = [["client", Uint8Array.of(0x10, 0x20, 0x30, 0x40, 0x50)]];
  assert.deepEqual(events(bytes).map(line), ["unknown first=client bytes=10203040"]);
  assert.deepEqual(events([]), []);
});

Deno.test("observe() reads an error of an extended query, and skips what the server skips", () => {
  const message = (type: string, text: string) => {
    const body = ascii(text);
    const head = new Uint8Array(5);
    head[0] = type.charCodeAt(0);
    new DataView(head.buffer).setInt32(1, body.length + 4);
    return [...head, ...body];
  };
  const start = Uint8Array.of(0, 0, 0, 9, 0, 3, 0, 0, 0);
  const statement = [
    ...message("P", "\0  -- why\n insert into t values ($1)\0\0\0"),
    ...message("B", "\0\0\0\0\0\0\0\0"),
    ...message("E", "\0\0\0\0\0"),
  ];
  const found = events([
    ["client", start],
    ["server", Uint8Array.from(message("Z", "I"))],
    ["client", Uint8Array.from([...statement, ...statement, ...message("S", "")])],
    ["server", Uint8Array.from([...message("E", "SERROR\0C23505\0\0"), ...message("Z", "I")])],
    ["client", Uint8Array.from(message("Q", "hunter2 as a password\0"))],
    ["server", Uint8Array.from([...message("E", "SERROR\0C42601\0\0"), ...message("Z", "I")])],
  ]);
  assert.deepEqual(found.map(line).slice(1), [
    "  CONNECT 9>6",
    "  INSERT 23505 10>20 failed",
    "  OTHER 42601 27>26 failed",
  ]);
});

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const sides = fc.constantFrom<TrafficSide>("client", "server");
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 });

/** A recorded conversation with some of its bytes changed, removed or doubled. */
const mutated = fc.record({
  name: fc.constantFrom(...Object.keys(recorded)),
  edits: fc.array(
    fc.record({
      segment: fc.nat(40),
      at: fc.nat(2000),
      remove: fc.nat(3),
      insert: fc.uint8Array({ maxLength: 6 }),
    }),
    { maxLength: 4 },
  ),
}).map(({ name, edits }): Segment[] => {
  const segments = (recorded[name] ?? []).map(([side, bytes]): Segment => [side, bytes]);
  for (const { segment, at, remove, insert } of edits) {
    const [side, bytes] = segments[segment % segments.length] ?? ["client", new Uint8Array()];
    const start = at % (bytes.length + 1);
    segments[segment % segments.length] = [
      side,
      Uint8Array.from([...bytes.slice(0, start), ...insert, ...bytes.slice(start + remove)]),
    ];
  }
  return segments;
});

const starts = [
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "GET / HTTP/1.1\r\n",
  "*1\r\n$",
  "\x16\x03\x01\0",
  "\0\0\0\x08\x04\xd2\x16\x2f",
  "\0\0\0\x20\0\x03\0\0",
  "",
].map(ascii);

/** Bytes that start like a protocol. */
const arbitrary = fc.tuple(
  fc.constantFrom(...starts),
  fc.array(fc.tuple(sides, fc.uint8Array({ maxLength: 300 })), { maxLength: 6 }),
).map(([start, rest]): Segment[] => [["client", start], ...rest]);

Deno.test("observe() reports the same for any bytes, however they are cut into chunks", () => {
  fc.assert(
    fc.property(fc.oneof(mutated, arbitrary), cuts, (segments, cuts) => {
      assert.deepEqual(events(segments, { cuts }), events(segments));
    }),
    { numRuns: 400 },
  );
});

Deno.test("observe() lets the side that waited for an answer continue first", () => {
  // The program sends on before the pod agrees to TLS: both sides are unreadable then.
  const segments: Segment[] = [
    ["client", Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47, 0, 0, 0, 0, 0)],
    ["server", Uint8Array.of(83, 0, 0, 0, 0, 0)],
  ];
  assert.deepEqual(events(segments, { cuts: [1] }), events(segments));
  assert.equal(events(segments).map(line).at(-1), "client: a record that is not of TLS");
});

Deno.test("observe() stores a bounded part of what never ends", () => {
  const endless: Record<string, [start: Uint8Array, more: Uint8Array]> = {
    "a line": [ascii("GET /"), ascii("a".repeat(4096))],
    "headers": [ascii("GET / HTTP/1.1\r\n"), ascii("a: b\r\n".repeat(700))],
    "requests without a response": [new Uint8Array(), ascii("GET / HTTP/1.1\r\n\r\n".repeat(99))],
    "a request behind an upgrade": [
      ascii("GET / HTTP/1.1\r\nUpgrade: x\r\n\r\n"),
      ascii("a".repeat(4096)),
    ],
    "commands without an answer": [new Uint8Array(), ascii("*1\r\n$4\r\nPING\r\n".repeat(99))],
    // A header block that is continued.
    "continued headers": [
      Uint8Array.from([...starts[0] ?? [], 0, 0, 0, 1, 0, 0, 0, 0, 1]),
      Uint8Array.from([0, 16, 0, 9, 0, 0, 0, 0, 1, ...new Uint8Array(4096)]),
    ],
  };
  for (const [name, [start, more]] of Object.entries(endless)) {
    const found: TrafficEvent[] = [];
    const observer = observe({
      connection: 1,
      clock: new ManualClock(),
      onEvent: (event) => void found.push(event),
    });
    observer.fromClient(start);
    for (let sent = 0; sent < 4 * 2 ** 20; sent += more.length) observer.fromClient(more);
    assert.equal(found.filter(({ kind }) => kind === "unreadable").length, 1, name);
  }
});
