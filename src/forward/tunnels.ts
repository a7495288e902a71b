/**
 * The links to a pod, and which of them carries a connection.
 *
 * A link costs a handshake and an upgrade, so connections share links. But no one in Kubernetes uses SPDY's windows: a
 * connection that isn't read holds up all others of its link, and frames are processed in order. So a link carries few
 * connections at a time, and a link that is held up, or on which the node reported an error, gets no new connections.
 */
import type { Clock } from "../base/clock.ts";
import type { PortLink, PortStream } from "../kube/client.ts";
import type { PortError } from "../kube/failures.ts";

/** Connections of a link, before another link is opened. Measured: `deno task bench:forward`. */
const sharedBy = 8;
/** Links to a pod; above it they share without a limit. */
const maxLinks = 16;
/** A link that isn't used for this time is closed, except the last link. */
const idleMs = 30_000;

interface Tunnel {
  link: PortLink;
  active: number;
  idle: Disposable | undefined;
}

/** A connection's stream, and its share of a link. */
export interface TunnelStream {
  stream: PortStream;
  /** Aborts, with a PortError, when the pod's links are closed. */
  signal: AbortSignal;
  /** The program's side has ended: the remaining bytes aren't load. Safe to call twice. */
  release(): void;
}

/** The links to a pod. */
export class Tunnels {
  readonly #stop = new AbortController();
  #tunnels: Tunnel[] = [];
  /** Links that are being opened, and how many connections wait for each. */
  readonly #dialling = new Set<{ tunnel: Promise<Tunnel>; waiting: number }>();

  constructor(
    private readonly dial: (signal: AbortSignal) => Promise<PortLink>,
    private readonly clock: Clock,
  ) {
  }

  /** Opens a connection. Rejects with the error of the link. */
  async open(port: number): Promise<TunnelStream> {
    const tunnel = await this.#choose();
    tunnel.idle?.[Symbol.dispose]();
    tunnel.idle = undefined;
    let isReleased = false;
    const release = () => {
      if (isReleased) return;
      isReleased = true;
      tunnel.active--;
      if (tunnel.active === 0) this.#rest(tunnel);
    };
    try {
      return { stream: await tunnel.link.open(port), signal: this.#stop.signal, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Drops links that don't answer within this time. */
  probe(limitMs: number): void {
    for (const { link } of this.#tunnels) link.probe(limitMs);
  }

  /** Cuts all connections, for a reason. */
  close(reason: PortError): void {
    this.#stop.abort(reason);
    for (const { link, idle } of this.#tunnels.splice(0)) {
      idle?.[Symbol.dispose]();
      link[Symbol.dispose]();
    }
  }

  /** Returns a link that is counted as used once more. */
  async #choose(): Promise<Tunnel> {
    this.#tunnels = this.#tunnels.filter(({ link }) => link.end === undefined);
    const usable = this.#tunnels.filter(({ link }) => !link.isSpent);
    const free = usable.filter(({ link }) => !link.isBlocked);
    const best = leastUsed(free);
    if (best !== undefined && best.active < sharedBy) return used(best);
    const pending = [...this.#dialling].find(({ waiting }) => waiting < sharedBy);
    if (pending !== undefined) {
      pending.waiting++;
      return used(await pending.tunnel);
    }
    if (usable.length + this.#dialling.size < maxLinks) {
      const dialling = { tunnel: this.#opened(), waiting: 1 };
      this.#dialling.add(dialling);
      try {
        return used(await dialling.tunnel);
      } finally {
        this.#dialling.delete(dialling);
      }
    }
    const shared = best ?? leastUsed(usable);
    if (shared !== undefined) return used(shared);
    const [any] = this.#dialling;
    return used(await (any?.tunnel ?? this.#opened()));
  }

  async #opened(): Promise<Tunnel> {
    const link = await this.dial(this.#stop.signal);
    if (this.#stop.signal.aborted) {
      link[Symbol.dispose]();
      this.#stop.signal.throwIfAborted();
    }
    const tunnel: Tunnel = { link, active: 0, idle: undefined };
    this.#tunnels.push(tunnel);
    return tunnel;
  }

  #rest(tunnel: Tunnel): void {
    if (tunnel.link.isSpent) return this.#drop(tunnel);
    tunnel.idle = this.clock.timer(idleMs, () => {
      tunnel.idle = undefined;
      if (this.#tunnels.length > 1 || tunnel.link.isSpent) this.#drop(tunnel);
    });
  }

  #drop(tunnel: Tunnel): void {
    this.#tunnels = this.#tunnels.filter((one) => one !== tunnel);
    tunnel.link[Symbol.dispose]();
  }
}

function used(tunnel: Tunnel): Tunnel {
  tunnel.active++;
  return tunnel;
}

function leastUsed(tunnels: readonly Tunnel[]): Tunnel | undefined {
  let least: Tunnel | undefined;
  for (const one of tunnels) if (least === undefined || one.active < least.active) least = one;
  return least;
}
