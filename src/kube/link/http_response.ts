/** An HTTP/1.1 answer read from a {@link Link}: head, then body as it comes. RFC 9112. */
import { joinBytes } from "../../base/join_bytes.ts";
import { ChunkedBody } from "./http_chunks.ts";
import type { Link } from "./link.ts";

const maxHead = 64 * 1024;

/** Headers of an answer, with case-insensitive names. `Headers` is one; loading it costs 2 ms of startup time. */
export interface AnswerHeaders {
  /** Several of one name are joined by commas. */
  get(name: string): string | null;
}

/** The part before the body. */
export interface HttpHead {
  code: number;
  headers: AnswerHeaders;
}

/** An answer, by either transport. */
export interface HttpAnswer extends HttpHead {
  /** Streamed; read once, or dropped. */
  body: AsyncIterable<Uint8Array>;
  /** Drops an unneeded body. */
  drop(): void;
}

/** Reads a link by lines or by pieces; buffers excess bytes. */
export class LinkReader {
  #kept: Uint8Array = new Uint8Array(0);

  constructor(private readonly link: Link) {}

  /** The bytes that were read and not consumed. */
  get rest(): Uint8Array {
    return this.#kept;
  }

  /** Returns excess bytes to the buffer. */
  putBack(rest: Uint8Array): void {
    this.#kept = rest;
  }

  /** Returns at most `limit` bytes, null at the end. */
  async some(limit: number): Promise<Uint8Array | null> {
    if (this.#kept.length === 0) {
      const chunk = await this.link.read();
      if (chunk === null) return null;
      this.#kept = chunk;
    }
    const bytes = this.#kept.subarray(0, limit);
    this.#kept = this.#kept.subarray(bytes.length);
    return bytes;
  }

  /** Returns a line without its end. Rejects if none ends within the limit. */
  async line(limit: number): Promise<string> {
    for (;;) {
      const end = this.#kept.indexOf(10);
      if (end !== -1) {
        const text = new TextDecoder("latin1").decode(this.#kept.subarray(0, end));
        this.#kept = this.#kept.subarray(end + 1);
        return text.replace(/\r$/, "");
      }
      if (this.#kept.length > limit) {
        throw new Error("the server's answer has a line without an end");
      }
      const chunk = await this.link.read();
      if (chunk === null) throw new Error("the connection was closed before an answer");
      this.#kept = joinBytes([this.#kept, chunk]);
    }
  }
}

/** Returns the head of an answer. Rejects if it isn't HTTP. */
export async function readHead(reader: LinkReader): Promise<HttpHead> {
  const first = await reader.line(maxHead);
  const code = /^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1];
  if (code === undefined) throw new Error("the server doesn't speak HTTP there");
  const headers = new HeaderFields();
  for (let left = maxHead; left > 0;) {
    const line = await reader.line(left);
    if (line === "") return { code: Number(code), headers };
    left -= line.length + 2;
    const colon = line.indexOf(":");
    if (colon > 0) headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  throw new Error("the server's answer has no end of its head");
}

class HeaderFields implements AnswerHeaders {
  readonly #fields = new Map<string, string>();

  get(name: string): string | null {
    return this.#fields.get(name.toLowerCase()) ?? null;
  }

  append(name: string, value: string): void {
    const before = this.get(name);
    this.#fields.set(name.toLowerCase(), before === null ? value : `${before}, ${value}`);
  }
}

/** Returns the body, by one of the three framings that the head announces. Rejects if it ends too early. */
export async function* readBody(
  reader: LinkReader,
  headers: AnswerHeaders,
): AsyncGenerator<Uint8Array, void> {
  if (/\bchunked\b/i.test(headers.get("transfer-encoding") ?? "")) return yield* inChunks(reader);
  const length = headers.get("content-length");
  if (length !== null) return yield* exactly(reader, Number(length));
  for (
    let bytes = await reader.some(Infinity);
    bytes !== null;
    bytes = await reader.some(Infinity)
  ) {
    yield bytes;
  }
}

async function* inChunks(reader: LinkReader): AsyncGenerator<Uint8Array, void> {
  const body = new ChunkedBody();
  while (!body.ended) {
    const bytes = body.take(await someOf(reader, Infinity));
    if (bytes.length > 0) yield bytes;
  }
  reader.putBack(body.rest);
}

async function* exactly(reader: LinkReader, count: number): AsyncGenerator<Uint8Array, void> {
  for (let left = count; left > 0;) {
    const bytes = await someOf(reader, left);
    left -= bytes.length;
    yield bytes;
  }
}

async function someOf(reader: LinkReader, limit: number): Promise<Uint8Array> {
  const bytes = await reader.some(limit);
  if (bytes !== null) return bytes;
  throw new Error("the connection was closed in the middle of an answer");
}
