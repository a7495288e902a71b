/** {@link Link} over `node:tls`: the one way to a client certificate without Nagle's delay. See link.ts. */
import { connect } from "node:tls";
import type { TLSSocket } from "node:tls";
import { isIP } from "node:net";
import type { Link, LinkTarget, TlsSettings } from "./link.ts";

/** Connects and verifies. Rejects with what the network or TLS said, or with the signal's reason. */
export function dialNodeLink(
  target: Pick<LinkTarget, "hostname" | "port"> & { tls: TlsSettings },
  signal: AbortSignal,
): Promise<Link> {
  const { hostname, port, tls } = target;
  const name = tls.serverName ?? hostname;
  const socket = connect({
    host: hostname,
    port,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(tls.certificateAuthority === undefined ? {} : { ca: tls.certificateAuthority }),
    ...(tls.clientCertificate === undefined
      ? {}
      : { cert: tls.clientCertificate.certificate, key: tls.clientCertificate.key }),
    rejectUnauthorized: !tls.insecure,
  });
  socket.setNoDelay(true);
  return new Promise<Link>((resolve, reject) => {
    const stop = () => fail(signal.reason);
    const fail = (error: unknown) => {
      signal.removeEventListener("abort", stop);
      socket.destroy();
      reject(error);
    };
    signal.addEventListener("abort", stop, { once: true });
    socket.once("error", fail);
    socket.once("secureConnect", () => {
      signal.removeEventListener("abort", stop);
      socket.removeListener("error", fail);
      resolve(new SocketLink(socket));
    });
  });
}

class SocketLink implements Link {
  #failure: Error | undefined;
  #ended = false;
  #arrived: (() => void) | undefined;

  constructor(private readonly socket: TLSSocket) {
    socket.on("readable", () => this.#wake());
    socket.on("end", () => this.#finish());
    socket.on("close", () => this.#finish());
    socket.on("error", (error) => {
      this.#failure = error;
      this.#finish();
    });
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
