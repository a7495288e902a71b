/** The opening handshake of a WebSocket. https://www.rfc-editor.org/rfc/rfc6455#section-4.1 */
import { orAborted } from "../../base/abort.ts";
import { type HeaderPairs, requestHead } from "../link/http_request.ts";
import type { Link } from "../link/link.ts";
import type { KeepAlive } from "./keepalive.ts";
import { askForUpgrade } from "./upgrade.ts";
import { WebSocketLink } from "./websocket.ts";

/** The requested upgrade. */
export interface UpgradeRequest {
  /** An http or https address: supplies host, path and query. */
  url: URL;
  headers: HeaderPairs;
  /** The best first. */
  protocols: readonly string[];
  keepAlive: KeepAlive;
}

/**
 * Upgrades a link that is ready for a request. Rejects with {@link UpgradeRefused} if the server answers otherwise,
 * with {@link UpgradeUnanswered}, and with the signal's reason; the link is then closed.
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
  const { headers, rest } = await askForUpgrade(link, requestBytes(request, key));
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
  return new WebSocketLink(link, rest, protocol, request.keepAlive);
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

/** Returns the proof that the server understood the handshake; SHA-1 by RFC 6455, not for secrecy. */
async function acceptOf(key: string): Promise<string> {
  const text = new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  return new Uint8Array(await crypto.subtle.digest("SHA-1", text)).toBase64();
}
