/** A proxy to the API server that cuts connections at bytes of a test's choice. */

/** A proxy for TCP on this machine. The rig's certificate names its address. */
export class CuttingLink implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving: Promise<void>;
  readonly #open = new Set<Deno.Conn>();

  /**
   * @param server `https://host:port` at the other end.
   * @param limitOf for each new connection, after how many bytes from the server it is cut.
   * @param inputLimitOf the same for bytes to the server.
   */
  constructor(server: string, limitOf: () => number, inputLimitOf: () => number = () => Infinity) {
    this.#serving = this.#serve(new URL(server), () => [limitOf(), inputLimitOf()]);
  }

  /** Writes a copy of a kubeconfig that goes through this link. */
  async writeKubeconfig(kubeconfig: string, copy: string): Promise<void> {
    const config = JSON.parse(await Deno.readTextFile(kubeconfig));
    const server = `https://127.0.0.1:${this.#listener.addr.port}`;
    for (const { cluster } of config.clusters) cluster.server = server;
    await Deno.writeTextFile(copy, JSON.stringify(config), { mode: 0o600 });
  }

  /** Cuts every connection that is open now. */
  cut(): void {
    for (const connection of this.#open) close(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) close(connection);
    await this.#serving;
  }

  async #serve({ hostname, port }: URL, limitsOf: () => [number, number]): Promise<void> {
    const joined: Promise<void>[] = [];
    for await (const near of this.#listener) {
      joined.push(this.#join(near, hostname, Number(port || "443"), limitsOf()));
    }
    await Promise.all(joined);
  }

  async #join(
    near: Deno.TcpConn,
    hostname: string,
    port: number,
    [limit, inputLimit]: [number, number],
  ): Promise<void> {
    this.#open.add(near);
    // If the server is down, the client's connection just ends.
    const far = await Deno.connect({ hostname, port }).catch(() => undefined);
    if (far === undefined) return close(near);
    this.#open.add(far);
    await Promise.all([
      this.#carry(near, far, inputLimit),
      this.#carry(far, near, limit),
    ]);
    this.#open.delete(near);
    this.#open.delete(far);
  }

  async #carry(from: Deno.Conn, to: Deno.Conn, limit: number): Promise<void> {
    const buffer = new Uint8Array(65_536);
    let left = limit;
    try {
      for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
        let rest = buffer.subarray(0, Math.min(count, left));
        left -= rest.length;
        while (rest.length > 0) rest = rest.subarray(await to.write(rest));
        if (left === 0) break;
      }
    } catch {
      // One side has disconnected; the other is notified below.
    }
    close(from);
    close(to);
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already, by its other direction.
  }
}
