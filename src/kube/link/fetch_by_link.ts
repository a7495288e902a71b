/**
 * One HTTP request over a {@link Link}: for servers that the runtime's `fetch` can't be configured for (another name in
 * the certificate, no verification), and if the link itself is needed afterwards.
 */
import { onAbort } from "../../base/abort.ts";
import { joinBytes } from "../../base/join_bytes.ts";
import {
  type HttpHead,
  type HttpResponse,
  LinkReader,
  readBody,
  readHead,
} from "./http_response.ts";
import { type HeaderPairs, requestHead } from "./http_request.ts";
import type { Link } from "./link.ts";

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
      if (!staysOpen(head, reader)) return cleanup.dispose();
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
  return bounded && reader.rest.length === 0 &&
    !/\bclose\b/i.test(headers.get("connection") ?? "");
}

function requestBytes(url: URL, { method, headers, body = "" }: LinkRequest): Uint8Array {
  const bytes = new TextEncoder().encode(body);
  const head = requestHead(method, url, [...headers, ["content-length", String(bytes.length)]]);
  // In one write: two would be two TLS records, and often two packets.
  return joinBytes([head, bytes]);
}
