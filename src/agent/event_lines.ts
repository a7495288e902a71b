/** Splits the bytes of an agent's output into lines, however they are cut, and parses their events. */
import { ByteBuffer } from "../base/byte_buffer.ts";
import type { Adapter } from "./adapter.ts";
import { type JsonFields, jsonObject } from "./json_fields.ts";
import { type AgentEvent, bounded, maxText } from "./model.ts";

/**
 * Returns the events of a line of JSON. `read` returns undefined for an object that isn't the agent's: as any other
 * text, it is output.
 */
export function readJsonLine(
  line: string,
  read: (message: JsonFields) => readonly AgentEvent[] | undefined,
): readonly AgentEvent[] {
  const message = jsonObject(line);
  const events = message === undefined ? undefined : read(message);
  if (events !== undefined) return events;
  return line.trim() === "" ? [] : [{ kind: "output", text: bounded(line) }];
}

/** The longest line; a longer line is cut, and yields no event. A tool's complete answer may be a single line. */
const maxLine = 4 * 1024 * 1024;

/** Turns bytes into events. */
export class EventReader {
  #line = new ByteBuffer();
  #tooLong = false;
  /** The number of bytes that were received. */
  #position: number;
  #offset: number;
  /** Parts of a text that may continue, and the offset after them. */
  #text: { text: string; offset: number } | undefined;

  /** @param offset of the first byte that it will receive. */
  constructor(private readonly adapter: Adapter, offset = 0) {
    this.#position = offset;
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
      this.#position++;
      yield* this.#endLine();
      rest = rest.subarray(end + 1);
    }
    this.#add(rest);
  }

  /** Returns the events of a last line without a line feed, and events that wait for a continuation. */
  *end(): Generator<AgentEvent, void> {
    yield* this.#endLine();
    yield* this.#endText();
  }

  *#endLine(): Generator<AgentEvent, void> {
    const text = new TextDecoder().decode(this.#line.bytes).replace(/\r$/, "");
    const cut = this.#tooLong;
    this.#line = new ByteBuffer();
    this.#tooLong = false;
    const events: readonly AgentEvent[] = cut
      ? [{ kind: "unknown", type: "a line that is too long" }]
      : text === ""
      ? []
      : this.adapter.readLine(text);
    for (const event of events) yield* this.#joined(event);
    if (this.#text === undefined) this.#offset = this.#position;
  }

  *#joined(event: AgentEvent): Generator<AgentEvent, void> {
    if (event.kind === "text" && event.isPart === true) {
      const before = this.#text?.text ?? "";
      if (before.length + event.text.length > maxText) yield* this.#endText();
      const text = `${this.#text?.text ?? ""}${event.text}`;
      this.#text = { text, offset: this.#position };
      return;
    }
    // Events that aren't shown don't separate shown events.
    if (event.kind === "unknown" && this.#text !== undefined) return;
    yield* this.#endText();
    this.#offset = this.#position;
    yield event;
  }

  *#endText(): Generator<AgentEvent, void> {
    if (this.#text === undefined) return;
    const { text, offset } = this.#text;
    this.#text = undefined;
    this.#offset = offset;
    yield { kind: "text", text };
  }

  #add(bytes: Uint8Array): void {
    this.#position += bytes.length;
    if (this.#tooLong) return;
    if (this.#line.length + bytes.length <= maxLine) this.#line.push(bytes);
    else this.#tooLong = true;
  }
}
