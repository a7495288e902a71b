/**
 * Connections to the ports of one pod, over one link: frames of SPDY 3.1, either directly behind an upgrade, or within
 * the messages of a WebSocket (`SPDY/3.1+portforward.k8s.io`, KEP-4006), as kubectl does since 1.31. Each connection is
 * a pair of streams: one for its bytes, one for the pod's error.
 *
 * No one in Kubernetes uses SPDY's windows, so one connection whose reader stops would block the others of its link:
 * if `isBlocked`, the caller uses another link for new ones.
 * https://github.com/kubernetes/kubernetes/blob/v1.34.0/staging/src/k8s.io/client-go/tools/portforward/portforward.go
 */
import { joinBytes } from "../../base/byte_buffer.ts";
import { plainText } from "../../base/plain_text.ts";
import type { PortLink, PortStream } from "../client.ts";
import { PortError } from "../failures.ts";
import type { Link } from "../link/link.ts";
import { FrameSource } from "./frame_source.ts";
import { type KeepAlive, KeepAliveMonitor, linkErrorText } from "./keepalive.ts";
import {
  dataFrame,
  pingFrame,
  resetFrame,
  SpdyDecoder,
  type SpdyEvent,
  SpdyStreamOpener,
} from "./spdy_socket.ts";
import type { WebSocketLink } from "./websocket.ts";

/** The sub-protocol of a WebSocket that carries SPDY. */
export const portTunnelProtocol = "SPDY/3.1+portforward.k8s.io";

/** Bytes that wait for the reader of one connection; above it the whole link waits for that reader. */
const maxQueuedBytes = 512 * 1024;

/** Characters of a pod's error. */
const maxMessage = 4096;

/** The reason in a reset: the stream is no longer needed. SPDY 3.1, 2.6.3. */
const cancelled = 5;

/** The connections of one upgraded link. */
export class SpdyPortLink implements PortLink {
  readonly ended: Promise<string>;
  readonly #link: Link;
  readonly #keepAlive: KeepAlive;
  readonly #monitor: KeepAliveMonitor;
  readonly #frames: FrameSource<SpdyEvent>;
  readonly #opener = new SpdyStreamOpener();
  /** The connections, each by the numbers of both of its streams. */
  readonly #connections = new Map<number, Connection>();
  /** The number of the next stream: a client's are odd. */
  #next = 1;
  #requests = 0;
  #ping = { id: -1, sent: 0 };
  /** Events received, to tell whether the server has answered. */
  #received = 0;
  #blockedBy: Connection | undefined;
  #isSpent = false;
  #end: string | undefined;

  /** @param first bytes that arrived with the answer to the upgrade. */
  constructor(link: Link, first: Uint8Array, keepAlive: KeepAlive) {
    this.#link = link;
    this.#keepAlive = keepAlive;
    this.#monitor = new KeepAliveMonitor(keepAlive, {
      ping: (sent) => this.#askForSign(sent),
      drop: () => this.#link[Symbol.dispose](),
    });
    const finder = new SpdyDecoder();
    this.#frames = new FrameSource(link, { first, finder, monitor: this.#monitor });
    this.ended = this.#run();
  }

  get isBlocked(): boolean {
    return this.#blockedBy !== undefined;
  }

  get isSpent(): boolean {
    return this.#isSpent;
  }

  get end(): string | undefined {
    return this.#end;
  }

  async open(port: number): Promise<PortStream> {
    if (this.#end !== undefined) throw this.#lost(this.#end);
    const [error, data] = [this.#next, this.#next + 2];
    this.#next += 4;
    const headers = { port: String(port), requestid: String(this.#requests++) };
    const connection = new Connection(data, {
      send: (bytes, isLast) => this.#send(data, bytes, isLast),
      over: () => {
        this.#connections.delete(error);
        this.#connections.delete(data);
      },
      reset: () => void this.#link.write(resetFrame(data, cancelled)).catch(() => {}),
      refused: () => this.#isSpent = true,
    });
    this.#connections.set(error, connection);
    this.#connections.set(data, connection);
    await this.#written(joinBytes([
      this.#opener.frame(error, { streamtype: "error", ...headers }),
      dataFrame(error, new Uint8Array(0), true),
      this.#opener.frame(data, { streamtype: "data", ...headers }),
    ]));
    return connection;
  }

  probe(limitMs: number): void {
    const before = this.#received;
    this.#askForSign(0).catch(() => {});
    this.#keepAlive.clock.timer(limitMs, () => {
      if (this.#received === before && !this.isBlocked) this[Symbol.dispose]();
    });
  }

  [Symbol.dispose](): void {
    this.#link[Symbol.dispose]();
    this.#blockedBy?.discard();
  }

  /** Receives until the link ends; returns why. Never rejects. */
  async #run(): Promise<string> {
    const end = await this.#receive().catch(linkErrorText);
    this.#end = this.#monitor.death ?? end;
    for (const connection of new Set(this.#connections.values())) {
      connection.fail(this.#lost(this.#end));
    }
    this.#link[Symbol.dispose]();
    return this.#end;
  }

  async #receive(): Promise<string> {
    for (;;) {
      const event = await this.#frames.next();
      if (event === null) return "the server closed the link";
      this.#received++;
      switch (event.kind) {
        case "data": {
          const connection = this.#connections.get(event.stream);
          if (connection === undefined) break;
          connection.take(event);
          if (!connection.isFull) break;
          this.#blockedBy = connection;
          await connection.drained();
          this.#blockedBy = undefined;
          break;
        }
        case "ping":
          if (event.id % 2 === 0) await this.#link.write(pingFrame(event.id));
          else if (event.id === this.#ping.id) this.#monitor.seen(this.#ping.sent);
          break;
        case "reset":
          this.#connections.get(event.stream)?.fail(
            new PortError("cut", "the server has reset the connection"),
          );
          break;
        case "goAway":
          // The connections that are open continue.
          break;
      }
    }
  }

  #askForSign(sent: number): Promise<void> {
    this.#ping = { id: this.#ping.id + 2, sent };
    return this.#link.write(pingFrame(this.#ping.id));
  }

  #send(stream: number, bytes: Uint8Array, isLast: boolean): Promise<void> {
    this.#monitor.sent();
    return this.#written(dataFrame(stream, bytes, isLast));
  }

  async #written(bytes: Uint8Array): Promise<void> {
    try {
      await this.#link.write(bytes);
    } catch (error) {
      throw this.#lost(this.#monitor.death ?? linkErrorText(error));
    }
  }

  #lost(reason: string): PortError {
    return new PortError("linkLost", `the link to the cluster is gone: ${reason}`);
  }
}

