/**
 * HTTP/1.1 over a {@link Link} of our own, where `fetch` doesn't do: a connection that read a pod then carries a stream
 * into it; each of many logs has its own, so that an unread one holds up no other; and servers whose certificate has
 * another name, isn't verified, or that a proxy leads to. RFC 9112.
 */
import { joinBytes } from "../../base/byte_buffer.ts";
import type { Link } from "./link.ts";
import { onAbort } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";

/** Names and values in their order. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/**
 * One header. Throws `config` for a value that HTTP can't carry: it comes from a kubeconfig or a credential program,
 * and a line break in it would start another header.
 */
export function header(name: string, value: string): readonly [string, string] {
  // Tab, printable ASCII, and the upper half of Latin-1: RFC 9110, 5.5.
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value) || !/^[!#$%&'*+.^`|~\w-]+$/.test(name)) {
    throw new KodamaError(
      "config",
      `the credentials have a character that the header ${name.replace(/\W/g, "-")} can't carry`,
    );
  }
  return [name, value];
}

/** The request up to its body. */
export function requestHead(method: string, url: URL, headers: HeaderPairs): Uint8Array {
  const lines = [
    `${method} ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
}

/* One request, and its response. */

/** In the terms of `fetch`. */
export interface LinkRequest {
  method: string;
  headers: HeaderPairs;
  body: string | undefined;
}

/**
 * @param finished gets the link back when the body has been read and the server leaves the connection open. In every
 *   other case the link is closed: at the end of the body, when it is dropped, and when the signal aborts.
 */
export async function fetchByLink(
  link: Link,
  url: URL,
  request: LinkRequest,
  { signal, finished }: { signal: AbortSignal; finished: (link: Link) => void },
): Promise<HttpResponse> {
  const cleanup = new DisposableStack();
  cleanup.use(link);
  const listening = onAbort(signal, () => link[Symbol.dispose]());
  cleanup.use(listening);
  try {
    await link.write(requestBytes(url, request));
    const reader = new LinkReader(link);
    const head = await readHead(reader);
    if (head.code < 200) throw new Error(`an answer of ${head.code} to an ordinary request`);
    const done = () => {
      // An abort closed the link, though the whole answer had arrived.
      if (signal.aborted || !staysOpen(head, reader)) return cleanup.dispose();
      cleanup.move();
      listening[Symbol.dispose]();
      finished(link);
    };
    return { ...head, body: bodyThen(done, reader, head, cleanup), drop: () => cleanup.dispose() };
  } catch (error) {
    cleanup.dispose();
    throw signal.aborted ? signal.reason : error;
  }
}

async function* bodyThen(
  done: () => void,
  reader: LinkReader,
  { code, headers }: HttpHead,
  cleanup: DisposableStack,
): AsyncGenerator<Uint8Array, void> {
  // Dropped early or broken: the remaining bytes would be read as the next answer.
  using _unlessDone = cleanup;
  if (code !== 204 && code !== 304) yield* readBody(reader, headers);
  done();
}

/**
 * Returns whether the connection can carry another request: the end of this answer is known, and nothing followed it.
 */
function staysOpen({ code, headers }: HttpHead, reader: LinkReader): boolean {
  const bounded = code === 204 || code === 304 || headers.get("content-length") !== null ||
    /\bchunked\b/i.test(headers.get("transfer-encoding") ?? "");
  return bounded && reader.excess.length === 0 &&
    !/\bclose\b/i.test(headers.get("connection") ?? "");
}

function requestBytes(url: URL, { method, headers, body = "" }: LinkRequest): Uint8Array {
  const bytes = new TextEncoder().encode(body);
  const head = requestHead(method, url, [...headers, ["content-length", String(bytes.length)]]);
  // In one write: two would be two TLS records, and often two packets.
  return joinBytes([head, bytes]);
}

/* A response: head, then body as it comes. */

const maxHead = 64 * 1024;

/** Headers of an answer, with case-insensitive names. `Headers` is one; loading it costs 2 ms of startup time. */
export interface ResponseHeaders {
  /** Several of one name are joined by commas. */
  get(name: string): string | null;
}

/** The part before the body. */
interface HttpHead {
  code: number;
  headers: ResponseHeaders;
}

/** An answer, by either transport. */
export interface HttpResponse extends HttpHead {
  /** Streamed; read once, or dropped. */
  body: AsyncIterable<Uint8Array>;
  /** Drops an unneeded body. */
  drop(): void;
}

/** Reads a link by lines or by pieces; buffers excess bytes. */
export class LinkReader {
  #buffered: Uint8Array = new Uint8Array(0);

  constructor(private readonly link: Link) {}

  /** The bytes that were read and not consumed. */
  get excess(): Uint8Array {
    return this.#buffered;
  }

  /** Returns excess bytes to the buffer. */
  unread(excess: Uint8Array): void {
    this.#buffered = excess;
  }

  /** Returns at most `limit` bytes, null at the end. */
  async some(limit: number): Promise<Uint8Array | null> {
    if (this.#buffered.length === 0) {
      const chunk = await this.link.read();
      if (chunk === null) return null;
      this.#buffered = chunk;
    }
    const bytes = this.#buffered.subarray(0, limit);
    this.#buffered = this.#buffered.subarray(bytes.length);
    return bytes;
  }

  /** Returns a line without its end. Rejects if none ends within the limit. */
  async line(limit: number): Promise<string> {
    for (;;) {
      const end = this.#buffered.indexOf(10);
      if (end !== -1) {
        const text = new TextDecoder("latin1").decode(this.#buffered.subarray(0, end));
        this.#buffered = this.#buffered.subarray(end + 1);
        return text.replace(/\r$/, "");
      }
      if (this.#buffered.length > limit) {
        throw new Error("the server's answer has a line without an end");
      }
      const chunk = await this.link.read();
      if (chunk === null) throw new Error("the connection was closed before an answer");
      this.#buffered = joinBytes([this.#buffered, chunk]);
    }
  }
}

/** Returns the head of an answer. Rejects if it isn't HTTP. */
export async function readHead(reader: LinkReader): Promise<HttpHead> {
  const first = await reader.line(maxHead);
  const code = /^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1];
  if (code === undefined) throw new Error("the server doesn't speak HTTP there");
  const headers = new HeaderFields();
  for (let remaining = maxHead; remaining > 0;) {
    const line = await reader.line(remaining);
    if (line === "") return { code: Number(code), headers };
    remaining -= line.length + 2;
    const colon = line.indexOf(":");
    if (colon > 0) headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  throw new Error("the server's answer has no end of its head");
}

class HeaderFields implements ResponseHeaders {
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
  headers: ResponseHeaders,
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
  reader.unread(body.excess);
}

async function* exactly(reader: LinkReader, count: number): AsyncGenerator<Uint8Array, void> {
  for (let remaining = count; remaining > 0;) {
    const bytes = await someOf(reader, remaining);
    remaining -= bytes.length;
    yield bytes;
  }
}

async function someOf(reader: LinkReader, limit: number): Promise<Uint8Array> {
  const bytes = await reader.some(limit);
  if (bytes !== null) return bytes;
  throw new Error("the connection was closed in the middle of an answer");
}

/* Decodes a chunked body as it arrives. https://www.rfc-editor.org/rfc/rfc9112#section-7.1 */

/** The size of a chunk in hexadecimal, with extensions that no one uses; a trailer field. */
const maxLine = 1024;
/** All trailer fields together. */
const maxTrailers = 64 * 1024;
/** Sixteen terabytes: more is an error, and soon beyond an exact number. */
const maxSizeDigits = 11;

const [newline, semicolon, carriageReturn] = [0x0a, 0x3b, 0x0d];

type Part =
  /** The line with a chunk's size. */
  | "size"
  | "data"
  /** The line end after a chunk. */
  | "dataEnd"
  /** Fields that weren't requested, up to an empty line. */
  | "trailers"
  | "ended";

/**
 * Strips the framing of a body. A server that writes line by line sends a frame for each: all frames of one read become
 * one piece.
 */
export class ChunkedBody {
  #part: Part = "size";
  /** The remaining bytes of the chunk. */
  #remaining = 0;
  /** The known part of an incomplete line. */
  #digits = "";
  #lineLength = 0;
  #inExtension = false;
  #trailersLength = 0;
  #excess = new Uint8Array(0);

  /** Whether the body is complete. */
  get ended(): boolean {
    return this.#part === "ended";
  }

  /** The bytes after the body's end. */
  get excess(): Uint8Array {
    return this.#excess;
  }

  /**
   * Returns the body's bytes among these; none may be. They are moved together within the given memory.
   *
   * @throws Error if it isn't a chunked body.
   */
  take(bytes: Uint8Array): Uint8Array {
    let at = 0;
    let used = 0;
    while (at < bytes.length && this.#part !== "ended") {
      if (this.#part !== "data") {
        at = this.#readLine(bytes, at);
        continue;
      }
      const end = Math.min(at + this.#remaining, bytes.length);
      if (used !== at) bytes.copyWithin(used, at, end);
      used += end - at;
      this.#remaining -= end - at;
      at = end;
      if (this.#remaining === 0) this.#part = "dataEnd";
    }
    if (this.#part === "ended") this.#excess = bytes.slice(at);
    return bytes.subarray(0, used);
  }

  /** Reads one byte between data. A line is short: searching for its end gains nothing. */
  #readLine(bytes: Uint8Array, at: number): number {
    const byte = bytes[at] as number;
    if (byte !== newline) {
      if (++this.#lineLength > maxLine) throw wrong();
      if (this.#part === "size") this.#readDigit(byte);
      else if (this.#part === "dataEnd" && byte !== carriageReturn) throw wrong();
      return at + 1;
    }
    this.#endLine();
    this.#lineLength = 0;
    return at + 1;
  }

  #readDigit(byte: number): void {
    if (byte === semicolon) this.#inExtension = true;
    else if (!this.#inExtension && byte !== carriageReturn) {
      this.#digits += String.fromCharCode(byte);
    }
  }

  #endLine(): void {
    if (this.#part === "dataEnd") this.#part = "size";
    else if (this.#part === "size") {
      this.#remaining = sizeOf(this.#digits);
      this.#digits = "";
      this.#inExtension = false;
      this.#part = this.#remaining === 0 ? "trailers" : "data";
    } else if (this.#lineLength <= 1) this.#part = "ended";
    else {
      this.#trailersLength += this.#lineLength;
      if (this.#trailersLength > maxTrailers) throw wrong();
    }
  }
}

function sizeOf(digits: string): number {
  const text = digits.trim();
  if (!/^[0-9a-fA-F]+$/.test(text) || text.length > maxSizeDigits) throw wrong();
  return Number.parseInt(text, 16);
}

function wrong(): Error {
  return new Error("the server's answer is cut into pieces wrongly");
}
