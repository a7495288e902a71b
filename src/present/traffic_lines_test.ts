import assert from "node:assert/strict";
import type { TrafficEvent } from "../actions/forward/traffic.ts";
import { recordingLine, trafficLine } from "./traffic_lines.ts";

const at = "2026-01-01T00:00:00.000Z";

const get: Extract<TrafficEvent, { kind: "exchange" }> = {
  kind: "exchange",
  connection: 12,
  at,
  protocol: "http/1",
  operation: "GET",
  path: "/orders?id=***",
  status: "200",
  failed: false,
  complete: true,
  requestBytes: 0,
  responseBytes: 2048,
  sentMs: 0,
  durationMs: 14.2,
};

const { path: _path, status: _status, ...query } = get;

const protocol = (name: "tls" | "redis" | "unknown" | "postgresql", facts = {}): TrafficEvent => ({
  kind: "protocol",
  connection: 3,
  at,
  protocol: name,
  facts,
});

const rows: [TrafficEvent, string | undefined][] = [
  [get, "#12 GET /orders?id=*** 200, 2.0 KiB received, 14ms"],
  [
    { ...get, operation: "POST", requestBytes: 5, status: "503", failed: true, durationMs: 3.14 },
    "#12 POST /orders?id=*** 503, 5 B sent, 2.0 KiB received, 3.1ms",
  ],
  [
    { ...query, path: "/", complete: false, responseBytes: 0 },
    "#12 GET /, no complete response, 0 B received, 14ms",
  ],
  [
    { ...get, protocol: "grpc", operation: "POST", path: "/shop.Catalog/Say", status: "OK" },
    "#12 grpc /shop.Catalog/Say OK, 2.0 KiB received, 14ms",
  ],
  [
    { ...query, protocol: "postgresql", operation: "SELECT", rows: 2, requestBytes: 54 },
    "#12 postgresql SELECT, 2 rows, 54 B sent, 2.0 KiB received, 14ms",
  ],
  [
    { ...query, protocol: "redis", operation: "HGETALL", status: "WRONGTYPE", failed: true },
    "#12 redis HGETALL failed: WRONGTYPE, 2.0 KiB received, 14ms",
  ],
  [protocol("redis"), undefined],
  [
    protocol("postgresql", { user: "app", database: "shop" }),
    "#3 postgresql: user app, database shop",
  ],
  [
    protocol("tls", { version: "TLS 1.3", sni: "web.example", alpn: "h2,http/1.1" }),
    "#3 TLS 1.3 for web.example with h2,http/1.1",
  ],
  [
    protocol("tls", { offered: "TLS 1.1", alert: "protocol_version", inside: "postgresql" }),
    "#3 TLS, offered TLS 1.1 around postgresql: refused, protocol_version",
  ],
  [
    protocol("unknown", { first: "server", bytes: "5353482d" }),
    "#3 unknown protocol: the pod sent 5353482d first",
  ],
  [{
    kind: "message",
    connection: 3,
    at,
    protocol: "websocket",
    from: "client",
    type: "text",
    bytes: 300,
  }, "#3 websocket text from the program, 300 B"],
  [{
    kind: "unreadable",
    connection: 3,
    at,
    protocol: "redis",
    from: "server",
    reason: "a value of an unknown type",
  }, "#3 redis can't be followed any more: a value of an unknown type, from the pod"],
  [{ ...get, path: "/\x1b[2J" }, "#12 GET /\\x1b[2J 200, 2.0 KiB received, 14ms"],
];

for (const [event, text] of rows) {
  Deno.test(`trafficLine() of ${text ?? "a protocol without facts"}`, () => {
    assert.equal(trafficLine(event), text);
  });
}

Deno.test("a recording's line has what is missing", () => {
  const whole = { recorded: 1200, omitted: 0, otherProtocols: 0, bytes: 2048 };
  assert.equal(recordingLine(whole), "recorded 1,200, 2.0 KiB");
  assert.equal(
    recordingLine({ ...whole, omitted: 3, otherProtocols: 1, failure: "No space left on device" }),
    "recorded 1,200, 2.0 KiB; 3 omitted; 1 of protocols that a HAR can't express; " +
      "writing failed: No space left on device",
  );
});