/** What a connection needs of its link. */
interface Carrier {
  send(bytes: Uint8Array, isLast: boolean): Promise<void>;
  /** Nothing more is to be received. */
  over(): void;
  reset(): void;
  /** The node has reported an error. */
  refused(): void;
}

/** One connection to a port. */
class Connection implements PortStream {
  readonly #data: number;
  readonly #link: Carrier;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #isDiscarded = false;
  #sentEnd = false;
  /** The server's halves that have ended: both of them, or one of them with an error. */
  #dataEnded = false;
  #errorEnded = false;
  #message = "";
  #failure: PortError | undefined;
  #arrived: (() => void) | undefined;
  #drained: (() => void) | undefined;

  constructor(data: number, link: Carrier) {
    this.#data = data;
    this.#link = link;
  }

  get isFull(): boolean {
    return this.#queuedBytes > maxQueuedBytes;
  }

  /** Resolves when there is space again. */
  drained(): Promise<void> {
    return new Promise((resolve) => this.#drained = resolve);
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const queued = this.#take();
      if (queued !== undefined) return queued;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isOver) return null;
      await new Promise<void>((resolve) => this.#arrived = resolve);
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await this.#link.send(bytes, false);
  }

  async closeWrite(): Promise<void> {
    if (this.#sentEnd || this.#failure !== undefined) return;
    this.#sentEnd = true;
    await this.#link.send(new Uint8Array(0), true);
  }

  [Symbol.dispose](): void {
    if (this.#isDiscarded) return;
    if (!this.#isOver && this.#failure === undefined) this.#link.reset();
    this.#failure ??= new PortError("cut", "the connection was closed here");
    this.discard();
    this.#link.over();
  }

  /** Drops what arrives from here on. */
  discard(): void {
    this.#isDiscarded = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#wake();
  }

  /** Takes what the server sent on one of the streams. */
  take({ stream, bytes, end }: Extract<SpdyEvent, { kind: "data" }>): void {
    if (stream === this.#data) {
      if (bytes.length > 0 && !this.#isDiscarded) {
        this.#queue.push(bytes);
        this.#queuedBytes += bytes.length;
      }
      this.#dataEnded ||= end;
    } else {
      this.#message = (this.#message + new TextDecoder().decode(bytes)).slice(0, maxMessage);
      this.#errorEnded ||= end;
      // The pod's error is the end, though the server may leave the streams open.
      const message = plainText(this.#message);
      if (message !== "") {
        this.#link.refused();
        return this.fail(new PortError(kindOf(message), readable(message)));
      }
    }
    if (this.#isOver && this.#sentEnd) this.#link.over();
    this.#arrive();
  }

  /** Ends it with an error, behind the bytes that have arrived. */
  fail(error: PortError): void {
    this.#failure ??= error;
    this.#link.over();
    this.#wake();
  }

  get #isOver(): boolean {
    return this.#dataEnded && this.#errorEnded;
  }

  /** Several pieces as one: each costs the reader a call of the system. */
  #take(): Uint8Array | undefined {
    const { length } = this.#queue;
    if (length === 0) return undefined;
    const bytes = length === 1 ? this.#queue[0] : joinBytes(this.#queue);
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#drained?.();
    this.#drained = undefined;
    return bytes;
  }

  #arrive(): void {
    this.#arrived?.();
    this.#arrived = undefined;
  }

  #wake(): void {
    this.#arrive();
    this.#drained?.();
    this.#drained = undefined;
  }
}

/** The texts of containerd and CRI-O, and of what the kubelet says about pods that are missing. */
function kindOf(message: string): PortError["reason"] {
  if (/refused|failed to connect|dial tcp|cannot assign|no route/i.test(message)) return "refused";
  if (/not found|does not exist|no longer|is not running|unable to find|sandbox/i.test(message)) {
    return "podGone";
  }
  return "cut";
}

/**
 * Returns the message of a server without the ids of its sandbox: `error forwarding port 80 to pod 17dd…, uid : …` is
 * about a connection that names its pod and port. A refusal has one cause: container runtimes connect to the loopback
 * of the pod.
 */
function readable(message: string): string {
  const [, port = "", cause = message] =
    /^error forwarding port (\d+) to pod [^,]*, uid [^:]*: (.*)$/s.exec(message) ?? [];
  if (port !== "" && /connection refused/.test(cause)) {
    return `connection refused: nothing in the pod listens on localhost:${port}`;
  }
  return cause;
}

/** The bytes of SPDY within a WebSocket's messages. */
export function tunnelLink(socket: WebSocketLink): Link {
  return {
    async read() {
      for (;;) {
        const received = await socket.receive();
        if (received.kind === "lost") throw new Error(received.reason);
        if (received.kind === "closed") return null;
        if (received.bytes.length > 0) return received.bytes;
      }
    },
    write: (bytes) => socket.send(bytes),
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  };
}
