/**
 * The streams of a remote command over SPDY 3.1, which kubectl spoke before WebSocket.
 *
 * Why, if current servers prefer WebSocket: they needn't translate SPDY, and pass its bytes through to the node
 * unchanged. Measured with 256 MiB into a pod (Kubernetes 1.34, everything on one machine): 0.5 s of the API server's
 * CPU instead of 1.9 s, 0.4 s of the kubelet's instead of 0.6 s, and half the time in all. So it serves large
 * transfers; if a server or a proxy lacks it, WebSocket does the same. And it serves users whose roles allow no
 * WebSocket (`http_client.ts`).
 *
 * No one in Kubernetes uses SPDY's windows: a reader that stops reading stops the sender by TCP.
 */
import { orAborted } from "../../base/abort.ts";
import type { ChannelEvent, ChannelSocket, ServerStream } from "./channel_socket.ts";
import { FrameSource } from "./frame_source.ts";
import { type HeaderPairs, requestHead } from "../link/http.ts";
import type { Link } from "../link/link.ts";
import { type KeepAlive, KeepAliveMonitor, linkErrorText } from "./keepalive.ts";
import { requestUpgrade } from "./upgrade.ts";

/** Numbers of a client's streams are odd, and increase. */
const streamOf = { error: 1, stdin: 3, stdout: 5, stderr: 7, resize: 9 } as const;

/** The bytes that the runtime's TLS takes in one write: a longer frame costs a second write for its tail. */
const linkTakesBytes = 64 * 1024;

/** The streams of one upgraded link, in the order in which they are opened. */
interface SpdyStreams {
  opened: readonly { number: number; headers: Readonly<Record<string, string>> }[];
  /** The server's stream, by its number. */
  received: Readonly<Record<number, ServerStream>>;
}

/**
 * Returns the streams of a remote command; a server waits until all that its request names are open.
 * https://github.com/kubernetes/kubernetes/blob/v1.34.0/staging/src/k8s.io/client-go/tools/remotecommand/v2.go
 */
export function commandStreams({ stdin, tty }: { stdin: boolean; tty: boolean }): SpdyStreams {
  const names = ["error", ...(stdin ? ["stdin"] : []), "stdout", tty ? "resize" : "stderr"];
  return {
    opened: (names as (keyof typeof streamOf)[])
      .map((streamtype) => ({ number: streamOf[streamtype], headers: { streamtype } })),
    received: { 1: "error", 5: "stdout", 7: "stderr" },
  };
}

/** The socket of one upgraded link; opens its streams at once. */
export class SpdySocket implements ChannelSocket {
  readonly inputPieceBytes = linkTakesBytes - frameHeaderBytes;
  /** The buffer for the next frame; undefined while one is being sent. */
  #frameBuffer: Uint8Array | undefined;
  readonly #monitor: KeepAliveMonitor;
  readonly #frames: FrameSource<SpdyEvent>;
  #goneAway = false;
  /** The last ping, and how many messages had been sent before it. */
  #ping = { id: -1, sent: 0 };

