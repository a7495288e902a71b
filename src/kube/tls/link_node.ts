/**
 * TLS by `node:tls` over a {@link Link}: the only way to a client certificate without Nagle's delay (dial_link.ts).
 *
 * The socket underneath is ours and not node's, because the runtime's `node:tls` keeps reading its own socket while
 * nothing consumes the decrypted bytes: 700 MB in two seconds from a fast producer. Here encrypted bytes pass only
 * while a reader waits for plain bytes.
 */
import { Buffer } from "node:buffer";
import { isIP } from "node:net";
import { Duplex } from "node:stream";
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from "node:tls";
import type { Link, TlsSettings } from "../link/link.ts";

/** Performs and verifies the handshake. Rejects with the error of TLS or the network, or with the signal's reason. */
export function secureByNode(
  plain: Link,
  hostname: string,
  tls: TlsSettings,
  signal: AbortSignal,
): Promise<Link> {
  const name = tls.serverName ?? hostname;
  const own = tls.serverCertificates ?? [];
  const valve = new Valve();
  const socket = connect({
    socket: pacedStream(plain, valve),
    host: name,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    secureContext: secureContextOf(tls),
    // The server must prove in any case that it has the key of its certificate.
    rejectUnauthorized: !tls.insecure && own.length === 0,
    checkServerIdentity: checkNames,
    ALPNProtocols: ["http/1.1"],
  });
  return new Promise<Link>((resolve, reject) => {
    const stop = () => fail(signal.reason);
    const fail = (error: unknown) => {
      signal.removeEventListener("abort", stop);
      socket.destroy();
      plain[Symbol.dispose]();
      reject(error);
    };
    signal.addEventListener("abort", stop, { once: true });
    socket.once("error", fail);
    socket.once("secureConnect", () => {
      const refusal = own.length === 0 ? undefined : refusalOf(socket, name, own);
      if (refusal !== undefined) return fail(refusal);
      signal.removeEventListener("abort", stop);
      socket.removeListener("error", fail);
      valve.close();
      resolve(new SecureLink(plain, socket, valve));
    });
  });
}

/** Like kubectl: the common name isn't among the names. */
function checkNames(name: string, certificate: PeerCertificate): Error | undefined {
  if (certificate.subjectaltname) return checkServerIdentity(name, certificate);
  return Object.assign(new Error(`Hostname/IP does not match: ${name}`), {
    code: "ERR_TLS_CERT_ALTNAME_INVALID",
  });
}

/** The errors of a certificate that no authority has signed; an expired certificate has another. */
const unknownAuthority = ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "DEPTH_ZERO_SELF_SIGNED_CERT"];

/** Returns why the server isn't accepted, if not even its own certificate is among the authorities. */
function refusalOf(
  socket: TLSSocket,
  name: string,
  own: readonly Uint8Array[],
): Error | undefined {
  if (socket.authorized) return undefined;
  const code = String(socket.authorizationError);
  const peer = socket.getPeerCertificate();
  const isOwn = unknownAuthority.includes(code) &&
    own.some((der) => Buffer.compare(der, peer.raw) === 0);
  if (isOwn) return checkNames(name, peer);
  return Object.assign(new Error(code.replaceAll("_", " ").toLowerCase()), { code });
}

/** Certificates are parsed once for all links with the same identity and verification: a seventh of a link's cost. */
const secureContexts = new WeakMap<TlsSettings, SecureContext>();

function secureContextOf(tls: TlsSettings): SecureContext {
  const { certificateAuthority, clientCertificate } = tls;
  return secureContexts.getOrInsertComputed(tls, () =>
    createSecureContext({
      // An empty text would mean the runtime's own authorities.
      ...(certificateAuthority !== undefined && { ca: certificateAuthority || [] }),
      ...(clientCertificate && { cert: clientCertificate.certificate, key: clientCertificate.key }),
    }));
}

/** Passes encrypted bytes through while it is open. */
class Valve {
  #opened: PromiseWithResolvers<void> | undefined;

  /** Resolves at once while it is open. */
  passage(): Promise<void> {
    return this.#opened?.promise ?? Promise.resolve();
  }

  open(): void {
    this.#opened?.resolve();
    this.#opened = undefined;
  }

  close(): void {
    this.#opened ??= Promise.withResolvers<void>();
  }
}

function pacedStream(link: Link, valve: Valve): Duplex {
  const stream = new Duplex({
    read() {
      valve.passage().then(() => link.read()).then(
        (bytes) => stream.push(bytes),
        (error) => stream.destroy(error),
      );
    },
    write(bytes: Uint8Array, _encoding, done) {
      // A peer that stops reading may have sent the reason: an error here would destroy unread data. If it hasn't,
      // reading reports the failure.
      link.write(bytes).then(() => done(), () => done());
    },
    destroy(error, done) {
      link[Symbol.dispose]();
      valve.open();
      done(error);
    },
  });
  return stream;
}

class SecureLink implements Link {
  #failure: Error | undefined;
  #ended = false;
  #arrived: (() => void) | undefined;

  constructor(
    private readonly plain: Link,
    private readonly socket: TLSSocket,
    private readonly valve: Valve,
  ) {
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
      this.valve.open();
      await new Promise<void>((resolve) => this.#arrived = resolve);
      this.valve.close();
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.write(bytes, (error) => error ? reject(error) : resolve());
    });
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
    this.plain[Symbol.dispose]();
    this.#finish();
  }

  #finish(): void {
    this.#ended = true;
    this.#wake();
  }

  #wake(): void {
    this.#arrived?.();
    this.#arrived = undefined;
  }
}
