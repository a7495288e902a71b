/** A byte stream in memory, instead of a connection: a test plays the server. */
import { joinBytes } from "../../base/byte_buffer.ts";
import type { Link } from "../link/link.ts";

/** Collects the client's writes; the test supplies its reads. */
export class MemoryLink implements Link {
  readonly written: Uint8Array[] = [];
  /** How often the client has requested bytes. */
  reads = 0;
  closed = false;
  #chunks: (Uint8Array | null)[] = [];
  #waiting: ((chunk: Uint8Array | null) => void) | undefined;

  give(...chunks: (Uint8Array | null)[]): void {
    this.#chunks.push(...chunks);
    const next = this.#waiting && this.#chunks.shift();
    if (next !== undefined) {
      this.#waiting?.(next);
      this.#waiting = undefined;
    }
  }

  read(): Promise<Uint8Array | null> {
    this.reads++;
    const next = this.#chunks.shift();
    if (next !== undefined) return Promise.resolve(next);
    if (this.closed) return Promise.resolve(null);
    return new Promise((resolve) => this.#waiting = resolve);
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.closed) return Promise.reject(new Error("the connection was closed"));
    this.written.push(bytes.slice());
    return Promise.resolve();
  }

  [Symbol.dispose](): void {
    this.closed = true;
    this.#waiting?.(null);
    this.#waiting = undefined;
  }
}

/** Returns the bytes of one message in frames as a server sends them: unmasked, one frame per given piece. */
export function serverMessage(pieces: readonly Uint8Array[], opcode = 2): Uint8Array {
  return joinBytes(pieces.map((piece, index) => {
    const final = index === pieces.length - 1 ? 0x80 : 0;
    return serverFrame(final | (index === 0 ? opcode : 0), piece);
  }));
}

/** Returns one frame with the given first byte. */
export function serverFrame(first: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  if (length < 126) return joinBytes([Uint8Array.of(first, length), payload]);
  if (length < 65_536) {
    return joinBytes([Uint8Array.of(first, 126, length >> 8, length & 255), payload]);
  }
  const header = new Uint8Array(10);
  header[0] = first;
  header[1] = 127;
  new DataView(header.buffer).setBigUint64(2, BigInt(length));
  return joinBytes([header, payload]);
}

/** Returns a server's close frame. */
export function serverClose(code: number, reason = ""): Uint8Array {
  const text = new TextEncoder().encode(reason);
  return serverFrame(0x88, joinBytes([Uint8Array.of(code >> 8, code & 255), text]));
}

/** Returns a client's frame, unmasked. */
export function readClientFrame(frame: Uint8Array): { opcode: number; payload: Uint8Array } {
  const length = (frame[1] ?? 0) & 0x7f;
  const extra = length < 126 ? 0 : length === 126 ? 2 : 8;
  const mask = frame.subarray(2 + extra, 6 + extra);
  const payload = frame.slice(6 + extra).map((byte, index) => byte ^ (mask[index & 3] ?? 0));
  return { opcode: (frame[0] ?? 0) & 0x0f, payload };
}

/** Cuts bytes at the given fractions (0 to 1). */
export function cutAt(bytes: Uint8Array, positions: readonly number[]): Uint8Array[] {
  const cuts = [...positions.map((position) => Math.floor(position * bytes.length)), bytes.length]
    .sort((
      a,
      b,
    ) => a - b);
  return cuts.map((end, index) => bytes.slice(cuts[index - 1] ?? 0, end));
}
