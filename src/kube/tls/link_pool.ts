/**
 * Idle links to an API server. A caller that reads a pod mostly opens a stream into it at once, and a handshake costs
 * more than either.
 */
import type { Clock } from "../../base/clock.ts";
import { dialLink, type DialOptions, linkWay } from "./dial_link.ts";
import { needsNodeTls, requireUsable, serversOwn } from "./certificates.ts";
import type { Link, LinkTarget, LinkUse } from "../link/link.ts";
import type { ClientCertificate, Connection, Proof } from "../connection.ts";
import type { Dial } from "../host.ts";

/** Far below the idle timeout of servers and proxies: a stream can't be requested twice. */
const idleTimeoutMs = 5000;
/** As many as single pods are read concurrently. */
const maxIdle = 8;

interface IdleLink {
  link: WatchedLink;
  target: LinkTarget;
  /** The use that it was dialled for. */
  use: LinkUse;
  expiry: Disposable;
}

/** Closes links that aren't taken in time, and those on which something happens: their server has closed or misuses them. */
export class LinkPool implements Disposable {
  readonly #idle: IdleLink[] = [];
  #closed = false;

  /** @param dial this machine's network if absent. */
  constructor(private readonly clock: Clock, private readonly dial: Dial = dialLink) {}

  /** Returns an idle link, or a new one. Rejects like {@link dialLink}. */
  async take(target: LinkTarget, options: DialOptions): Promise<Link> {
    // The caller has given up, so that nothing may be sent for it: it could start a command.
    options.signal.throwIfAborted();
    const index = this.#idle.findIndex((idle) =>
      sameTarget(idle.target, target) && serves(idle, options.use)
    );
    const [idle] = index === -1 ? [] : this.#idle.splice(index, 1);
    if (idle === undefined) return await this.dial(target, options);
    idle.expiry[Symbol.dispose]();
    return idle.link;
  }

  /** Takes a link whose last answer has been read. */
  release(link: Link, target: LinkTarget, use: LinkUse): void {
    if (this.#closed || this.#idle.length === maxIdle) return link[Symbol.dispose]();
    const drop = () => {
      const index = this.#idle.indexOf(idle);
      if (index === -1) return;
      this.#idle.splice(index, 1);
      idle.expiry[Symbol.dispose]();
      idle.link[Symbol.dispose]();
    };
    const expiry = this.clock.timer(idleTimeoutMs, drop);
    const idle: IdleLink = { link: new WatchedLink(link, drop), target, use, expiry };
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

/**
 * A link of which nothing is expected. Bytes that arrive then would be read as the answer to the next request, which may
 * start a command.
 */
class WatchedLink implements Link {
  #early: Promise<Uint8Array | null> | undefined;

  /** @param happened called when something arrives, or the link ends. */
  constructor(private readonly link: Link, happened: () => void) {
    this.#early = link.read();
    this.#early.then(happened, happened);
  }

  read(): Promise<Uint8Array | null> {
    const early = this.#early;
    this.#early = undefined;
    return early ?? this.link.read();
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.link.write(bytes);
  }

  [Symbol.dispose](): void {
    this.link[Symbol.dispose]();
  }
}

/** A link dialled as prompt may cost more per byte; one dialled for bulk is as prompt by now. */
function serves(idle: IdleLink, use: LinkUse): boolean {
  return use === "prompt" || linkWay(idle.target, idle.use) === linkWay(idle.target, use);
}

/** A server has a single address; only our identity may differ, if a certificate was renewed. */
function sameTarget(one: LinkTarget, other: LinkTarget): boolean {
  return one.tls?.clientCertificate?.certificate === other.tls?.clientCertificate?.certificate;
}

/** The same target as long as the client certificate is the same: its prepared TLS context serves many links. */
export class LinkTargets {
  #latest: { clientCertificate: ClientCertificate | undefined; target: LinkTarget } | undefined;

  /** @param authority the server's, as PEM: all of it, and the part that counts. */
  constructor(
    private readonly connection: Connection,
    private readonly authority: { given: string | undefined; usable: string | undefined },
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
    const { given, usable } = this.authority;
    const url = new URL(server);
    const secure = url.protocol === "https:";
    if (secure && clientCertificate !== undefined) requireUsable(clientCertificate);
    return {
      hostname: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
      tls: secure
        ? {
          certificateAuthority: usable,
          serverCertificates: insecure ? [] : serversOwn(given),
          clientCertificate,
          serverName,
          insecure,
          needsNode: needsNodeTls({ certificateAuthority: given, clientCertificate }),
        }
        : undefined,
      proxyUrl,
    };
  }
}
