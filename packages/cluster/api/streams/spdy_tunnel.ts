/**
 * Port-forward as kubectl speaks it since 1.31: SPDY frames inside the messages of a WebSocket, under the sub-protocol
 * `SPDY/3.1+portforward.k8s.io`. Each connection is a pair of streams with one request id: one for data, one for
 * errors.
 */
import { bytesFrom, closeOnce, type MessageSocket, writeAll } from "./socket.ts";
import { joinBytes } from "../../../../src/base/byte_buffer.ts";
import { constants, createInflate } from "node:zlib";

/** The sub-protocol's name. */
export const tunnelProtocol = "SPDY/3.1+portforward.k8s.io";

/** Both streams of one connection. */
interface Pair {
  port: number;
  data?: number;
  error?: number;
  /** Bytes for the pod are written here once it is connected. */
  connection?: Promise<Deno.TcpConn | undefined>;
}

/** The maximum number of connections of one forward at a time. */
const pairLimit = 1024;

const refusedStream = 3;

/** Carries the connections of one forward until its client disconnects. */
export async function carryTunnel(
  socket: MessageSocket,
  connect: (port: number) => Promise<Deno.TcpConn>,
): Promise<void> {
  await using tunnel = new Tunnel(socket, connect);
  await socket.receive((bytes) => tunnel.take(bytes));
}

class Tunnel implements AsyncDisposable {
  readonly #frames = new FrameReader();
  readonly #headers = createHeaderReader();
  readonly #encodeHeaders = createHeaderWriter();
  readonly #pairs = new Map<string, Pair>();
  readonly #byStream = new Map<number, Pair>();
  readonly #running = new Set<Promise<void>>();

  constructor(
    private readonly socket: MessageSocket,
    private readonly connect: (port: number) => Promise<Deno.TcpConn>,
  ) {
  }

  /** Takes the next chunk of the byte stream. A protocol error ends the connection. */
  async take(bytes: Uint8Array): Promise<void> {
    try {
      for (const frame of this.#frames.push(bytes)) await this.#handle(frame);
    } catch {
      this.socket.close(1002, "broken SPDY frame");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#headers[Symbol.dispose]();
    for (const { connection } of this.#pairs.values()) closeOnce(await connection);
    await Promise.all(this.#running);
  }

  async #handle(frame: Frame): Promise<void> {
    switch (frame.kind) {
      case "synStream":
        return await this.#open(frame.stream, await this.#headers.read(frame.headers));
      case "synReply":
      case "headers":
        await this.#headers.read(frame.headers);
        return;
      case "ping":
        return await this.#send({ kind: "ping", id: frame.id });
      case "data":
        return await this.#data(frame);
      case "rstStream":
        return await this.#reset(frame.stream);
      case "goAway":
      case "other":
        return;
    }
  }

  async #open(stream: number, headers: ReadonlyMap<string, string>): Promise<void> {
    const port = Number(headers.get("port"));
    const kind = headers.get("streamtype");
    const valid = Number.isInteger(port) && port > 0 && port <= 65535;
    if (!valid || (kind !== "data" && kind !== "error") || this.#byStream.size >= 2 * pairLimit) {
      return await this.#send({ kind: "rstStream", stream, status: refusedStream });
    }
    const id = headers.get("requestid") ?? "";
    const pair = this.#pairs.get(id) ?? { port };
    this.#pairs.set(id, pair);
    this.#byStream.set(stream, pair);
    pair[kind] = stream;
    const reply = this.#encodeHeaders(new Map());
    await this.#send({ kind: "synReply", stream, fin: false, headers: reply });
    if (pair.data === undefined || pair.error === undefined || pair.connection) return;
    this.#start(id, pair as Pair & { data: number; error: number });
  }

  #start(id: string, pair: Pair & { data: number; error: number }): void {
    const { promise, resolve } = Promise.withResolvers<Deno.TcpConn | undefined>();
    pair.connection = promise;
    const run = this.#carry(pair, resolve).catch(() => {}).finally(() => {
      this.#pairs.delete(id);
      this.#byStream.delete(pair.data);
      this.#byStream.delete(pair.error);
      this.#running.delete(run);
    });
    this.#running.add(run);
  }

  /** From the pod to the client, until either has ended. */
  async #carry(
    pair: Pair & { data: number; error: number },
    connected: (connection: Deno.TcpConn | undefined) => void,
  ): Promise<void> {
    let connection: Deno.TcpConn;
    try {
      connection = await this.connect(pair.port);
    } catch (error) {
      connected(undefined);
      await this.#end(pair, error instanceof Error ? error.message : String(error));
      return;
    }
    connected(connection);
    try {
      for await (const bytes of bytesFrom(connection)) {
        await this.#send({ kind: "data", stream: pair.data, fin: false, bytes });
      }
      await this.#end(pair, "");
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      await this.#end(pair, `an error occurred forwarding port ${pair.port}: ${why}`);
    } finally {
      closeOnce(connection);
    }
  }

  async #end(pair: Pair & { data: number; error: number }, failure: string): Promise<void> {
    const bytes = new TextEncoder().encode(failure);
    await this.#send({ kind: "data", stream: pair.error, fin: true, bytes });
    await this.#send({ kind: "data", stream: pair.data, fin: true, bytes: new Uint8Array() });
  }

  /** From the client to the pod. Waiting for the pod holds up the whole forward, as on a real server. */
  async #data({ stream, fin, bytes }: Extract<Frame, { kind: "data" }>): Promise<void> {
    const pair = this.#byStream.get(stream);
    if (pair?.data !== stream) return;
    const connection = await pair.connection;
    if (connection === undefined) return;
    try {
      await writeAll(connection, bytes);
      if (fin) await connection.closeWrite();
    } catch {
      // The pod closed first: its reader reports that to the client.
    }
  }

  async #reset(stream: number): Promise<void> {
    closeOnce(await this.#byStream.get(stream)?.connection);
  }

  async #send(frame: Parameters<typeof encodeSpdyFrame>[0]): Promise<void> {
    await this.socket.send(encodeSpdyFrame(frame));
  }
}

