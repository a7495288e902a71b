/** Messages of WebSockets: types and sizes, never content. https://www.rfc-editor.org/rfc/rfc6455#section-5.2 */
import type { TrafficSide } from "./events.ts";
import { type Incoming, type Parsing, Unreadable, unsigned } from "./incoming.ts";
import type { TrafficConnection, TrafficConversation } from "./parser.ts";

const types: Readonly<Record<number, string>> = { 1: "text", 2: "binary", 8: "close" };

/** Follows a connection after the upgrade of a request to `path`. */
export function webSocket(connection: TrafficConnection, path: string): TrafficConversation {
  connection.emit({ kind: "protocol", protocol: "websocket", facts: { path } });
  return {
    client: messages(connection, "client"),
    server: messages(connection, "server"),
  };
}

function* messages(connection: TrafficConnection, from: TrafficSide): Parsing {
  const incoming: Incoming = connection[from];
  let current: { type: string; bytes: number } | undefined;
  for (;;) {
    const first = yield* incoming.byte();
    const second = yield* incoming.byte();
    const opcode = first & 0x0f;
    const length = yield* frameLength(incoming, second & 0x7f);
    const isMasked = (second & 0x80) !== 0;
    if (isMasked) yield* incoming.skip(4);
    yield* incoming.skip(length);
    const isControl = opcode >= 8;
    const type = types[opcode];
    if (!isControl && opcode !== 0 && type === undefined) throw new Unreadable("an unknown frame");
    if (isControl && type === undefined) continue;
    if (isControl || opcode !== 0) current = { type: type ?? "", bytes: 0 };
    if (current === undefined) throw new Unreadable("a continuation of nothing");
    current.bytes += length;
    if ((first & 0x80) === 0) continue;
    connection.emit({ kind: "message", protocol: "websocket", from, ...current });
    current = undefined;
  }
}

function* frameLength(incoming: Incoming, short: number): Parsing<number> {
  if (short < 126) return short;
  const count = short === 126 ? 2 : 8;
  const length = unsigned(yield* incoming.take(count), 0, count);
  if (length > Number.MAX_SAFE_INTEGER) throw new Unreadable("a frame without an end");
  return length;
}
