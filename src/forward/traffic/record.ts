/**
 * Records observed traffic: HTTP as HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), or everything as a JSON
 * line per event. No bodies, and nothing unmasked, since events have neither.
 *
 * A HAR is a complete document after each write: the next entries overwrite its closing brackets, and bring new
 * brackets.
 */
import { KodamaError } from "../../base/errors.ts";
import type { Exchange, Header, TrafficEvent } from "./events.ts";
import { mask } from "./mask.ts";

/** A file that is written at offsets. */
export interface TrafficFile extends AsyncDisposable {
  write(bytes: Uint8Array, atByte: number): Promise<void>;
  truncate(bytes: number): Promise<void>;
}

/** The summary of a recording at its end. */
export interface RecordingSummary {
  /** Exchanges in a HAR, events in lines. */
  recorded: number;
  /** Not recorded, because the limit was reached, the disk was too slow, or writing failed. */
  omitted: number;
  /** Other protocols, which a HAR can't express. */
  otherProtocols: number;
  bytes: number;
  /** Why writing failed. */
  failure?: string;
}

/** Options of a {@link TrafficRecorder}. */
interface RecordOptions {
  format: "har" | "jsonl";
  /** The file isn't longer than this. */
  maxBytes?: number;
  creator: { name: string; version: string };
}

const defaultMaxBytes = 256 * 2 ** 20;
/** Events that wait for the disk. */
const maxPendingBytes = 4 * 2 ** 20;
const harTail = "\n]}}\n";

/** Writes events to a file as they come. `add` never waits. */
export class TrafficRecorder {
  readonly #format: RecordOptions["format"];
  readonly #maxBytes: number;
  /** Where the next entry starts: before the tail. */
  #endByte = 0;
  #hasEntry = false;
  #pending: string[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> | undefined;
  #isFull = false;
  #failure: string | undefined;
  #recorded = 0;
  #omitted = 0;
  #otherProtocols = 0;

  constructor(
    private readonly file: TrafficFile,
    { format, maxBytes = defaultMaxBytes, creator }: RecordOptions,
  ) {
    this.#format = format;
    this.#maxBytes = maxBytes;
    if (format === "har") {
      const log = asciiJson({ version: "1.2", creator });
      this.#push(`{"log":${log.slice(0, -1)},"entries":[`);
    }
  }

  /** Records an event, if the format can express it. */
  add(event: TrafficEvent): void {
    if (this.#format === "jsonl") return this.#addText(`${asciiJson(event)}\n`);
    if (event.kind !== "exchange") return;
    if (!isHttp(event)) {
      this.#otherProtocols++;
      return;
    }
    this.#addText(`${this.#hasEntry ? "," : ""}\n${asciiJson(harEntry(event))}`);
    this.#hasEntry = true;
  }

  /** Writes pending entries, and closes the file. Never rejects. */
  async close(): Promise<RecordingSummary> {
    while (this.#writing !== undefined) await this.#writing;
    await this.file[Symbol.asyncDispose]();
    return {
      recorded: this.#recorded,
      omitted: this.#omitted,
      otherProtocols: this.#otherProtocols,
      bytes: this.#endByte + (this.#format === "har" ? harTail.length : 0),
      ...this.#failure !== undefined && { failure: this.#failure },
    };
  }

  #addText(text: string): void {
    const bytes = this.#endByte + this.#pendingBytes + text.length + harTail.length;
    this.#isFull ||= bytes > this.#maxBytes;
    if (this.#isFull || this.#pendingBytes > maxPendingBytes || this.#failure !== undefined) {
      this.#omitted++;
      return;
    }
    this.#recorded++;
    this.#push(text);
  }

  #push(text: string): void {
    this.#pending.push(text);
    this.#pendingBytes += text.length;
    this.#writing ??= this.#write().finally(() => this.#writing = undefined);
  }

