/** The destination of a context's links. */
import type { Connection } from "../connection.ts";
import type { ClientCertificate, Proof } from "../credentials.ts";
import type { LinkTarget } from "../link/link.ts";

/** One target as long as the client certificate is the same: its prepared TLS context serves many links. */
export class LinkTargets {
  #latest: { clientCertificate: ClientCertificate | undefined; target: LinkTarget } | undefined;

  /** @param certificateAuthority the server's, as PEM. */
  constructor(
    private readonly connection: Connection,
    private readonly certificateAuthority: string | undefined,
  ) {}

  /** Returns the target with the current proof. */
  of({ clientCertificate }: Proof): LinkTarget {
    if (this.#latest === undefined || this.#latest.clientCertificate !== clientCertificate) {
      this.#latest = { clientCertificate, target: this.#made(clientCertificate) };
    }
    return this.#latest.target;
  }

  #made(clientCertificate: ClientCertificate | undefined): LinkTarget {
    const { server, tlsServerName: serverName, insecure, proxyUrl } = this.connection;
    const { certificateAuthority } = this;
    const url = new URL(server);
    const secure = url.protocol === "https:";
    return {
      hostname: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
      tls: secure ? { certificateAuthority, clientCertificate, serverName, insecure } : undefined,
      proxyUrl,
    };
  }
}
