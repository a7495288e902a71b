/** API servers and proxies on this machine that record whose requests arrive, by which way and in which namespace. */
import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

/** A certificate and its key, both PEM. */
export interface Identity {
  cert: string;
  key: string;
}

/** What an API server or a proxy is called in the records. */
interface Named {
  name: string;
  /** Absent: without TLS. */
  identity?: Identity;
}

const missing = JSON.stringify({
  ...{ kind: "Status", apiVersion: "v1", metadata: {} },
  ...{ status: "Failure", message: "not there", reason: "NotFound", code: 404 },
});

/** The servers. Disposing of them ends all. */
export class RecordingServers implements AsyncDisposable {
  readonly #arrivals: { path: string; text: string }[] = [];
  /** The proxy of a connection, by the port from which the proxy connects. */
  readonly #ways = new Map<number, string>();
  readonly #ending = new AsyncDisposableStack();

  /** Starts an API server that answers everything with 404. Returns its port. */
  async serve({ name, identity }: Named): Promise<number> {
    const answer: RequestListener = (request, response) => {
      this.#record(name, request);
      response.writeHead(404, { "content-type": "application/json" });
      response.end(missing);
    };
    const server = identity === undefined
      ? createServer(answer)
      : createSecureServer({ ...identity, requestCert: true, rejectUnauthorized: false }, answer);
    const open = new Set<Duplex>();
    for (const event of ["connection", "secureConnection"]) {
      server.on(event, (socket: Duplex) => {
        open.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => open.delete(socket));
      });
    }
    server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
      this.#record(name, request);
      const length = Buffer.byteLength(missing);
      socket.end(`HTTP/1.1 404 Not Found\r\nContent-Length: ${length}\r\n\r\n${missing}`);
    });
    await new Promise<void>((resolve) => server.listen(0, "::", resolve));
    this.#ending.defer(async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    });
    return (server.address() as AddressInfo).port;
  }

  /** Starts a proxy for HTTP and SOCKS5, to which every name is this machine. Returns its port. */
  serveProxy({ name, identity }: Named): number {
    const address = { hostname: "127.0.0.1", port: 0 };
    const listener = identity === undefined
      ? Deno.listen(address)
      : Deno.listenTls({ ...address, ...identity });
    const links = (async () => {
      const all: Promise<void>[] = [];
      for await (const client of listener) all.push(this.#lead(name, client).catch(() => {}));
      await Promise.all(all);
    })();
    this.#ending.defer(async () => {
      listener.close();
      await links;
    });
    return listener.addr.port;
  }

  /** Returns what has arrived with this text in its path, each once. */
  arrived(mark: string): string[] {
    const texts = this.#arrivals.filter(({ path }) => path.includes(mark)).map(({ text }) => text);
    return [...new Set(texts)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ending.disposeAsync();
  }

  /** `main: CN=joe, Bearer t, as reader in team-a by proxy`. */
  #record(name: string, { url = "", headers, socket }: IncomingMessage): void {
    const way = this.#ways.get(socket.remotePort ?? 0);
    const { CN } = (socket as TLSSocket).getPeerCertificate?.()?.subject ?? {};
    const by = [
      ...CN === undefined ? [] : [`CN=${CN}`],
      ...headers.authorization === undefined ? [] : [headers.authorization],
      ...Object.entries(headers).filter(([key]) => key.startsWith("impersonate-"))
        .map(([key, value]) => `${key.slice("impersonate-".length)}=${value}`).sort(),
    ];
    const path = new URL(url, "http://server").pathname;
    const [, root, namespace] = /^(.*)\/api\/v1\/namespaces\/([^/]*)/.exec(path) ?? [];
    const text = `${name}${root}: ${by.join(", ") || "nobody"} in ${namespace}`;
    this.#arrivals.push({ path: url, text: way === undefined ? text : `${text} by ${way}` });
  }

  /** Leads one connection to where its client asks. */
  async #lead(name: string, client: Deno.Conn): Promise<void> {
    using _client = client;
    const head = await readSome(client);
    const { port, login, answer } = head[0] === 5
      ? await readSocks(client, head)
      : readHead(new TextDecoder("latin1").decode(head));
    using upstream = await Deno.connect({ hostname: "127.0.0.1", port });
    this.#ways.set(upstream.localAddr.port, login === undefined ? name : `${name} with ${login}`);
    if (answer === undefined) await upstream.write(head);
    else await client.write(answer);
    await Promise.allSettled([
      client.readable.pipeTo(upstream.writable),
      upstream.readable.pipeTo(client.writable),
    ]);
  }
}

async function readSome(client: Deno.Conn): Promise<Uint8Array<ArrayBuffer>> {
  const room = new Uint8Array(16_384);
  return room.subarray(0, await client.read(room) ?? 0);
}

/** How a connection is led on. */
interface Lead {
  port: number;
  /** `user:password`. */
  login: string | undefined;
  /** Undefined: the request that was read is the server's. */
  answer: Uint8Array<ArrayBuffer> | undefined;
}

function readHead(head: string): Lead {
  const [, method, port] = /^(\w+) [^ /]*(?:\/\/[^ /]*)?:(\d+)[ /]/.exec(head) ?? [];
  const [, login] = /^proxy-authorization: Basic (\S+)/im.exec(head) ?? [];
  return {
    port: Number(port),
    login: login === undefined ? undefined : atob(login),
    answer: method === "CONNECT" ? new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n") : undefined,
  };
}

async function readSocks(client: Deno.Conn, hello: Uint8Array): Promise<Lead> {
  let login: string | undefined;
  const byPassword = hello.subarray(2).includes(2);
  await client.write(Uint8Array.of(5, byPassword ? 2 : 0));
  if (byPassword) {
    const said = await readSome(client);
    const length = said[1] ?? 0;
    const words = [said.subarray(2, 2 + length), said.subarray(3 + length)];
    login = words.map((bytes) => new TextDecoder().decode(bytes)).join(":");
    await client.write(Uint8Array.of(1, 0));
  }
  const [high = 0, low = 0] = (await readSome(client)).slice(-2);
  const answer = Uint8Array.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 0);
  return { port: high * 256 + low, login, answer };
}