  private constructor(
    private readonly link: Link,
    /** Bytes that arrived with the answer to the upgrade. */
    first: Uint8Array,
    private readonly streams: SpdyStreams,
    keepAlive: KeepAlive,
  ) {
    this.#monitor = new KeepAliveMonitor(keepAlive, {
      ping: (sent) => this.#askForSign(sent),
      drop: () => this[Symbol.dispose](),
    });
    const finder = new SpdyDecoder();
    this.#frames = new FrameSource(link, { first, finder, monitor: this.#monitor });
  }

  /** Rejects if the link breaks. */
  static async open(
    link: Link,
    first: Uint8Array,
    { streams, keepAlive }: { streams: SpdyStreams; keepAlive: KeepAlive },
  ): Promise<SpdySocket> {
    const opener = new SpdyStreamOpener();
    for (const { number, headers } of streams.opened) {
      await link.write(opener.frame(number, headers));
    }
    return new SpdySocket(link, first, streams, keepAlive);
  }

  async receive(): Promise<ChannelEvent> {
    for (;;) {
      try {
        const event = await this.#frames.next();
        if (event === null) return this.#ended("the connection was closed");
        const heard = await this.#heard(event);
        if (heard !== undefined) return heard;
      } catch (error) {
        return this.#ended(linkErrorText(error));
      }
    }
  }

  async send(stream: "stdin" | "resize", bytes: Uint8Array): Promise<void> {
    this.#monitor.sent();
    const needed = frameHeaderBytes + bytes.length;
    const reused = this.#frameBuffer !== undefined && this.#frameBuffer.length >= needed
      ? this.#frameBuffer
      : undefined;
    this.#frameBuffer = undefined;
    const buffer = reused ?? new Uint8Array(needed);
    await this.link.write(dataFrameIn(buffer, streamOf[stream], bytes));
    this.#frameBuffer = buffer;
  }

  async closeInput(): Promise<boolean> {
    this.#monitor.sent();
    await this.link.write(dataFrame(streamOf.stdin, new Uint8Array(0), true));
    return true;
  }

  [Symbol.dispose](): void {
    this.link[Symbol.dispose]();
  }

  #ended(reason: string): ChannelEvent {
    const { death } = this.#monitor;
    if (death === undefined && this.#goneAway) return { kind: "closed", message: "goodbye" };
    return { kind: "lost", reason: death ?? reason };
  }

  /** Returns undefined for events of the protocol itself. */
  async #heard(event: SpdyEvent): Promise<ChannelEvent | undefined> {
    switch (event.kind) {
      case "data": {
        const stream = this.streams.received[event.stream];
        if (stream === undefined || event.bytes.length === 0) return undefined;
        return { kind: "data", stream, bytes: event.bytes };
      }
      case "ping":
        if (event.id % 2 === 0) await this.link.write(pingFrame(event.id));
        else if (event.id === this.#ping.id) this.#monitor.seen(this.#ping.sent);
        return undefined;
      case "reset":
        // A command that has ended reads no more input.
        if (event.stream === streamOf.stdin) return undefined;
        return { kind: "closed", message: `reset, ${event.status}` };
      case "goAway":
        this.#goneAway = true;
        return undefined;
    }
  }

  #askForSign(sent: number): Promise<void> {
    this.#ping = { id: this.#ping.id + 2, sent };
    return this.link.write(pingFrame(this.#ping.id));
  }
}

/* Opens them on a link that is ready for a request. */

/** The requested stream. */
export interface SpdyRequest {
  /** An http or https address: supplies host, path and query. */
  url: URL;
  headers: HeaderPairs;
  /** The version of the streams' protocol, for the server to confirm. */
  protocol: SpdyProtocol;
  streams: SpdyStreams;
  keepAlive: KeepAlive;
}

/** The fourth of remote commands, whose error stream carries a Status; and the one for port forwards. */
export type SpdyProtocol = "v4.channel.k8s.io" | "portforward.k8s.io";

/** Upgrades, and opens the streams. Rejects like `openWebSocket`; the link is then closed. */
export async function openSpdy(
  link: Link,
  { streams, ...request }: SpdyRequest,
  signal: AbortSignal,
): Promise<SpdySocket> {
  const excess = await upgradeToSpdy(link, request, signal);
  try {
    return await orAborted(
      SpdySocket.open(link, excess, { streams, keepAlive: request.keepAlive }),
      signal,
    );
  } catch (error) {
    link[Symbol.dispose]();
    throw error;
  }
}

/** Upgrades; returns the bytes that arrived with the answer. Rejects like `openWebSocket`; the link is then closed. */
export async function upgradeToSpdy(
  link: Link,
  request: Omit<SpdyRequest, "streams">,
  signal: AbortSignal,
): Promise<Uint8Array> {
  try {
    return await orAborted(upgraded(link, request), signal);
  } catch (error) {
    link[Symbol.dispose]();
    throw error;
  }
}

async function upgraded(
  link: Link,
  { url, headers, protocol }: Omit<SpdyRequest, "streams">,
): Promise<Uint8Array> {
  const head = requestHead("POST", url, [
    ["Upgrade", "SPDY/3.1"],
    ["Connection", "Upgrade"],
    ["Content-Length", "0"],
    ["X-Stream-Protocol-Version", protocol],
    ...headers,
  ]);
  const response = await requestUpgrade(
    link,
    head,
    (answer) => answer.get("upgrade")?.toLowerCase() === "spdy/3.1",
  );
  const chosen = response.headers.get("x-stream-protocol-version");
  if (chosen !== protocol) throw new Error(`the server doesn't speak ${protocol} over SPDY`);
  return response.excess;
}

