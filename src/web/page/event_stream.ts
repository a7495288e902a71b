/** Server-sent events, as bytes become them. Pure. https://html.spec.whatwg.org/multipage/server-sent-events.html */

/** One event of a stream. */
export interface StreamEvent {
  /** `message` if the server names none. */
  name: string;
  data: string;
  /** Where the stream resumes after this event; empty if the server doesn't say. */
  id: string;
}

/** Longer events are an error of the server, not something to store. */
const maxCharacters = 4 * 1024 * 1024;

/** Splits a stream into events, whatever its chunks are. */
export class EventParser {
  #line = "";
  #event: { name: string; data: string[] } = { name: "", data: [] };
  #id = "";
  #size = 0;

  /** Returns the events that are complete. @throws RangeError if one is longer than 4 Mi characters. */
  add(text: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    const lines = (this.#line + text).split("\n");
    this.#line = lines.pop() ?? "";
    for (const line of lines) {
      const event = this.#field(line.replace(/\r$/, ""));
      if (event !== undefined) events.push(event);
    }
    this.#size += text.length;
    if (events.length > 0) this.#size = this.#line.length;
    if (this.#size > maxCharacters) throw new RangeError("an event is too long");
    return events;
  }

  #field(line: string): StreamEvent | undefined {
    if (line === "") {
      const { name, data } = this.#event;
      this.#event = { name: "", data: [] };
      if (data.length === 0) return undefined;
      return { name: name === "" ? "message" : name, data: data.join("\n"), id: this.#id };
    }
    const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === "data") this.#event.data.push(value);
    else if (field === "event") this.#event.name = value;
    else if (field === "id") this.#id = value;
    // Comments only show that the server is there.
    else if (field === "") this.#size = 0;
    return undefined;
  }
}
