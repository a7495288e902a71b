/**
 * A WebSocket over a {@link Link}, the client's side of RFC 6455, pulled: a part of a message is read from the network
 * on demand, so a reader that stops reading stops the sender.
 */
import { FrameSource } from "./frame_source.ts";
import type { Link } from "../link/link.ts";
import { type KeepAlive, KeepAliveMonitor, linkErrorText } from "./keepalive.ts";
import { orAborted } from "../../base/abort.ts";
import { type HeaderPairs, requestHead } from "../link/http.ts";
import { requestUpgrade } from "./upgrade.ts";
import { joinBytes } from "../../base/byte_buffer.ts";

/** An event that a {@link WebSocketLink} returns to its reader. */
export type Received =
  | { kind: "part"; start: boolean; end: boolean; bytes: Uint8Array }
  /** The peer sent a close frame. */
  | { kind: "closed"; code: number; reason: string }
  /** The network connection ended without one. */
  | { kind: "lost"; reason: string };

/** One reader, any number of writers. */
export class WebSocketLink implements Disposable {
  readonly #monitor: KeepAliveMonitor;
  readonly #frames: FrameSource<FrameEvent>;
  #closeSent = false;

  constructor(
    private readonly link: Link,
    /** Bytes that arrived with the end of the handshake. */
    first: Uint8Array,
    readonly protocol: string,
    keepAlive: KeepAlive,
  ) {
    this.#monitor = new KeepAliveMonitor(keepAlive, {
      // Its pong returns the payload.
      ping: (sent) => this.#sendFrame(opcode.ping, bytesOf(sent)),
      drop: () => this[Symbol.dispose](),
    });
    const finder = new FrameDecoder();
    this.#frames = new FrameSource(link, { first, finder, monitor: this.#monitor });
  }

  /** Returns the next part of a message, or how it ended. Never rejects. One call at a time. */
  async receive(): Promise<Received> {
    for (;;) {
      try {
        const event = await this.#frames.next();
        if (event === null) return this.#lost("the connection was closed");
        const received = await this.#answer(event);
        if (received !== undefined) return received;
      } catch (error) {
        return this.#lost(linkErrorText(error));
      }
    }
  }

  /** Sends a binary message. Resolves when the network has accepted it. */
  async send(bytes: Uint8Array): Promise<void> {
    this.#monitor.sent();
    await this.#sendFrame(opcode.binary, bytes);
  }

  /** Sends a close frame; the peer's own is then received. Safe to call twice. */
  async close(code = 1000): Promise<void> {
    if (this.#closeSent) return;
    this.#closeSent = true;
    await this.#sendFrame(opcode.close, Uint8Array.of(code >> 8, code & 0xff));
  }

  /** Drops the connection. */
  [Symbol.dispose](): void {
    this.link[Symbol.dispose]();
  }

  /** Returns undefined for events of the protocol itself. */
  async #answer(event: FrameEvent): Promise<Received | undefined> {
    switch (event.kind) {
      case "part":
        return event;
      case "ping":
        if (!this.#closeSent) await this.#sendFrame(opcode.pong, event.bytes);
        return undefined;
      case "pong":
        if (event.bytes.length === 8) this.#monitor.seen(numberOf(event.bytes));
        return undefined;
      case "close":
        await this.close().catch(() => {});
        return { kind: "closed", code: event.code, reason: event.reason };
    }
  }

  #lost(reason: string): Received {
    return { kind: "lost", reason: this.#monitor.death ?? reason };
  }

  #sendFrame(code: number, bytes: Uint8Array): Promise<void> {
    return this.link.write(encodeFrame(code, bytes, crypto.getRandomValues(new Uint8Array(4))));
  }
}

/** The payload of a ping, which its pong returns. */
function bytesOf(count: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, count);
  return bytes;
}

function numberOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
}

/* The opening handshake of a WebSocket. https://www.rfc-editor.org/rfc/rfc6455#section-4.1 */

/** The requested upgrade. */
interface UpgradeRequest {
  /** An http or https address: supplies host, path and query. */
  url: URL;
  headers: HeaderPairs;
  /** The best first. */
  protocols: readonly string[];
  keepAlive: KeepAlive;
}