/*
 * Frames of SPDY/3.1, as far as Kubernetes uses them: streams, data, pings, GOAWAY. No flow control, as neither kubectl
 * nor the API server has any: the connection below is the back-pressure.
 * https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/
 */

/** A frame with its header block still compressed. */
export type Frame =
  | { kind: "synStream"; stream: number; fin: boolean; headers: Uint8Array }
  | { kind: "synReply"; stream: number; fin: boolean; headers: Uint8Array }
  | { kind: "rstStream"; stream: number; status: number }
  | { kind: "ping"; id: number }
  | { kind: "goAway" }
  /** More headers of a stream: read only for the state of the compression. */
  | { kind: "headers"; stream: number; headers: Uint8Array }
  | { kind: "data"; stream: number; fin: boolean; bytes: Uint8Array }
  /** SETTINGS, WINDOW_UPDATE and unknown frames. */
  | { kind: "other" };

const type = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7, headers: 8 } as const;
const version = 3;
const finFlag = 1;
const headLength = 8;

/** The maximum size of a frame: no client sends a larger one, and it would have to be buffered. */
const frameLimitBytes = 4 * 1024 * 1024;

/** Splits a stream of bytes into frames, whatever its chunks. */
export class FrameReader {
  #rest = new Uint8Array();

  /** Returns the complete frames. Throws a RangeError at one that is too large. */
  push(bytes: Uint8Array): Frame[] {
    let rest = this.#rest.length === 0 ? bytes : joinBytes([this.#rest, bytes]);
    const frames: Frame[] = [];
    while (rest.length >= headLength) {
      const view = new DataView(rest.buffer, rest.byteOffset, rest.length);
      const length = view.getUint32(4) & 0xffffff;
      if (length > frameLimitBytes) throw new RangeError(`a frame of ${length} bytes is too large`);
      if (rest.length < headLength + length) break;
      frames.push(decodeFrame(rest.subarray(0, headLength + length)));
      rest = rest.subarray(headLength + length);
    }
    // A copy, so that the input isn't retained for the sake of its last bytes.
    this.#rest = rest.slice();
    return frames;
  }
}

function decodeFrame(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const first = view.getUint32(0);
  const fin = (view.getUint8(4) & finFlag) !== 0;
  const payload = bytes.subarray(headLength);
  if (first < 0x80000000) return { kind: "data", stream: first, fin, bytes: payload };
  const word = (offset: number) =>
    payload.length >= offset + 4 ? view.getUint32(headLength + offset) & 0x7fffffff : 0;
  switch (first & 0xffff) {
    case type.synStream:
      return { kind: "synStream", stream: word(0), fin, headers: payload.subarray(10) };
    case type.synReply:
      return { kind: "synReply", stream: word(0), fin, headers: payload.subarray(4) };
    case type.rstStream:
      return { kind: "rstStream", stream: word(0), status: word(4) };
    case type.ping:
      return { kind: "ping", id: word(0) };
    case type.goAway:
      return { kind: "goAway" };
    case type.headers:
      return { kind: "headers", stream: word(0), headers: payload.subarray(4) };
    default:
      return { kind: "other" };
  }
}

function control(kind: number, flags: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(headLength + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint16(0, 0x8000 | version);
  view.setUint16(2, kind);
  view.setUint32(4, payload.length);
  view.setUint8(4, flags);
  frame.set(payload, headLength);
  return frame;
}

function uint32s(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setUint32(index * 4, value));
  return bytes;
}