  async #write(): Promise<void> {
    while (this.#pending.length > 0 && this.#failure === undefined) {
      const count = this.#pending.length;
      const text = this.#pending.join("");
      [this.#pending, this.#pendingBytes] = [[], 0];
      const tail = this.#format === "har" ? harTail : "";
      try {
        await this.file.write(new TextEncoder().encode(text + tail), this.#endByte);
        this.#endByte += text.length;
      } catch (error) {
        this.#failure = messageOf(error);
        this.#omitted += count;
        this.#recorded -= count;
        await this.#restore(tail);
      }
    }
  }

  /** After a failed write: makes the file end with the last complete entry again. */
  async #restore(tail: string): Promise<void> {
    try {
      await this.file.truncate(this.#endByte);
      if (this.#endByte > 0) await this.file.write(new TextEncoder().encode(tail), this.#endByte);
    } catch {
      // The failure is reported already.
    }
  }
}

/** JSON without other characters, so that its length is its number of bytes. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function isHttp({ protocol }: Exchange): boolean {
  return protocol === "http/1" || protocol === "http/2" || protocol === "grpc";
}

function harEntry(exchange: Exchange): unknown {
  const { operation, status, http, connection, at, requestBytes, responseBytes } = exchange;
  const { version = "HTTP/1.1", statusText = "", request = [], response = [] } = http ?? {};
  const send = exchange.sentMs;
  const firstByte = Math.max(send, exchange.firstByteMs ?? exchange.durationMs);
  const isGrpc = exchange.protocol === "grpc";
  const code = isGrpc && !/^\d+$/.test(status ?? "") ? 200 : Number(status ?? 0);
  return {
    startedDateTime: at,
    time: round(Math.max(firstByte, exchange.durationMs)),
    request: {
      method: operation,
      url: urlOf(exchange),
      httpVersion: version,
      cookies: [],
      headers: request,
      queryString: queryOf(exchange.path ?? ""),
      headersSize: -1,
      bodySize: requestBytes,
    },
    response: {
      // 0: there was none.
      status: status === undefined ? 0 : code,
      statusText,
      httpVersion: version,
      cookies: [],
      headers: response,
      content: { size: responseBytes, mimeType: header(response, "content-type") },
      redirectURL: header(response, "location"),
      headersSize: -1,
      bodySize: responseBytes,
    },
    cache: {},
    timings: {
      send: round(send),
      wait: round(firstByte - send),
      receive: round(Math.max(0, exchange.durationMs - firstByte)),
    },
    connection: String(connection),
    ...isGrpc && status !== undefined && { _grpcStatus: status },
    ...!exchange.complete && { comment: "the connection ended before the response" },
  };
}

function urlOf({ path = "/", authority = "localhost" }: Exchange): string {
  if (path.startsWith("/")) return `http://${authority}${path}`;
  return /^[a-z][\w+.-]*:\/\//i.test(path) ? path : `http://${authority}/${path}`;
}

function queryOf(path: string): Header[] {
  const query = /\?(.*)$/.exec(path)?.[1] ?? "";
  return query === "" ? [] : query.split("&").map((pair) => {
    const [name = ""] = pair.split("=", 1);
    return { name, value: mask };
  });
}

function header(headers: readonly Header[], name: string): string {
  return headers.find((one) => one.name.toLowerCase() === name)?.value ?? "";
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/**
 * Creates the file of a recording; only the user may read it.
 *
 * @throws KodamaError `conflict` if it exists, `environment` if it can't be created.
 */
export async function openRecordFile(path: string): Promise<TrafficFile> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new KodamaError("conflict", `${path} already exists`, {
        hint: "record to another file, or remove this one first",
        cause: error,
      });
    }
    throw new KodamaError("environment", `recording to ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return {
    async write(bytes, atByte) {
      await file.seek(atByte, Deno.SeekMode.Start);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    },
    truncate: (bytes) => file.truncate(bytes),
    [Symbol.asyncDispose]() {
      file.close();
      return Promise.resolve();
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
