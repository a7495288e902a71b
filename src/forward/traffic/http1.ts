/** HTTP/1.0 and 1.1: pipelining, chunks, interim responses, upgrades. https://www.rfc-editor.org/rfc/rfc9112 */
import type { Header, HttpMessages } from "./events.ts";
import { http2AfterUpgrade } from "./http2.ts";
import { type Incoming, type Parsing, Unreadable } from "./incoming.ts";
import { escapedText, mask, maskHeader, maskPath } from "./mask.ts";
import { Stopwatch, type TrafficConnection, type TrafficConversation, Waiting } from "./parser.ts";
import { webSocket } from "./websocket.ts";

const maxHeaders = 256;
const maxHeaderBytes = 128 * 1024;
const maxChunkLine = 4096;

/** A request without the response. */
interface Request {
  method: string;
  target: string;
  host: string;
  version: string;
  headers: Header[];
  /** The request asks for another protocol on this connection: the response decides which follows. */
  mayUpgrade: boolean;
  isUpgradeResolved: boolean;
  bodyBytes: number;
  watch: Stopwatch;
}

/** The head of a message, as far as framing needs it. */
interface Head {
  headers: Header[];
  host: string;
  contentLength: number | undefined;
  isChunked: boolean;
  upgrade: string;
}

/** Follows requests and responses. */
export function http1(connection: TrafficConnection): TrafficConversation {
  const { client, server } = connection;
  const waiting = new Waiting<Request>();
  /** The protocol after an upgrade. */
  let next: TrafficConversation | undefined;
  let response:
    | { request: Request | undefined; status: number; text: string; head: Head }
    | undefined;
  let responseBytes = 0;
  let isAnnounced = false;

  function* requests(): Parsing {
    for (;;) {
      yield* client.some();
      const watch = new Stopwatch(connection);
      const line = yield* client.line();
      // An empty line between requests is tolerated: RFC 9112, 2.2.
      if (line === "") continue;
      const match = /^([!#$%&'*+.^_`|~\w-]{1,32}) (\S+) HTTP\/(1\.[01])$/.exec(line);
      if (match === null) throw new Unreadable("a line that is not a request");
      if (!isAnnounced) connection.emit({ kind: "protocol", protocol: "http/1", facts: {} });
      isAnnounced = true;
      const [, method = "", target = "", version = ""] = match;
      const head = yield* readHead(client, connection.headers);
      const request: Request = {
        method,
        target,
        host: head.host,
        version,
        headers: head.headers,
        mayUpgrade: head.upgrade !== "" || method === "CONNECT",
        isUpgradeResolved: false,
        bodyBytes: 0,
        watch,
      };
      watch.sent();
      if (!waiting.push(request)) throw new Unreadable("too many requests without a response");
      const onBody = (bytes: number) => {
        request.bodyBytes += bytes;
        watch.sent();
      };
      if (head.isChunked) yield* chunks(client, onBody);
      else yield* client.skip(head.contentLength ?? 0, onBody);
      if (!request.mayUpgrade) continue;
      yield* client.until(() => request.isUpgradeResolved);
      if (next !== undefined) return yield* next.client;
    }
  }

  function* responses(): Parsing {
    for (;;) {
      yield* server.some();
      waiting.first?.watch.answered();
      const line = yield* server.line();
      const match = /^HTTP\/1\.[01] ([1-9]\d\d)(?: (.*))?$/.exec(line);
      if (match === null) throw new Unreadable("a line that is not a status");
      const status = Number(match[1]);
      const head = yield* readHead(server, connection.headers);
      if (status < 200 && status !== 101) {
        waiting.first?.watch.interim();
        continue;
      }
      const request = waiting.shift();
      response = { request, status, text: match[2] ?? "", head };
      responseBytes = 0;
      const tunnel = status === 101 || (request?.method === "CONNECT" && status < 300);
      if (tunnel && request !== undefined) {
        finish(true);
        next = upgraded(connection, request, status === 101 ? head.upgrade : "");
        request.isUpgradeResolved = true;
        yield* server.handOver();
        return yield* next.server;
      }
      const onBody = (bytes: number) => responseBytes += bytes;
      const hasBody = request?.method !== "HEAD" && status !== 204 && status !== 304;
      if (hasBody && head.isChunked) yield* chunks(server, onBody);
      else if (hasBody && head.contentLength !== undefined) {
        yield* server.skip(head.contentLength, onBody);
      } else if (hasBody) yield* server.skipToEnd(onBody);
      finish(true);
      if (request?.mayUpgrade !== true) continue;
      request.isUpgradeResolved = true;
      yield* server.handOver();
    }
  }

  function finish(complete: boolean): void {
    if (response === undefined) return;
    const { request, status, text, head } = response;
    response = undefined;
    // A server may close an idle connection with 408, which answers no request.
    if (request === undefined) return;
    report(request, {
      status: String(status),
      failed: status >= 500,
      complete,
      responseBytes,
    }, { statusText: escapedText(text), response: head.headers });
  }

  function report(
    request: Request,
    outcome: { status?: string; failed: boolean; complete: boolean; responseBytes: number },
    messages: Pick<HttpMessages, "statusText" | "response">,
  ): void {
    const { method, target, host, version, headers, bodyBytes, watch } = request;
    connection.emit({
      kind: "exchange",
      protocol: "http/1",
      operation: method,
      path: maskPath(target),
      ...host !== "" && { authority: host },
      ...outcome,
      requestBytes: bodyBytes,
      ...watch.times(),
      ...connection.headers && {
        http: { version: `HTTP/${version}`, request: headers, ...messages },
      },
    });
  }

  return {
    client: requests(),
    server: responses(),
    closed() {
      finish(false);
      for (const request of waiting.takeAll()) {
        report(request, { failed: false, complete: false, responseBytes: 0 }, {
          statusText: "",
          response: [],
        });
      }
      next?.closed?.();
    },
  };
}

/** Returns the protocol that a connection has after status 101, or through a proxy's tunnel. */
function upgraded(
  connection: TrafficConnection,
  request: Request,
  upgrade: string,
): TrafficConversation {
  if (upgrade === "websocket") return webSocket(connection, maskPath(request.target));
  if (upgrade === "h2c") {
    const { method, target, host } = request;
    return http2AfterUpgrade(connection, { method, path: target, authority: host });
  }
  connection.emit({
    kind: "protocol",
    protocol: "unknown",
    facts: { upgrade: escapedText(upgrade.slice(0, 32)) || "tunnel" },
  });
  return { client: connection.client.skipToEnd(), server: connection.server.skipToEnd() };
}

/** Reads header lines up to the empty line. */
function* readHead(from: Incoming, store: boolean): Parsing<Head> {
  const head: Head = {
    headers: [],
    host: "",
    contentLength: undefined,
    isChunked: false,
    upgrade: "",
  };
  let bytes = 0;
  for (let count = 0;; count++) {
    const line = yield* from.line();
    if (line === "") return head;
    bytes += line.length;
    if (count >= maxHeaders || bytes > maxHeaderBytes) throw new Unreadable("too many headers");
    const colon = line.indexOf(":");
    if (colon < 1) throw new Unreadable("a line that is not a header");
    noteHeader(head, line.slice(0, colon), line.slice(colon + 1).trim(), store);
  }
}

function noteHeader(head: Head, name: string, value: string, store: boolean): void {
  if (store) head.headers.push(maskHeader(name, value));
  switch (name.toLowerCase()) {
    case "host":
      head.host = escapedText(value.slice(0, 256)).replace(/^.*@/, `${mask}@`);
      break;
    case "content-length":
      if (!/^\d{1,15}$/.test(value)) throw new Unreadable("a length that is not a number");
      head.contentLength = Number(value);
      break;
    case "transfer-encoding":
      head.isChunked = /(?:^|,)\s*chunked\s*$/i.test(value);
      break;
    case "upgrade":
      head.upgrade = value.toLowerCase();
      break;
  }
}

/** Reads a chunked body and its trailers. */
function* chunks(from: Incoming, onBytes: (bytes: number) => void): Parsing {
  for (;;) {
    const line = yield* from.line(maxChunkLine);
    const size = /^([\da-f]{1,12})\s*(?:;.*)?$/i.exec(line)?.[1];
    if (size === undefined) throw new Unreadable("a chunk without a size");
    const length = parseInt(size, 16);
    if (length === 0) break;
    yield* from.skip(length, onBytes);
    if ((yield* from.line(2)) !== "") throw new Unreadable("a chunk longer than its size");
  }
  yield* readHead(from, false);
}