/** Returns a frame's bytes; only of those kinds that a server sends. */
export function encodeSpdyFrame(
  frame: Extract<Frame, { kind: "synReply" | "synStream" | "rstStream" | "ping" | "data" }>,
): Uint8Array {
  switch (frame.kind) {
    case "synReply":
      return control(
        type.synReply,
        frame.fin ? finFlag : 0,
        joinBytes([uint32s(frame.stream), frame.headers]),
      );
    case "synStream": {
      const head = joinBytes([uint32s(frame.stream, 0), new Uint8Array(2)]);
      return control(type.synStream, frame.fin ? finFlag : 0, joinBytes([head, frame.headers]));
    }
    case "rstStream":
      return control(type.rstStream, 0, uint32s(frame.stream, frame.status));
    case "ping":
      return control(type.ping, 0, uint32s(frame.id));
    case "data": {
      const bytes = new Uint8Array(headLength + frame.bytes.length);
      const view = new DataView(bytes.buffer);
      view.setUint32(0, frame.stream);
      view.setUint32(4, frame.bytes.length);
      view.setUint8(4, frame.fin ? finFlag : 0);
      bytes.set(frame.bytes, headLength);
      return bytes;
    }
  }
}

/*
 * Header blocks of SPDY/3: one zlib stream for each direction of a session, with a dictionary.
 * https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/#2610-namevalue-header-block
 */

/** Names and values at the start of the dictionary, each with its length before it. */
const dictionaryWords =
  `options head post put delete trace accept accept-charset accept-encoding accept-language
accept-ranges age allow authorization cache-control connection content-base content-encoding
content-language content-length content-location content-md5 content-range content-type date etag
expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since
last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer
retry-after server te trailer transfer-encoding upgrade user-agent vary via warning
www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin`
    .split(/\s+/).map((word) => word.replace("_", " "));

/** The text at its end. */
const tail =
  "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505" +
  "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request" +
  "401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented" +
  "503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 " +
  "Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif," +
  "application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=" +
  "gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

/** Returns the initial dictionary of both sides. */
export function headerDictionary(): Uint8Array {
  const text = new TextEncoder();
  const parts = dictionaryWords.flatMap((word) => [uint32(word.length), text.encode(word)]);
  return joinBytes([...parts, text.encode(tail)]);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** A block that inflates to more than this isn't a header of a stream. */
const blockLimitBytes = 64 * 1024;

/** Reads the header blocks of one direction, in their order. */
interface HeaderReader extends Disposable {
  /** Rejects if the block is broken, or too large. */
  read(block: Uint8Array): Promise<ReadonlyMap<string, string>>;
}

/** Starts a direction that is read. */
export function createHeaderReader(): HeaderReader {
  const inflate = createInflate({ dictionary: headerDictionary(), flush: constants.Z_SYNC_FLUSH });
  let pieces: Uint8Array[] = [];
  let size = 0;
  let broken: Error | undefined;
  inflate.on("data", (piece: Uint8Array) => {
    size += piece.length;
    if (size <= blockLimitBytes) pieces.push(piece);
  });
  inflate.on("error", (error: Error) => broken = error);
  return {
    async read(block) {
      [pieces, size] = [[], 0];
      await new Promise<void>((resolve, reject) => {
        inflate.once("error", reject);
        inflate.write(block, () => {
          inflate.off("error", reject);
          resolve();
        });
      });
      if (broken) throw broken;
      if (size > blockLimitBytes) throw new RangeError("a header block is too large");
      return decodePairs(joinBytes(pieces));
    },
    [Symbol.dispose]: () => void inflate.destroy(),
  };
}

function decodePairs(block: Uint8Array): ReadonlyMap<string, string> {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  let offset = 0;
  const number = () => {
    offset += 4;
    return view.getUint32(offset - 4);
  };
  const text = () => {
    const length = number();
    if (offset + length > block.length) throw new RangeError("a header block is cut short");
    offset += length;
    return new TextDecoder().decode(block.subarray(offset - length, offset));
  };
  const count = number();
  const pairs = new Map<string, string>();
  for (let index = 0; index < count; index++) pairs.set(text().toLowerCase(), text());
  return pairs;
}

/** An empty stored block: at this one a reader flushes its output, instead of waiting for more (RFC 1951 §3.2.4). */
const syncFlush = Uint8Array.of(0, 0, 0, 0xff, 0xff);

/**
 * Writes the header blocks of one direction. They are stored and not compressed, which zlib allows
 * and which needs no state: replies have no headers worth compressing.
 */
export function createHeaderWriter(): (pairs: ReadonlyMap<string, string>) => Uint8Array {
  let started = false;
  return (pairs) => {
    const text = new TextEncoder();
    const fields = [...pairs].flat().map((each) => text.encode(each));
    const data = joinBytes([
      uint32(pairs.size),
      ...fields.flatMap((each) => [uint32(each.length), each]),
    ]);
    const stored = new Uint8Array(5);
    const view = new DataView(stored.buffer);
    view.setUint16(1, data.length, true);
    view.setUint16(3, ~data.length & 0xffff, true);
    // The head of a zlib stream (RFC 1950) precedes its first block only.
    const head = started ? new Uint8Array() : Uint8Array.of(0x78, 0x01);
    started = true;
    return joinBytes([head, stored, data, syncFlush]);
  };
}
