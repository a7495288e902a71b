/** {@link Link} over `node:tls`: the one way to a client certificate without Nagle's delay. See link.ts. */
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Link, LinkTarget, TlsSettings } from "./link.ts";
import { parseProxy, tunnel } from "./proxy_tunnel.ts";

/** Connects and verifies. Rejects with what the network, proxy or TLS said, or with the signal's reason. */
export async function dialNodeLink(
  target: LinkTarget & { tls: TlsSettings },
  signal: AbortSignal,
): Promise<Link> {
  const { hostname, port, tls } = target;
  const proxy = target.proxyUrl === undefined ? undefined : parseProxy(target.proxyUrl);
  const name = tls.serverName ?? hostname;
  const options = {
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(tls.certificateAuthority === undefined ? {} : { ca: tls.certificateAuthority }),
    ...(tls.clientCertificate === undefined
      ? {}
      : { cert: tls.clientCertificate.certificate, key: tls.clientCertificate.key }),
    rejectUnauthorized: !tls.insecure,
    ALPNProtocols: ["http/1.1"],
  };
  if (proxy === undefined) {
    const socket = connectTls({ ...options, host: hostname, port });
    return new SocketLink(await ready(socket, "secureConnect", signal));
  }
  const plain = connectPlain({ host: proxy.hostname, port: proxy.port });
  await ready(plain, "connect", signal);
  const link = new SocketLink(plain);
  await tunnel(link, proxy, target);
  link.release();
  const socket = connectTls({ ...options, socket: plain, host: hostname });
  return new SocketLink(await ready(socket, "secureConnect", signal));
}

function ready<S extends Socket>(socket: S, event: string, signal: AbortSignal): Promise<S> {
  socket.setNoDelay(true);
  return new Promise<S>((resolve, reject) => {
    const stop = () => fail(signal.reason);
    const fail = (error: unknown) => {
      signal.removeEventListener("abort", stop);
      socket.destroy();
      reject(error);
    };
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    socket.once("error", fail);
    socket.once(event, () => {
      signal.removeEventListener("abort", stop);
      socket.removeListener("error", fail);
      resolve(socket);
    });
  });
}

/** Node reads ahead by its high-water mark, 16 to 64 KiB, and then stops the network. */
class SocketLink implements Link {
  #failure: Error | undefined;
  #ended = false;
  #arrived: (() => void) | undefined;
  readonly #listeners = {
    readable: () => this.#wake(),
    end: () => this.#finish(),
    close: () => this.#finish(),
    error: (error: Error) => {
      this.#failure = error;
      this.#finish();
    },
  };

  constructor(private readonly socket: Socket) {
    for (const [event, listener] of Object.entries(this.#listeners)) socket.on(event, listener);
  }

  /** Lets go of the socket, which another takes over. */
  release(): void {
    for (const [event, listener] of Object.entries(this.#listeners)) {
      this.socket.removeListener(event, listener);
    }
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const chunk: unknown = this.socket.read();
      if (chunk instanceof Uint8Array) return chunk;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#arrived = resolve);
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.write(bytes, (error) => error ? reject(error) : resolve());
    });
  }

  #finish(): void {
    this.#ended = true;
    this.#wake();
  }

  #wake(): void {
    this.#arrived?.();
    this.#arrived = undefined;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
