/** Streams into a pod over SPDY, on a link that is ready for a request. */
import { orAborted } from "../../base/abort.ts";
import { type HeaderPairs, requestHead } from "../link/http_request.ts";
import type { Link } from "../link/link.ts";
import type { KeepAlive } from "./keepalive.ts";
import { SpdySocket, type SpdyStreams } from "./spdy_socket.ts";
import { askForUpgrade } from "./upgrade.ts";

/** The requested stream. */
export interface SpdyRequest {
  /** An http or https address: supplies host, path and query. */
  url: URL;
  headers: HeaderPairs;
  /** The version of the streams' protocol, for the server to confirm. */
  protocol: SpdyProtocol;
  streams: SpdyStreams;
  keepAlive: KeepAlive;
}

/** The fourth of remote commands, whose error stream carries a Status; and the one for port forwards. */
export type SpdyProtocol = "v4.channel.k8s.io" | "portforward.k8s.io";

/** Upgrades, and opens the streams. Rejects like `openWebSocket`; the link is then closed. */
export async function openSpdy(
  link: Link,
  request: SpdyRequest,
  signal: AbortSignal,
): Promise<SpdySocket> {
  try {
    return await orAborted(upgrade(link, request), signal);
  } catch (error) {
    link[Symbol.dispose]();
    throw error;
  }
}

async function upgrade(
  link: Link,
  { url, headers, protocol, streams, keepAlive }: SpdyRequest,
): Promise<SpdySocket> {
  const head = requestHead("POST", url, [
    ["Upgrade", "SPDY/3.1"],
    ["Connection", "Upgrade"],
    ["Content-Length", "0"],
    ["X-Stream-Protocol-Version", protocol],
    ...headers,
  ]);
  const answer = await askForUpgrade(link, head);
  const chosen = answer.headers.get("x-stream-protocol-version");
  if (chosen !== protocol) throw new Error(`the server doesn't speak ${protocol} over SPDY`);
  return await SpdySocket.open(link, answer.rest, { streams, keepAlive });
}
