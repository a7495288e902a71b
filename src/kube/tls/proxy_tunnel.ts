/** Connects through a proxy to a server: HTTP CONNECT (RFC 9110, 9.3.6) or SOCKS5 (RFC 1928, 1929). */
import type { Link } from "../link/link.ts";

/** The proxy's address and protocol. */
export interface Proxy {
  kind: "http" | "socks5";
  hostname: string;
  port: number;
  username: string;
  password: string;
}

const maxAnswer = 16 * 1024;

/** Parses `proxy-url`. Throws a plain error for a proxy that streams can't use. */
export function parseProxy(text: string): Proxy {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  const kinds: Record<string, Proxy["kind"]> = {
    "http:": "http",
    "socks5:": "socks5",
    "socks5h:": "socks5",
  };
  const kind = kinds[url?.protocol ?? ""];
  if (url === null || kind === undefined) {
    throw new Error(`the proxy ${JSON.stringify(text.slice(0, 100))} is neither http nor socks5`);
  }
  return {
    kind,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (kind === "http" ? 80 : 1080) : Number(url.port),
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
}

/** Connects the link through the proxy to the server. Rejects with the proxy's refusal. */
export async function tunnel(
  link: Link,
  proxy: Proxy,
  to: { hostname: string; port: number },
): Promise<void> {
  if (proxy.kind === "http") await connectByHttp(link, proxy, to);
  else await connectBySocks(link, proxy, to);
}

async function connectByHttp(
  link: Link,
  { username, password }: Proxy,
  { hostname, port }: { hostname: string; port: number },
): Promise<void> {
  const host = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  const lines = [`CONNECT ${host} HTTP/1.1`, `Host: ${host}`];
  if (username !== "") {
    const pair = new TextEncoder().encode(`${username}:${password}`).toBase64();
    lines.push(`Proxy-Authorization: Basic ${pair}`);
  }
  await link.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
  let answer = "";
  while (!answer.includes("\r\n\r\n")) {
    const chunk = await link.read();
    if (chunk === null || answer.length > maxAnswer) throw new Error("the proxy gave no answer");
    answer += new TextDecoder("latin1").decode(chunk);
  }
  const code = /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1];
  if (code !== "200") throw new Error(`the proxy refused: ${code ?? "no HTTP answer"}`);
}

async function connectBySocks(
  link: Link,
  { username, password }: Proxy,
  { hostname, port }: { hostname: string; port: number },
): Promise<void> {
  const encoder = new TextEncoder();
  const read = exactReader(link);
  const byName = username === "" ? 0 : 2;
  await link.write(Uint8Array.of(5, 1, byName));
  if ((await read(2))[1] !== byName) throw new Error("the proxy refused the way of logging in");
  if (byName === 2) {
    const [name, secret] = [encoder.encode(username), encoder.encode(password)];
    await link.write(Uint8Array.of(1, name.length, ...name, secret.length, ...secret));
    if ((await read(2))[1] !== 0) throw new Error("the proxy refused the user name or password");
  }
  const host = encoder.encode(hostname);
  await link.write(Uint8Array.of(5, 1, 0, 3, host.length, ...host, port >> 8, port & 255));
  const [, reply, , addressKind = 0] = await read(4);
  if (reply !== 0) throw new Error(`the proxy refused: SOCKS reply ${reply}`);
  const addressLength = addressKind === 1 ? 4 : addressKind === 4 ? 16 : (await read(1))[0] ?? 0;
  await read(addressLength + 2);
}

/** Reads exactly `count` bytes; buffers excess bytes for the next call. */
function exactReader(link: Link): (count: number) => Promise<Uint8Array> {
  let buffered: number[] = [];
  return async (count) => {
    while (buffered.length < count) {
      const chunk = await link.read();
      if (chunk === null) throw new Error("the proxy closed the connection");
      buffered = [...buffered, ...chunk];
    }
    return Uint8Array.from(buffered.splice(0, count));
  };
}
