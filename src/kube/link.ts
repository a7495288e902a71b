/** A byte stream to an API server, and what there is to say about reaching one. */

/** Bytes both ways. One read at a time; writes keep their order. */
export interface Link extends Disposable {
  /** What has arrived, the reader's own; null at the end. Asking is what takes it from the network. */
  read(): Promise<Uint8Array | null>;
  write(bytes: Uint8Array): Promise<void>;
}

/** What TLS proves and checks. */
export interface TlsSettings {
  /** PEM. None: the machine's own authorities. */
  certificateAuthority: string | undefined;
  clientCertificate: { certificate: string; key: string } | undefined;
  /** The name that the server's certificate must carry, where it isn't the address. */
  serverName: string | undefined;
  /** Accept any certificate. */
  insecure: boolean;
}

/** What a link is for: it decides what may cost. */
export type LinkUse =
  /** Somebody waits for the first byte, and for the answer to each that is sent. */
  | "prompt"
  /** One request, and many bytes behind it or in its answer: each is to cost little. */
  | "bulk";

/** Where to, and how. */
export interface LinkTarget {
  hostname: string;
  port: number;
  /** Undefined: plain TCP. */
  tls: TlsSettings | undefined;
  proxyUrl: string | undefined;
}
