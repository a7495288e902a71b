/** Connections within one process: bytes arrive late, in pieces, or not at all, as a plan says. */
import type { Clock } from "../../src/base/clock.ts";
import type { Dial } from "../../src/kube/host.ts";
import type { Link } from "../../src/kube/link/link.ts";

/** How one connection behaves. */
export interface LinkPlan {
  /** Of the dialling itself; a silent one is never answered. */
  dial: "accepted" | "refused" | "silent";
  /** Of each direction. */
  latencyMs: number;
  /** The length of the first piece of a write that is longer; each further piece is twice as long. */
  pieceBytes: number;
  fault: LinkFault | undefined;
}

/** How a connection breaks, once a number of bytes has arrived in one direction. */
export interface LinkFault {
  toward: "client" | "server";
  afterBytes: number;
  /**
   * `cut`: both ends see a reset. `halfClosed`: this direction ends, the other continues. `silent`: nothing arrives any
   * more at either end, not even an end.
   */
  kind: "cut" | "halfClosed" | "silent";
}

/** A connection without faults. */
export const soundLink: LinkPlan = {
  dial: "accepted",
  latencyMs: 0,
  pieceBytes: Infinity,
  fault: undefined,
};

/** What a sender may have on the way before it waits for the reader. */
const windowBytes = 64 * 1024;

/** The network between a client and a server. */
export class SimulatedNetwork {
  /** Every connection that was accepted, in the order of their dials. */
  readonly connections: Connection[] = [];
  /** A server that is down refuses. */
  isDown = false;
  #dials = 0;

  /** @param plans by the number of the dial; later connections are sound. */
  constructor(
    private readonly clock: Clock,
    private readonly plans: readonly LinkPlan[],
    private readonly accept: (connection: Connection) => void,
  ) {}

  readonly dial: Dial = async (_target, { signal }) => {
    signal.throwIfAborted();
    const plan = this.plans[this.#dials++] ?? soundLink;
    if (plan.dial === "silent") await aborted(signal);
    if (this.isDown || plan.dial === "refused") throw new Deno.errors.ConnectionRefused("refused");
    const connection = new Connection(this.clock, plan);
    this.connections.push(connection);
    this.accept(connection);
    return connection.client;
  };

  /** Resets every connection. */
  cut(): void {
    for (const connection of this.connections) connection.reset();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** One connection with both of its ends. */
export class Connection {
  readonly client: Link;
  readonly server: Link;
  /** Whether all bytes of a write arrive at once. */
  readonly isPrompt: boolean;
  readonly #toClient: Wire;
  readonly #toServer: Wire;

  constructor(clock: Clock, { latencyMs, pieceBytes, fault }: LinkPlan) {
    this.isPrompt = latencyMs === 0;
    const broken = () => {
      if (fault?.kind === "cut") this.reset();
      else if (fault?.kind === "silent") {
        [this.#toClient, this.#toServer].forEach((each) => each.mute());
      } else (fault?.toward === "client" ? this.#toClient : this.#toServer).end();
    };
    const wire = (toward: "client" | "server") =>
      new Wire(
        clock,
        latencyMs,
        pieceBytes,
        fault?.toward === toward ? { ...fault, broken } : undefined,
      );
    this.#toClient = wire("client");
    this.#toServer = wire("server");
    this.client = endOf(this.#toClient, this.#toServer);
    this.server = endOf(this.#toServer, this.#toClient);
  }

  /** The bytes that have arrived at the client. */
  get bytesAtClient(): number {
    return this.#toClient.arrivedBytes;
  }

  /** Both ends see a reset, at once. */
  reset(): void {
    this.#toClient.reset();
    this.#toServer.reset();
  }
}

function endOf(incoming: Wire, outgoing: Wire): Link {
  return {
    read: () => incoming.read(),
    write: (bytes) => outgoing.write(bytes),
    [Symbol.dispose]() {
      incoming.close();
      outgoing.end();
    },
  };
}

/** One direction. */
class Wire {
  arrivedBytes = 0;
  #state: "open" | "ended" | "reset" | "muted" | "closed" = "open";
  #sentEnd = false;
  readonly #arrived: Uint8Array[] = [];
  /** Sent, and not yet read. */
  #unreadBytes = 0;
  #changed = Promise.withResolvers<void>();

  constructor(
    private readonly clock: Clock,
    private readonly latencyMs: number,
    private readonly pieceBytes: number,
    private readonly fault: LinkFault & { broken: () => void } | undefined,
  ) {}

  async write(bytes: Uint8Array): Promise<void> {
    this.#requireOpen();
    this.#unreadBytes += bytes.length;
    for (let at = 0, length = this.pieceBytes; at < bytes.length; at += length, length *= 2) {
      const piece = bytes.slice(at, at + length);
      this.#later(() => this.#arrive(piece));
    }
    while (this.#unreadBytes > windowBytes && this.#state !== "closed") {
      await this.#changed.promise;
      this.#requireOpen();
    }
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.#state === "reset") throw connectionReset();
      const bytes = this.#arrived.shift();
      if (bytes !== undefined) {
        this.#unreadBytes -= bytes.length;
        this.#notify();
        return bytes;
      }
      if (this.#state === "ended" || this.#state === "closed") return null;
      await this.#changed.promise;
    }
  }

  /** The sender has no more. */
  end(): void {
    if (this.#sentEnd) return;
    this.#sentEnd = true;
    this.#later(() => this.#become("ended"));
  }

  /** The reader has gone: what is sent to it is answered by a reset. */
  close(): void {
    this.#become("closed");
  }

  reset(): void {
    this.#arrived.length = 0;
    if (this.#state !== "closed") this.#become("reset");
  }

  /** Nothing arrives any more. */
  mute(): void {
    this.#become("muted");
  }

  #arrive(bytes: Uint8Array): void {
    if (this.#state !== "open") return;
    const { fault } = this;
    const limit = fault === undefined ? Infinity : fault.afterBytes - this.arrivedBytes;
    const passed = bytes.subarray(0, limit);
    this.arrivedBytes += passed.length;
    if (passed.length > 0) this.#arrived.push(passed);
    this.#notify();
    if (bytes.length >= limit) fault?.broken();
  }

  #later(event: () => void): void {
    if (this.latencyMs === 0) event();
    else this.clock.timer(this.latencyMs, event);
  }

  #requireOpen(): void {
    if (this.#state === "reset" || this.#state === "closed") throw connectionReset();
    if (this.#sentEnd && this.#state !== "muted") throw connectionReset();
  }

  #become(state: "ended" | "reset" | "muted" | "closed"): void {
    const isFinal = this.#state === "reset" || this.#state === "closed";
    if (isFinal || (this.#state === "muted" && state === "ended")) return;
    this.#state = state;
    this.#notify();
  }

  #notify(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }
}

function connectionReset(): Error {
  return new Deno.errors.ConnectionReset("Connection reset by peer (os error 104)");
}
