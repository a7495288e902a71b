/**
 * A link to the API server that is slow, or stops: a proxy for TCP on this machine. It needs nothing of the kernel, and
 * so also works on clusters that aren't rigs.
 */
import { parse } from "yaml";

/** The effect of the link on its traffic. */
export interface LinkTroubles {
  /** The delay of each chunk, each way. */
  delayMs: number;
  /** Bytes on their way at most, of a connection and each way: what a window of TCP is. A megabyte by default. */
  windowBytes?: number;
}

/** One proxy. Its address replaces the server's in a kubeconfig: the rig's certificate names it. */
export class SlowLink implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  readonly #serving: Promise<void>;
  #isCut = false;
  #connected = Promise.withResolvers<void>();
  #held: PromiseWithResolvers<void> | undefined;
  /** The bytes to the server so far, and at how many of them everything is held back. */
  #sentBytes = 0;
  #holdAtBytes = Infinity;

  private constructor(private readonly target: URL, private readonly troubles: LinkTroubles) {
    this.#serving = this.#serve();
  }

  /** Listens, with the server's `https://host:port` at the other end. */
  static open(server: string, troubles: LinkTroubles): SlowLink {
    return new SlowLink(new URL(server), troubles);
  }

  /** `https://127.0.0.1:port`. */
  get server(): string {
    return `https://127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Writes a copy of a kubeconfig that goes through this link. */
  async kubeconfigFor(kubeconfig: string, copy: string): Promise<void> {
    const config = parse(await Deno.readTextFile(kubeconfig));
    for (const { cluster } of config.clusters) cluster.server = this.server;
    await Deno.writeTextFile(copy, JSON.stringify(config), { mode: 0o600 });
  }

  /** Holds everything back, both ways, until the end of the scope: neither side is notified. */
  hold(): Disposable {
    return this.holdAfter(0);
  }

  /** As {@link hold}, after so many bytes have gone to the server: it is in the middle of them, however fast they are. */
  holdAfter(bytes: number): Disposable {
    this.#holdAtBytes = this.#sentBytes + bytes;
    this.#holdIfDue();
    return {
      [Symbol.dispose]: () => {
        this.#holdAtBytes = Infinity;
        this.#held?.resolve();
        this.#held = undefined;
      },
    };
  }

  #holdIfDue(): void {
    if (this.#sentBytes >= this.#holdAtBytes) this.#held ??= Promise.withResolvers<void>();
  }

  /** Resolves at the next connection to this link. */
  nextConnection(): Promise<void> {
    return this.#connected.promise;
  }

  /** Drops all connections, and refuses new ones until the end of the scope. */
  cut(): Disposable {
    this.#isCut = true;
    this.drop();
    return { [Symbol.dispose]: () => void (this.#isCut = false) };
  }

  /** Drops all connections; new ones are served. */
  drop(): void {
    for (const connection of this.#open) closeQuietly(connection);
  }

  /** Stops listening and drops all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#held?.resolve();
    this.drop();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const connections: Promise<void>[] = [];
    try {
      for await (const near of this.#listener) connections.push(this.#join(near));
    } finally {
      await Promise.all(connections);
    }
  }

  async #join(near: Deno.Conn): Promise<void> {
    if (this.#isCut) return closeQuietly(near);
    this.#open.add(near);
    this.#connected.resolve();
    this.#connected = Promise.withResolvers();
    try {
      const { hostname, port } = this.target;
      const far = await Deno.connect({ hostname, port: Number(port || "443") });
      this.#open.add(far);
      const sent = (count: number) => {
        this.#sentBytes += count;
        this.#holdIfDue();
      };
      await Promise.all([this.#carry(near, far, sent), this.#carry(far, near)]);
      this.#open.delete(far);
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      closeQuietly(near);
    }
    this.#open.delete(near);
  }

  /** Carries bytes one way. Chunks stay in order: each waits for its own time. */
  async #carry(
    from: Deno.Conn,
    to: Deno.Conn,
    written: (count: number) => void = () => {},
  ): Promise<void> {
    const { delayMs, windowBytes = 1024 * 1024 } = this.troubles;
    const buffer = new Uint8Array(65_536);
    let queued = 0;
    let writing = Promise.resolve();
    let taken = Promise.withResolvers<void>();
    const pass = (bytes: Uint8Array, atMs: number) => {
      queued += bytes.length;
      // If no one takes it any more, reading ends too.
      writing = writing.then(() => this.#pass(bytes, atMs, to))
        .then(() => written(bytes.length)).catch(() => closeQuietly(from))
        .then(() => {
          queued -= bytes.length;
          taken.resolve();
          taken = Promise.withResolvers();
        });
    };
    try {
      for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
        pass(buffer.slice(0, count), performance.now() + delayMs);
        // A link has a short queue, and holds its sender back.
        while (queued >= windowBytes) await taken.promise;
      }
    } catch {
      // This side has disconnected: the end of its own connection notifies the other.
    }
    await writing;
    closeQuietly(from);
    closeQuietly(to);
  }

  async #pass(bytes: Uint8Array, atMs: number, to: Deno.Conn): Promise<void> {
    const waitMs = atMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    await this.#held?.promise;
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await to.write(rest));
  }
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already, by its other direction.
  }
}
