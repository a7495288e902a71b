/**
 * One HTTP request over a {@link Link} of its own, for the servers that the runtime's `fetch` can't be told
 * about: another name in the certificate (`tls-server-name`), or no verification at all.
 */
import { onAbort } from "../base/abort.ts";
import { LinkReader, readBody, readHead } from "./http_answer.ts";
import type { Link } from "./link.ts";

/** In the terms of `fetch`. */
export interface LinkRequest {
  method: string;
  headers: Headers;
  body: string | undefined;
}

/** The link is closed at the end of the body, or when the signal aborts. */
export async function fetchByLink(
  link: Link,
  url: URL,
  request: LinkRequest,
  signal: AbortSignal,
): Promise<Response> {
  const cleanup = new DisposableStack();
  cleanup.use(link);
  cleanup.use(onAbort(signal, () => link[Symbol.dispose]()));
  try {
    await link.write(requestBytes(url, request));
    const reader = new LinkReader(link);
    const { code, headers } = await readHead(reader);
    if (code < 200) throw new Error(`an answer of ${code} to an ordinary request`);
    if (code === 204 || code === 304) {
      cleanup.dispose();
      return new Response(null, { status: code, headers });
    }
    const body = ReadableStream.from(bodyThenClose(reader, headers, cleanup));
    return new Response(body, { status: code, headers });
  } catch (error) {
    cleanup.dispose();
    throw signal.aborted ? signal.reason : error;
  }
}

async function* bodyThenClose(
  reader: LinkReader,
  headers: Headers,
  cleanup: DisposableStack,
): AsyncGenerator<Uint8Array, void> {
  using _cleanup = cleanup;
  yield* readBody(reader, headers);
}

function requestBytes(url: URL, { method, headers, body = "" }: LinkRequest): Uint8Array {
  const encoder = new TextEncoder();
  const lines = [
    `${method} ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    "Connection: close",
    `Content-Length: ${encoder.encode(body).length}`,
  ];
  // `Headers` has refused line breaks in names and values.
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  return encoder.encode(`${lines.join("\r\n")}\r\n\r\n${body}`);
}
