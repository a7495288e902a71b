/** The opening handshake of a WebSocket. https://www.rfc-editor.org/rfc/rfc6455#section-4.1 */
import { orAborted } from "../base/abort.ts";
import type { Link } from "./link.ts";
import { type KeepAlive, WebSocketLink } from "./websocket.ts";

/** The server answered, but not with an upgrade. */
export class UpgradeRefused extends Error {
  override readonly name = "UpgradeRefused";

  constructor(readonly code: number, readonly body: string) {
    super(`the server answered the upgrade with ${code}`);
  }
}

/** What is asked for. */
export interface UpgradeRequest {
  /** Of an http or https address: gives host, path and query. */
  url: URL;
  headers: Headers;
  /** The best first. */
  protocols: readonly string[];
  keepAlive?: KeepAlive;
}

const maxHead = 64 * 1024;
const maxBody = 64 * 1024;

/**
 * Upgrades a fresh link. Rejects with {@link UpgradeRefused} where the server says something else, and with
 * the signal's reason; the link is then closed.
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
  await link.write(new TextEncoder().encode(requestText(request, key)));
  const { head, rest } = await readHead(link);
  const { code, headers } = parseHead(head);
  if (code !== 101) throw new UpgradeRefused(code, await readBody(link, headers, rest));
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

function requestText({ url, headers, protocols }: UpgradeRequest, key: string): string {
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${key}`,
    `Sec-WebSocket-Protocol: ${protocols.join(", ")}`,
  ];
  // `Headers` has refused line breaks in names and values.
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

async function readHead(link: Link): Promise<{ head: string; rest: Uint8Array }> {
  let bytes = new Uint8Array(0);
  for (;;) {
    const end = headEnd(bytes);
    if (end !== -1) {
      return { head: latin1(bytes.subarray(0, end)), rest: bytes.subarray(end) };
    }
    if (bytes.length > maxHead) throw new Error("the server's answer has no end of its head");
    const chunk = await link.read();
    if (chunk === null) throw new Error("the connection was closed before an answer");
    bytes = joined(bytes, chunk);
  }
}

/** The index after the empty line, or -1. */
function headEnd(bytes: Uint8Array): number {
  for (let index = 3; index < bytes.length; index++) {
    if (bytes[index] === 10 && bytes[index - 1] === 13 && bytes[index - 2] === 10) return index + 1;
  }
  return -1;
}

function parseHead(head: string): { code: number; headers: Headers } {
  const [first = "", ...lines] = head.split("\r\n");
  const code = /^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1];
  if (code === undefined) throw new Error("the server doesn't speak HTTP there");
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return { code: Number(code), headers };
}

/** As much of an error's body as is worth showing; a body without a length ends with the connection. */
async function readBody(link: Link, headers: Headers, rest: Uint8Array): Promise<string> {
  const length = Math.min(Number(headers.get("content-length") ?? maxBody), maxBody);
  const chunked = headers.get("transfer-encoding")?.includes("chunked") ?? false;
  let bytes = rest.slice();
  while (bytes.length < length && !(chunked && latin1(bytes.subarray(-7)).endsWith("0\r\n\r\n"))) {
    const chunk = await link.read().catch(() => null);
    if (chunk === null) break;
    bytes = joined(bytes, chunk);
  }
  return new TextDecoder().decode(chunked ? unchunked(bytes) : bytes);
}

/** https://www.rfc-editor.org/rfc/rfc9112#section-7.1 */
function unchunked(bytes: Uint8Array): Uint8Array {
  let whole = new Uint8Array(0);
  for (let at = 0; at < bytes.length;) {
    const lineEnd = bytes.indexOf(10, at);
    if (lineEnd === -1) break;
    const size = Number.parseInt(latin1(bytes.subarray(at, lineEnd)), 16);
    if (!(size > 0)) break;
    whole = joined(whole, bytes.subarray(lineEnd + 1, lineEnd + 1 + size));
    at = lineEnd + 1 + size + 2;
  }
  return whole;
}

/** The proof that the server understood the handshake; SHA-1 by RFC 6455, not for secrecy. */
async function acceptOf(key: string): Promise<string> {
  const text = new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  return new Uint8Array(await crypto.subtle.digest("SHA-1", text)).toBase64();
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
