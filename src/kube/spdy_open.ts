/** A remote command's streams over SPDY, on a link that waits for a request. */
import { orAborted } from "../base/abort.ts";
import { type HeaderPairs, requestHead } from "./http_request.ts";
import type { Link } from "./link.ts";
import type { KeepAlive } from "./silence.ts";
import { SpdySocket, type SpdyStreams } from "./spdy_socket.ts";
import { askForUpgrade } from "./upgrade.ts";

/** What is asked for. */
export interface SpdyRequest {
  /** Of an http or https address: gives host, path and query. */
  url: URL;
  headers: HeaderPairs;
  streams: SpdyStreams;
  keepAlive: KeepAlive;
}

/** Of remote commands, the fourth: its error stream carries a Status. */
const protocol = "v4.channel.k8s.io";

/** Upgrades, and opens the streams. Rejects as `openWebSocket` does; the link is then closed. */
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
  { url, headers, streams, keepAlive }: SpdyRequest,
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
  if (chosen !== protocol) throw new Error(`the server speaks no ${protocol} over SPDY`);
  return await SpdySocket.open(link, answer.rest, { streams, keepAlive });
}
