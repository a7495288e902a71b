/**
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
export const frameHeaderBytes = headerBytes;

/** Returns a data frame; `end` closes this side of the stream. At most 16 MiB. */
export function dataFrame(stream: number, bytes: Uint8Array, end = false): Uint8Array {
  return dataFrameIn(new Uint8Array(headerBytes + bytes.length), stream, bytes, end);
}

/** The same in an existing array that is large enough. */
export function dataFrameIn(
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

/**
 * Opens streams: headers are compressed together, over all frames of a connection, in one zlib stream. Stored blocks
 * are valid compressed data and need no library; the SPDY dictionary is named, and never used.
 */
export class PodStreamOpener {
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
