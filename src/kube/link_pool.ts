/**
 * Links to one API server that wait for their next use. Who reads a pod mostly opens a stream into it at once,
 * and shaking hands costs more than either.
 */
import type { Clock } from "../base/clock.ts";
import { dialLink, type DialOptions, linkWay } from "./dial_link.ts";
import type { Link, LinkTarget, LinkUse } from "./link.ts";

/** Far below the time after which servers and proxies close what is idle: a stream can't be asked for twice. */
const keptForMs = 5000;
/** As many as single pods are read at once. */
const maxKept = 8;

interface Kept {
  link: Link;
  target: LinkTarget;
  /** What it was dialled for. */
  use: LinkUse;
  expiry: Disposable;
}

/** Closes what nobody takes in time. */
export class LinkPool implements Disposable {
  readonly #kept: Kept[] = [];
  #closed = false;

  constructor(private readonly clock: Clock) {}

  /** A link that waits for its next request, or a new one. Rejects as {@link dialLink} does. */
  take(target: LinkTarget, options: DialOptions): Promise<Link> {
    const index = this.#kept.findIndex((kept) =>
      sameEnds(kept.target, target) && serves(kept, options.use)
    );
    const [kept] = index === -1 ? [] : this.#kept.splice(index, 1);
    if (kept === undefined) return dialLink(target, options);
    kept.expiry[Symbol.dispose]();
    return Promise.resolve(kept.link);
  }

  /** Takes over a link whose last answer has been read. */
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

/** What was dialled for somebody who waits may cost by the byte; what was dialled for many bytes is as prompt by now. */
function serves(kept: Kept, use: LinkUse): boolean {
  return use === "prompt" || linkWay(kept.target, kept.use) === linkWay(kept.target, use);
}

/** One server has one address; what may differ is who we prove to be, where a certificate was renewed. */
function sameEnds(one: LinkTarget, other: LinkTarget): boolean {
  return one.tls?.clientCertificate?.certificate === other.tls?.clientCertificate?.certificate;
}
