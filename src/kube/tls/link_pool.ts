/**
 * Idle links to one API server. A caller that reads a pod mostly opens a stream into it at once, and a handshake costs
 * more than either.
 */
import type { Clock } from "../../base/clock.ts";
import { dialLink, type DialOptions, linkWay } from "./dial_link.ts";
import type { Link, LinkTarget, LinkUse } from "../link/link.ts";
import type { ClientCertificate, Connection, Proof } from "../connection.ts";

/** Far below the idle timeout of servers and proxies: a stream can't be requested twice. */
const idleTimeoutMs = 5000;
/** As many as single pods are read concurrently. */
const maxIdle = 8;

interface IdleLink {
  link: Link;
  target: LinkTarget;
  /** The use that it was dialled for. */
  use: LinkUse;
  expiry: Disposable;
}

/** Closes links that aren't taken in time. */
export class LinkPool implements Disposable {
  readonly #idle: IdleLink[] = [];
  #closed = false;

  constructor(private readonly clock: Clock) {}

  /** Returns an idle link, or a new one. Rejects like {@link dialLink}. */
  take(target: LinkTarget, options: DialOptions): Promise<Link> {
    const index = this.#idle.findIndex((idle) =>
      sameTarget(idle.target, target) && serves(idle, options.use)
    );
    const [idle] = index === -1 ? [] : this.#idle.splice(index, 1);
    if (idle === undefined) return dialLink(target, options);
    idle.expiry[Symbol.dispose]();
    return Promise.resolve(idle.link);
  }

  /** Takes a link whose last answer has been read. */
  release(link: Link, target: LinkTarget, use: LinkUse): void {
    if (this.#closed || this.#idle.length === maxIdle) return link[Symbol.dispose]();
    const idle: IdleLink = {
      link,
      target,
      use,
      expiry: this.clock.timer(idleTimeoutMs, () => {
        this.#idle.splice(this.#idle.indexOf(idle), 1);
        link[Symbol.dispose]();
      }),
    };
    this.#idle.push(idle);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    for (const { link, expiry } of this.#idle.splice(0)) {
      expiry[Symbol.dispose]();
      link[Symbol.dispose]();
    }
  }
}

/** A link dialled as prompt may cost more per byte; one dialled for bulk is as prompt by now. */
function serves(idle: IdleLink, use: LinkUse): boolean {
  return use === "prompt" || linkWay(idle.target, idle.use) === linkWay(idle.target, use);
}

/** One server has one address; only our identity may differ, if a certificate was renewed. */
function sameTarget(one: LinkTarget, other: LinkTarget): boolean {
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
