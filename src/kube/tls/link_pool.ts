/**
 * Idle links to one API server. A caller that reads a pod mostly opens a stream into it at once, and a handshake costs
 * more than either.
 */
import type { Clock } from "../../base/clock.ts";
import { dialLink, type DialOptions, linkWay } from "./dial_link.ts";
import type { Link, LinkTarget, LinkUse } from "../link/link.ts";
import type { Connection } from "../connection.ts";
import type { ClientCertificate, Proof } from "../credentials.ts";

/** Far below the idle timeout of servers and proxies: a stream can't be requested twice. */
const keptForMs = 5000;
/** As many as single pods are read concurrently. */
const maxKept = 8;

interface Kept {
  link: Link;
  target: LinkTarget;
  /** The use that it was dialled for. */
  use: LinkUse;
  expiry: Disposable;
}

/** Closes links that aren't taken in time. */
export class LinkPool implements Disposable {
  readonly #kept: Kept[] = [];
  #closed = false;

  constructor(private readonly clock: Clock) {}

  /** Returns an idle link, or a new one. Rejects like {@link dialLink}. */
  take(target: LinkTarget, options: DialOptions): Promise<Link> {
    const index = this.#kept.findIndex((kept) =>
      sameEnds(kept.target, target) && serves(kept, options.use)
    );
    const [kept] = index === -1 ? [] : this.#kept.splice(index, 1);
    if (kept === undefined) return dialLink(target, options);
    kept.expiry[Symbol.dispose]();
    return Promise.resolve(kept.link);
  }

  /** Takes a link whose last answer has been read. */
  keep(link: Link, target: LinkTarget, use: LinkUse): void {
    if (this.#closed || this.#kept.length === maxKept) return link[Symbol.dispose]();
    const kept: Kept = {
      link,
      target,
      use,
      expiry: this.clock.timer(keptForMs, () => {
        this.#kept.splice(this.#kept.indexOf(kept), 1);
        link[Symbol.dispose]();
      }),
    };
    this.#kept.push(kept);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    for (const { link, expiry } of this.#kept.splice(0)) {
      expiry[Symbol.dispose]();
      link[Symbol.dispose]();
    }
  }
}

/** A link dialled as prompt may cost more per byte; one dialled for bulk is as prompt by now. */
function serves(kept: Kept, use: LinkUse): boolean {
  return use === "prompt" || linkWay(kept.target, kept.use) === linkWay(kept.target, use);
}

/** One server has one address; only our identity may differ, if a certificate was renewed. */
function sameEnds(one: LinkTarget, other: LinkTarget): boolean {
  return one.tls?.clientCertificate?.certificate === other.tls?.clientCertificate?.certificate;
}

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