/**
 * Upgrades a link that is ready for a request. Rejects with {@link UpgradeRefused} if the server answers otherwise,
 * with {@link UpgradeUnanswered}, and with the signal's reason; the link is then closed.
 */
export async function openWebSocket(
  link: Link,
  request: UpgradeRequest,
  signal: AbortSignal,
): Promise<WebSocketLink> {
  try {
    return await orAborted(handshake(link, request), signal);
  } catch (error) {
    link[Symbol.dispose]();
    throw error;
  }
}

async function handshake(link: Link, request: UpgradeRequest): Promise<WebSocketLink> {
  const key = crypto.getRandomValues(new Uint8Array(16)).toBase64();
  const { headers, excess } = await requestUpgrade(
    link,
    requestBytes(request, key),
    async (answer) => answer.get("sec-websocket-accept") === await acceptOf(key),
  );
  const protocol = headers.get("sec-websocket-protocol") ?? "";
  if (!request.protocols.includes(protocol)) {
    throw new Error(
      `the server speaks none of ${
        request.protocols.join(", ")
      }: it is too old, or a proxy is between`,
    );
  }
  return new WebSocketLink(link, excess, protocol, request.keepAlive);
}

function requestBytes({ url, headers, protocols }: UpgradeRequest, key: string): Uint8Array {
  return requestHead("GET", url, [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Version", "13"],
    ["Sec-WebSocket-Key", key],
    ["Sec-WebSocket-Protocol", protocols.join(", ")],
    ...headers,
  ]);
}

/** Returns the proof that the server understood the handshake; SHA-1 by RFC 6455, not for secrecy. */
async function acceptOf(key: string): Promise<string> {
  const text = new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  return new Uint8Array(await crypto.subtle.digest("SHA-1", text)).toBase64();
}

/*
 * The frames of RFC 6455, as pure functions over bytes: the client's side.
 *
 * The decoder never assembles a message: it emits each part as it arrives, so a frame of any size costs no memory.
 */

/** The type of a frame. https://www.rfc-editor.org/rfc/rfc6455#section-5.2 */
export const opcode = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** The decoder's output, in the order of the bytes. */
export type FrameEvent =
  /** A part of a message. Every message has one part with `start` and one with `end`; they may be empty. */
  | { kind: "part"; start: boolean; end: boolean; bytes: Uint8Array }
  | { kind: "ping" | "pong"; bytes: Uint8Array }
  /** The peer's close frame. 1005 stands for "no code was given". */
  | { kind: "close"; code: number; reason: string };

/** The peer violated RFC 6455: later bytes can't be parsed. */
class FrameError extends Error {
  override readonly name = "FrameError";
}

interface Header {
  final: boolean;
  opcode: number;
  /** The remaining bytes of the payload. */
  remaining: number;
  /** Whether this frame starts a message and no part of it was emitted yet. */
  start: boolean;
}

/** A header without a mask is two bytes and at most eight of length. */
const maxHeader = 10;
const maxControlPayload = 125;

/** Turns bytes, however they were cut, into {@link FrameEvent}s. */
export class FrameDecoder {
  #pending = new Uint8Array(0);
  #header: Header | undefined;
  #inMessage = false;
  #control = new Uint8Array(0);

  /** Parts share memory with `chunk`. Throws {@link FrameError}. */
  *decode(chunk: Uint8Array): Generator<FrameEvent, void> {
    let remaining = chunk;
    for (;;) {
      if (this.#header === undefined) {
        const taken = this.#takeHeader(remaining);
        if (taken === undefined) return;
        remaining = taken;
        continue;
      }
      const header = this.#header;
      if (remaining.length === 0 && header.remaining > 0) return;
      const part = remaining.subarray(0, Math.min(header.remaining, remaining.length));
      remaining = remaining.subarray(part.length);
      header.remaining -= part.length;
      if (header.remaining === 0) this.#header = undefined;
      const event = header.opcode >= opcode.close
        ? this.#controlPart(header, part)
        : this.#messagePart(header, part);
      if (event !== undefined) yield event;
    }
  }

