/**
 * Frames of SPDY/3.1, as far as Kubernetes uses them: streams, data, pings, GOAWAY. No flow control, as neither kubectl
 * nor the API server has any: the connection below is the back-pressure.
 * https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/
 */
import { joinBytes } from "../../../base/join_bytes.ts";

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

function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setUint32(index * 4, value));
  return bytes;
}

/** Returns a frame's bytes; only of those kinds that a server sends. */
export function encodeFrame(
  frame: Extract<Frame, { kind: "synReply" | "synStream" | "rstStream" | "ping" | "data" }>,
): Uint8Array {
  switch (frame.kind) {
    case "synReply":
      return control(
        type.synReply,
        frame.fin ? finFlag : 0,
        joinBytes([words(frame.stream), frame.headers]),
      );
    case "synStream": {
      const head = joinBytes([words(frame.stream, 0), new Uint8Array(2)]);
      return control(type.synStream, frame.fin ? finFlag : 0, joinBytes([head, frame.headers]));
    }
    case "rstStream":
      return control(type.rstStream, 0, words(frame.stream, frame.status));
    case "ping":
      return control(type.ping, 0, words(frame.id));
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
