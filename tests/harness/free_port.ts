/**
 * Below the ports that Linux and macOS choose for connections and for listeners without a fixed one, which a connection of
 * another network may have at the same time; beyond those of Kubernetes' own parts.
 */
const ports = { first: 11_000, last: 32_000 };

/** Returns a port of this machine on which nothing listens; two callers at the same time rarely get the same one. */
export function freePort(): number {
  for (;;) {
    const port = ports.first + Math.floor(Math.random() * (ports.last - ports.first));
    try {
      using _listener = Deno.listen({ hostname: "0.0.0.0", port });
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
