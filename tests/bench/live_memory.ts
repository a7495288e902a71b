/** What a running Deno still uses, by its inspector: memory that only waits for a collection isn't counted. */
import { freePort } from "../harness/free_port.ts";

/** The inspector of a process that was started with {@link flag}. */
export class LiveMemory {
  readonly #port = freePort();

  /** The flag of `deno run`. */
  get flag(): string {
    return `--inspect=127.0.0.1:${this.#port}`;
  }

  /** Collects all garbage; returns what remains in MB: V8's heap, and the bytes of buffers outside of it. */
  async afterCollection(): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/json/list`);
    const [{ webSocketDebuggerUrl }] = await response.json();
    const socket = new WebSocket(webSocketDebuggerUrl);
    const opened = Promise.withResolvers<unknown>();
    socket.onopen = opened.resolve;
    socket.onerror = (event) => opened.reject(new Error(`no inspector: ${event.type}`));
    await opened.promise;
    try {
      await call(socket, "HeapProfiler.collectGarbage");
      const usage = await call(socket, "Runtime.getHeapUsage");
      return ((usage.usedSize ?? 0) + (usage.backingStorageSize ?? 0)) / 1024 / 1024;
    } finally {
      const closed = new Promise((resolve) => socket.onclose = resolve);
      socket.close();
      await closed;
    }
  }
}

/** Calls a method of the Chrome DevTools Protocol, one at a time. */
function call(socket: WebSocket, method: string): Promise<Record<string, number>> {
  return new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => {
      const { result, error } = JSON.parse(data);
      if (error === undefined) resolve(result);
      else reject(new Error(`${method}: ${error.message}`));
    };
    socket.send(JSON.stringify({ id: 1, method }));
  });
}
