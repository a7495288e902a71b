/** A port of this machine that leads to a port of a pod: every connection is a stream of its own. */
import { KodamaError } from "../base/errors.ts";
import type { KubeClient } from "../kube/client.ts";
import type { Target } from "../kube/target.ts";

/** Connections at the same time; others wait for their turn in the system's own queue. */
const maxConnections = 64;

/**
 * Listens on this machine alone, until it is disposed of.
 *
 * @throws KodamaError `environment` where the port is taken.
 */
export function forwardPort(
  client: KubeClient,
  { namespace, pod }: Target,
  ports: { remote: number; local: number },
): AsyncDisposable & { port: number } {
  const listener = listen(ports.local);
  const ended = new AbortController();
  const open = new Set<Promise<void>>();
  const accepting = (async () => {
    for await (const connection of listener) {
      const joined = join(client, { namespace, pod, port: ports.remote }, connection, ended.signal)
        .finally(() => open.delete(joined));
      open.add(joined);
      if (open.size >= maxConnections) await Promise.race(open);
    }
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    async [Symbol.asyncDispose]() {
      listener.close();
      ended.abort();
      await Promise.all([accepting, ...open]);
    },
  };
}

function listen(port: number): Deno.TcpListener {
  try {
    return Deno.listen({ hostname: "127.0.0.1", port });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new KodamaError("environment", `port ${port} of this machine: ${said}`, { cause: error });
  }
}

/** Both directions, until one end is over. Never rejects: a connection that breaks is its program's to notice. */
async function join(
  client: KubeClient,
  to: { namespace: string; pod: string; port: number },
  connection: Deno.TcpConn,
  signal: AbortSignal,
): Promise<void> {
  try {
    await using channel = await client.forward(to, { signal });
    await Promise.all([
      connection.readable.pipeTo(channel.writable, { signal }),
      channel.readable.pipeTo(connection.writable, { signal }),
    ]);
  } catch {
    // The program at this end sees its connection close.
    try {
      connection.close();
    } catch {
      // It is closed already.
    }
  }
}
