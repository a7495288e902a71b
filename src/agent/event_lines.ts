/** Splits the bytes of an agent's output into lines, however they are cut, and parses their events. */
import { ByteBuffer } from "../base/byte_buffer.ts";
import type { Adapter } from "./adapter.ts";
import type { AgentEvent } from "./model.ts";

/** Of a line; a longer one is cut, and yields no event. A tool's complete answer may be one line. */
const maxLine = 4 * 1024 * 1024;

/** Turns bytes into events. */
export class EventReader {
  #line = new ByteBuffer();
  #tooLong = false;
  #offset: number;

  /** @param offset of the first byte that it will receive. */
  constructor(private readonly adapter: Adapter, offset = 0) {
    this.#offset = offset;
  }

  /** The offset after the line whose events were emitted last. */
  get offset(): number {
    return this.#offset;
  }

  /** Returns the events of the lines that are complete now. */
  *take(bytes: Uint8Array): Generator<AgentEvent, void> {
    let rest = bytes;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.#add(rest.subarray(0, end));
      this.#offset++;
      yield* this.end();
      rest = rest.subarray(end + 1);
    }
    this.#add(rest);
  }

  /** Returns the events of a last line without a line feed. */
  *end(): Generator<AgentEvent, void> {
    const text = new TextDecoder().decode(this.#line.bytes).replace(/\r$/, "");
    const cut = this.#tooLong;
    this.#line = new ByteBuffer();
    this.#tooLong = false;
    if (cut) yield { kind: "unknown", type: "a line that is too long" };
    else if (text !== "") yield* this.adapter.readLine(text);
  }

  #add(bytes: Uint8Array): void {
    this.#offset += bytes.length;
    if (this.#tooLong) return;
    if (this.#line.length + bytes.length <= maxLine) this.#line.push(bytes);
    else this.#tooLong = true;
  }
}
