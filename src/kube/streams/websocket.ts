/**
 * A WebSocket over a {@link Link}, the client's side of RFC 6455, pulled: a part of a message is read from the network
 * on demand, so a reader that stops reading stops the sender.
 */
import { FrameSource } from "./frame_source.ts";
import type { Link } from "../link/link.ts";
import { type KeepAlive, KeepAliveMonitor, linkErrorText } from "./keepalive.ts";
import { encodeFrame, FrameDecoder, type FrameEvent, opcode } from "./websocket_frames.ts";
import { orAborted } from "../../base/abort.ts";
import { type HeaderPairs, requestHead } from "../link/http.ts";
import { requestUpgrade } from "./upgrade.ts";

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
  const { headers, excess } = await requestUpgrade(link, requestBytes(request, key));
  const protocol = headers.get("sec-websocket-protocol") ?? "";
  if (headers.get("sec-websocket-accept") !== await acceptOf(key)) {
    throw new Error("the server's answer to the WebSocket handshake doesn't belong to it");
  }
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
