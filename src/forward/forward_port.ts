/** A port of this machine that is forwarded to a port of a pod: every connection is a stream of its own. */
import type { Clock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import { retry, type RetryPolicy } from "../base/retry.ts";
import type { ForwardChannel, KubeClient } from "../kube/client.ts";
import type { Target } from "../kube/select/target.ts";

/** Concurrent connections; others wait in the system's own queue. */
const maxConnections = 64;

/** The longest time that a connection waits for a stream to the pod, or to the one that replaces it. */
const openLimitMs = 15_000;
const retries: RetryPolicy = { delayMs: 100, maxDelayMs: 1000 };

/** A local port that leads to a pod's. */
export interface PortForward {
  remote: number;
  /** 0 is any free one. */
  local: number;
  target: Target;
  /** Returns the next target when the current one is missing. */
  again(): Promise<Target | undefined>;
  /** Reports events of connections and of the pod. */
  onLine(line: string): void;
}

/** The dependencies of a forward. */
export interface ForwardParts {
  kube(context: string): Promise<KubeClient>;
  clock: Clock;
}

/**
 * Listens only on this machine, until it is disposed of. A broken stream ends its connection, and the next one gets a
 * new stream; a pod that is gone is resolved again.
 *
 * @throws KodamaError `environment` if the port is taken.
 */
export function forwardPort(
  parts: ForwardParts,
  forward: PortForward,
): AsyncDisposable & { port: number } {
  const listener = listen(forward.local);
  const ended = new AbortController();
  const way = new Way(parts, forward);
  const open = new Set<Promise<void>>();
  const accepting = (async () => {
    for await (const connection of listener) {
      const joined = way.join(connection, ended.signal).finally(() => open.delete(joined));
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
    throw new KodamaError("environment", `port ${port} of this machine: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The current route to the pod. */
class Way {
  readonly #parts: ForwardParts;
  readonly #forward: PortForward;
  #target: Target;
  /** The last message reported: every connection has the same trouble. */
  #reported = "";

  constructor(parts: ForwardParts, forward: PortForward) {
    this.#parts = parts;
    this.#forward = forward;
    this.#target = forward.target;
  }

  /** Copies both directions, until one end closes. Never rejects: failures are reported, and close the connection. */
  async join(connection: Deno.TcpConn, signal: AbortSignal): Promise<void> {
    try {
      await using channel = await this.#open(signal);
      const { pod } = this.#target;
      void channel.failure.then((refusal) => {
        if (refusal !== undefined) this.#report(`${pod}:${this.#forward.remote}: ${refusal}`);
      });
      await Promise.all([
        connection.readable.pipeTo(channel.writable, { signal }),
        channel.readable.pipeTo(connection.writable, { signal }),
      ]);
    } catch (error) {
      if (!signal.aborted && error instanceof KodamaError) {
        this.#report(`${this.#target.pod}:${this.#forward.remote}: ${error.message}`);
      }
      try {
        connection.close();
      } catch {
        // It is closed already.
      }
    }
  }

  async #open(signal: AbortSignal): Promise<ForwardChannel> {
    const { clock, kube } = this.#parts;
    return await retry(async (within) => {
      const { context, namespace, pod } = this.#target;
      const client = await kube(context);
      const port = this.#forward.remote;
      const channel = await client.forward({ namespace, pod, port }, { signal: within });
      this.#reported = "";
      return channel;
    }, {
      policy: retries,
      clock,
      signal,
      limitMs: openLimitMs,
      // Any other refusal may come from a pod that is being replaced.
      mayRetry: (error) =>
        error instanceof KodamaError &&
        !["cancelled", "forbidden", "unauthorized"].includes(error.kind),
      onFailure: async (error) => {
        if (error instanceof KodamaError && error.kind !== "unreachable") await this.#lookAgain();
      },
    });
  }

  /** Resolves the pod again: another one of the selection may have replaced it. */
  async #lookAgain(): Promise<void> {
    const target = await this.#forward.again().catch((error: unknown) => {
      // Between two pods there may be none.
      if (error instanceof KodamaError) return undefined;
      throw error;
    });
    if (target === undefined) return;
    if (target.pod !== this.#target.pod) {
      this.#report(`${this.#target.pod} is gone; it is ${target.pod} now`);
    }
    this.#target = target;
  }

  #report(line: string): void {
    if (line === this.#reported) return;
    this.#reported = line;
    this.#forward.onLine(line);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