/*
 * The frames of SPDY 3.1, as pure functions over bytes: the subset that remote commands need.
 * https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/#TOC-2.2-Framing
 *
 * The decoder emits each received part of a data frame, so a frame of any size costs no memory.
 */

const [version, controlBit] = [3, 0x80];
const type = { synStream: 1, reset: 3, ping: 6, goAway: 7 } as const;
const headerBytes = 8;
/** The bytes read of a control frame: more than any relevant one has. */
const maxControl = 8;
/** A frame flag: the sender's half of the stream ends with it. */
const lastOfStream = 1;

/** The decoder's output, in the order of the bytes. */
export type SpdyEvent =
  /** A part of a stream's data; `end` with its last part, which may be empty. */
  | { kind: "data"; stream: number; end: boolean; bytes: Uint8Array }
  | { kind: "reset"; stream: number; status: number }
  | { kind: "ping"; id: number }
  /** The peer sent GOAWAY. */
  | { kind: "goAway" };

/** The peer violated the protocol: later bytes can't be parsed. */
export class SpdyError extends Error {
  override readonly name = "SpdyError";
}

interface Frame {
  /** Undefined: a data frame. */
  control: number | undefined;
  stream: number;
  last: boolean;
  /** Bytes still to come. */
  remaining: number;
}

/** Turns bytes, however they were cut, into {@link SpdyEvent}s. */
export class SpdyDecoder {
  readonly #head = new Uint8Array(headerBytes);
  #headFilled = 0;
  readonly #control = new Uint8Array(maxControl);
  #controlFilled = 0;
  #frame: Frame | undefined;

