/** A byte stream to an API server, and the settings to reach one. */

/** Bytes in both directions. One read at a time; writes keep their order. */
export interface Link extends Disposable {
  /** Returns the received bytes, owned by the reader; null at the end. The network is read only on demand. */
  read(): Promise<Uint8Array | null>;
  write(bytes: Uint8Array): Promise<void>;
}

/** TLS identity and verification. */
export interface TlsSettings {
  /** PEM. If absent: the machine's own authorities. */
  certificateAuthority: string | undefined;
  /** The server's own certificates, in DER, of which each is accepted without an authority. */
  serverCertificates?: readonly Uint8Array[];
  clientCertificate: { certificate: string; key: string } | undefined;
  /** The name that the server's certificate must carry, if it isn't the address. */
  serverName: string | undefined;
  /** Accept any certificate. */
  insecure: boolean;
  /** The runtime's own TLS refuses one of the certificates: see `tls/certificates.ts`. */
  needsNode: boolean;
}

/** The purpose of a link: it decides which costs are acceptable. */
export type LinkUse =
  /** A caller waits for the first byte, and for each response. */
  | "prompt"
  /** One request, with a large body or response: each byte should cost little. */
  | "bulk";

/** The destination of a link and how to reach it. */
export interface LinkTarget {
  hostname: string;
  port: number;
  /** Undefined: plain TCP. */
  tls: TlsSettings | undefined;
  proxyUrl: string | undefined;
}

/** A proxy that couldn't be reached, or refused: nothing has reached the server. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";

  /** @param proxy its address, without the user's name and password. */
  constructor(readonly proxy: string, override readonly cause: unknown) {
    super(cause instanceof Error ? cause.message : "the link broke", { cause });
  }
}
