/** Lines out of the bytes of an agent's output, however they are cut, and what they mean. */
import { GrowingBytes } from "../base/growing_bytes.ts";
import type { Adapter } from "./adapter.ts";
import type { AgentEvent } from "./model.ts";

/** Of a line; what is longer is cut, and means nothing then. A tool's whole answer may be one line. */
const maxLine = 4 * 1024 * 1024;

/** Takes bytes, gives events. */
export class EventReader {
  #line = new GrowingBytes();
  #tooLong = false;
  #offset: number;

  /** @param offset of the first byte that it will be given. */
  constructor(private readonly adapter: Adapter, offset = 0) {
    this.#offset = offset;
  }

  /** Behind the line whose events were given last. */
  get offset(): number {
    return this.#offset;
  }

  /** Events of the lines that are whole now. */
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

  /** Events of what has no line feed behind it. */
  *end(): Generator<AgentEvent, void> {
    const text = new TextDecoder().decode(this.#line.bytes).replace(/\r$/, "");
    const cut = this.#tooLong;
    this.#line = new GrowingBytes();
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