  /** Parts share memory with `chunk`. Throws {@link SpdyError}. */
  *decode(chunk: Uint8Array): Generator<SpdyEvent, void> {
    let remaining = chunk;
    for (;;) {
      if (this.#frame === undefined) {
        const taken = remaining.subarray(0, headerBytes - this.#headFilled);
        this.#head.set(taken, this.#headFilled);
        this.#headFilled += taken.length;
        remaining = remaining.subarray(taken.length);
        if (this.#headFilled < headerBytes) return;
        this.#frame = frameOf(this.#head);
        this.#headFilled = this.#controlFilled = 0;
      }
      const frame = this.#frame;
      if (remaining.length === 0 && frame.remaining > 0) return;
      const part = remaining.subarray(0, Math.min(frame.remaining, remaining.length));
      remaining = remaining.subarray(part.length);
      frame.remaining -= part.length;
      if (frame.remaining === 0) this.#frame = undefined;
      const event = frame.control === undefined
        ? dataOf(frame, part)
        : this.#controlOf(frame, part);
      if (event !== undefined) yield event;
    }
  }

  /** Returns undefined while it is incomplete, and for irrelevant frames. */
  #controlOf({ control, remaining }: Frame, part: Uint8Array): SpdyEvent | undefined {
    const kept = part.subarray(0, maxControl - this.#controlFilled);
    this.#control.set(kept, this.#controlFilled);
    this.#controlFilled += kept.length;
    if (remaining > 0) return undefined;
    const view = new DataView(this.#control.buffer, 0, this.#controlFilled);
    switch (control) {
      case type.reset:
        if (view.byteLength < 8) throw new SpdyError("a reset that is too short");
        return { kind: "reset", stream: view.getUint32(0), status: view.getUint32(4) };
      case type.ping:
        if (view.byteLength < 4) throw new SpdyError("a ping that is too short");
        return { kind: "ping", id: view.getUint32(0) };
      case type.goAway:
        return { kind: "goAway" };
      default:
        return undefined;
    }
  }
}

function frameOf(head: Uint8Array): Frame {
  const view = new DataView(head.buffer);
  const isControl = (view.getUint8(0) & controlBit) !== 0;
  if (isControl && (view.getUint16(0) & 0x7fff) !== version) {
    throw new SpdyError("a frame of another version");
  }
  return {
    control: isControl ? view.getUint16(2) : undefined,
    stream: isControl ? 0 : view.getUint32(0),
    last: (view.getUint8(4) & lastOfStream) !== 0,
    remaining: view.getUint32(4) & 0xffffff,
  };
}

function dataOf({ stream, last, remaining }: Frame, bytes: Uint8Array): SpdyEvent {
  return { kind: "data", stream, end: last && remaining === 0, bytes };
}

/** The bytes of a frame before its data. */
const frameHeaderBytes = headerBytes;

/** Returns a data frame; `end` closes this side of the stream. At most 16 MiB. */
export function dataFrame(stream: number, bytes: Uint8Array, end = false): Uint8Array {
  return dataFrameIn(new Uint8Array(headerBytes + bytes.length), stream, bytes, end);
}

/** The same in an existing array that is large enough. */
function dataFrameIn(
  room: Uint8Array,
  stream: number,
  bytes: Uint8Array,
  end = false,
): Uint8Array {
  const frame = room.subarray(0, headerBytes + bytes.length);
  const view = new DataView(frame.buffer, frame.byteOffset);
  view.setUint32(0, stream);
  view.setUint32(4, bytes.length);
  frame[4] = end ? lastOfStream : 0;
  frame.set(bytes, headerBytes);
  return frame;
}

/** Returns a ping, or the answer to one: the same frame. A client's own have odd numbers. */
export function pingFrame(id: number): Uint8Array {
  const payload = new Uint8Array(4);
  new DataView(payload.buffer).setUint32(0, id);
  return controlFrame(type.ping, payload);
}

/** Returns a frame that ends both halves of a stream at once. */
export function resetFrame(stream: number, status: number): Uint8Array {
  const payload = new Uint8Array(8);
  const view = new DataView(payload.buffer);
  view.setUint32(0, stream);
  view.setUint32(4, status);
  return controlFrame(type.reset, payload);
}

/**
 * Opens streams: headers are compressed together, over all frames of a connection, in one zlib stream. Stored blocks
 * are valid compressed data and need no library; the SPDY dictionary is named, and never used.
 */
export class SpdyStreamOpener {
  #begun = false;

  /** Returns the frame that opens a stream of an odd number with these headers; names are lower case. */
  frame(stream: number, headers: Readonly<Record<string, string>>): Uint8Array {
    const block = this.#compressed(headerBlock(headers));
    const payload = new Uint8Array(10 + block.length);
    new DataView(payload.buffer).setUint32(0, stream);
    payload.set(block, 10);
    return controlFrame(type.synStream, payload);
  }

  #compressed(bytes: Uint8Array): Uint8Array {
    // RFC 1950: deflate with a dictionary, and the dictionary's checksum (SPDY 3.1, 2.6.10.1).
    const begin = this.#begun ? [] : [0x78, 0x20, 0xe3, 0xc6, 0xa7, 0xc2];
    this.#begun = true;
    const [low, high] = [bytes.length & 0xff, bytes.length >> 8];
    // RFC 1951, 3.2.4. An empty block behind it flushes: readers emit what they have.
    const stored = [0, low, high, ~low & 0xff, ~high & 0xff];
    return Uint8Array.from([...begin, ...stored, ...bytes, 0, 0, 0, 0xff, 0xff]);
  }
}

/** Returns names and values, each preceded by its length. */
function headerBlock(headers: Readonly<Record<string, string>>): Uint8Array {
  const encoder = new TextEncoder();
  const texts = Object.entries(headers).flat().map((text) => encoder.encode(text));
  const block = new Uint8Array(4 + texts.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(block.buffer);
  view.setUint32(0, texts.length / 2);
  let at = 4;
  for (const text of texts) {
    view.setUint32(at, text.length);
    block.set(text, at + 4);
    at += 4 + text.length;
  }
  return block;
}

function controlFrame(kind: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(headerBytes + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint16(0, version);
  frame[0] = controlBit;
  view.setUint16(2, kind);
  view.setUint32(4, payload.length);
  frame.set(payload, headerBytes);
  return frame;
}
