/** The opening handshake of a WebSocket. https://www.rfc-editor.org/rfc/rfc6455#section-4.1 */
import { orAborted } from "../base/abort.ts";
import { type AnswerHeaders, LinkReader, readBody, readHead } from "./http_answer.ts";
import { type HeaderPairs, requestHead } from "./http_request.ts";
import type { Link } from "./link.ts";
import { type KeepAlive, WebSocketLink } from "./websocket.ts";

/** The server answered, but not with an upgrade. */
export class UpgradeRefused extends Error {
  override readonly name = "UpgradeRefused";

  constructor(
    readonly code: number,
    readonly body: string,
    /** The header of that name. */
    readonly retryAfter: string | null,
  ) {
    super(`the server answered the upgrade with ${code}`);
  }
}

/** The request was sent, and the link broke before an answer: what it asked for may have begun. */
export class UpgradeUnanswered extends Error {
  override readonly name = "UpgradeUnanswered";

  constructor(override readonly cause: unknown) {
    super(cause instanceof Error ? cause.message : "the link broke", { cause });
  }
}

/** What is asked for. */
export interface UpgradeRequest {
  /** Of an http or https address: gives host, path and query. */
  url: URL;
  headers: HeaderPairs;
  /** The best first. */
  protocols: readonly string[];
  keepAlive: KeepAlive;
}

const maxBody = 64 * 1024;

/**
 * Upgrades a link that waits for a request. Rejects with {@link UpgradeRefused} where the server says something
 * else, with {@link UpgradeUnanswered}, and with the signal's reason; the link is then closed.
 */
export async function openWebSocket(
  link: Link,
  request: UpgradeRequest,
  signal: AbortSignal,
): Promise<WebSocketLink> {
  try {
    return await orAborted(upgrade(link, request), signal);
  } catch (error) {
    link[Symbol.dispose]();
    throw error;
  }
}

async function upgrade(link: Link, request: UpgradeRequest): Promise<WebSocketLink> {
  const key = crypto.getRandomValues(new Uint8Array(16)).toBase64();
  await link.write(requestBytes(request, key));
  const reader = new LinkReader(link);
  const { code, headers } = await readHead(reader).catch((error: unknown) => {
    throw new UpgradeUnanswered(error);
  });
  if (code !== 101) {
    const body = await refusalText(reader, headers);
    throw new UpgradeRefused(code, body, headers.get("retry-after"));
  }
  const protocol = headers.get("sec-websocket-protocol") ?? "";
  if (headers.get("sec-websocket-accept") !== await acceptOf(key)) {
    throw new Error("the server's answer to the WebSocket handshake doesn't belong to it");
  }
  if (!request.protocols.includes(protocol)) {
    throw new Error(
      `the server speaks none of ${
        request.protocols.join(", ")
      }: it is too old, or a proxy is between`,
    );
  }
  return new WebSocketLink(link, reader.rest, protocol, request.keepAlive);
}

function requestBytes({ url, headers, protocols }: UpgradeRequest, key: string): Uint8Array {
  return requestHead("GET", url, [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Version", "13"],
    ["Sec-WebSocket-Key", key],
    ["Sec-WebSocket-Protocol", protocols.join(", ")],
    ...headers,
  ]);
}

/** As much of an error's body as is worth showing. */
async function refusalText(reader: LinkReader, headers: AnswerHeaders): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const bytes of readBody(reader, headers)) {
      text += decoder.decode(bytes, { stream: true });
      if (text.length > maxBody) break;
    }
  } catch {
    // What came of it is still better than nothing.
  }
  return text;
}

/** The proof that the server understood the handshake; SHA-1 by RFC 6455, not for secrecy. */
async function acceptOf(key: string): Promise<string> {
  const text = new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  return new Uint8Array(await crypto.subtle.digest("SHA-1", text)).toBase64();
}