  /** Returns the bytes after the header, or undefined while it is incomplete. */
  #takeHeader(chunk: Uint8Array): Uint8Array | undefined {
    const missing = maxHeader - this.#pending.length;
    const bytes = joinBytes([this.#pending, chunk.subarray(0, missing)]);
    const size = headerSize(bytes);
    if (size === undefined || bytes.length < size) {
      this.#pending = bytes;
      return undefined;
    }
    const used = size - this.#pending.length;
    this.#pending = new Uint8Array(0);
    this.#header = this.#readHeader(bytes.subarray(0, size));
    return chunk.subarray(used);
  }

  #readHeader(bytes: Uint8Array): Header {
    const first = bytes[0] ?? 0;
    const code = first & 0x0f;
    if ((first & 0x70) !== 0) throw new FrameError("a reserved bit is set");
    if (((bytes[1] ?? 0) & 0x80) !== 0) throw new FrameError("a server's frame is masked");
    const header = { final: (first & 0x80) !== 0, opcode: code, remaining: payloadSize(bytes) };
    if (code >= opcode.close) {
      if (code > opcode.pong) throw new FrameError(`unknown opcode ${code}`);
      if (!header.final || header.remaining > maxControlPayload) {
        throw new FrameError("a control frame is too long or in pieces");
      }
      this.#control = new Uint8Array(0);
      return { ...header, start: false };
    }
    if (code > opcode.binary) throw new FrameError(`unknown opcode ${code}`);
    const start = code !== opcode.continuation;
    if (start === this.#inMessage) {
      throw new FrameError(start ? "a message inside another" : "a continuation of nothing");
    }
    this.#inMessage = !header.final;
    return { ...header, start };
  }

  #messagePart(header: Header, bytes: Uint8Array): FrameEvent {
    const { start } = header;
    header.start = false;
    return { kind: "part", start, end: header.final && header.remaining === 0, bytes };
  }

  #controlPart(header: Header, part: Uint8Array): FrameEvent | undefined {
    this.#control = joinBytes([this.#control, part]);
    if (header.remaining > 0) return undefined;
    const bytes = this.#control;
    if (header.opcode === opcode.ping) return { kind: "ping", bytes };
    if (header.opcode === opcode.pong) return { kind: "pong", bytes };
    if (bytes.length === 1) throw new FrameError("a close code of one byte");
    const code = bytes.length === 0 ? 1005 : new DataView(bytes.buffer).getUint16(0);
    return { kind: "close", code, reason: new TextDecoder().decode(bytes.subarray(2)) };
  }
}

/**
 * Returns one complete frame, masked as required of a client: sent bytes can't be made to look like HTTP to a proxy.
 * Four bytes are masked at a time, which makes the payload's offset in memory a multiple of four.
 */
export function encodeFrame(code: number, payload: Uint8Array, mask: Uint8Array): Uint8Array {
  const { length } = payload;
  const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const start = 2 + extra + 4;
  const before = (4 - start % 4) % 4;
  const words = Math.ceil(length / 4);
  const memory = new ArrayBuffer(before + start + 4 * words);
  const frame = new Uint8Array(memory, before, start + length);
  const view = new DataView(memory, before);
  frame[0] = 0x80 | code;
  frame[1] = 0x80 | (extra === 0 ? length : extra === 2 ? 126 : 127);
  if (extra === 2) view.setUint16(2, length);
  if (extra === 8) view.setBigUint64(2, BigInt(length));
  frame.set(mask, 2 + extra);
  frame.set(payload, start);
  const masked = new Int32Array(memory, before + start, words);
  const [key = 0] = new Int32Array(mask.slice().buffer);
  for (let at = 0; at < words; at++) masked[at] = (masked[at] as number) ^ key;
  return frame;
}

/** Returns undefined if that isn't known yet. */
function headerSize(bytes: Uint8Array): number | undefined {
  const second = bytes[1];
  if (second === undefined) return undefined;
  const length = second & 0x7f;
  return length < 126 ? 2 : length === 126 ? 4 : 10;
}

function payloadSize(header: Uint8Array): number {
  const length = (header[1] ?? 0) & 0x7f;
  if (length < 126) return length;
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  if (length === 126) return view.getUint16(2);
  const size = view.getBigUint64(2);
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new FrameError("a frame of absurd length");
  return Number(size);
}
