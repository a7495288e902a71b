/**
 * A WebSocket over a {@link Link}, the client's side of RFC 6455, pulled: a part of a message is read
 * from the network when it is asked for, so whoever stops asking stops the sender.
 *
 * How a dead link is told from a silent one, each within 25 s (measured on Kubernetes 1.34):
 *
 *   nothing sent, or all of it seen   The API server's reader answers a ping at once, whatever the command does.
 *                                     No pong is death.
 *   sent and not seen                 The server reads one message after the other and hands each on before it
 *                                     reads the next. Behind input that the command doesn't read, no ping is
 *                                     read, and none is answered: silence proves nothing. So the server is asked
 *                                     something else, over a connection of its own. No answer there is death.
 *   nobody reads here                 Nothing is asked: what waits to be read is no silence.
 *
 * What neither tells: that the command has ended. Where it left more than some 200 kB of input unread, the
 * container runtime (containerd 1.6) goes on waiting for the input's end, and the server's final Status never
 * comes; kubectl waits for ever, too. Whoever knows the command's process can look for it in the pod.
 */
import { Deadline } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import type { Link } from "./link.ts";
import { encodeFrame, FrameDecoder, type FrameEvent, opcode } from "./websocket_frames.ts";

/** What a {@link WebSocketLink} gives to its reader. */
export type Received =
  | { kind: "part"; start: boolean; end: boolean; bytes: Uint8Array }
  /** The peer said goodbye. */
  | { kind: "closed"; code: number; reason: string }
  /** The network ended without one. */
  | { kind: "lost"; reason: string };

/** When silence is asked about, and when it is taken for death. Together below 30 s. */
export interface KeepAlive {
  pingAfterMs: number;
  deadAfterMs: number;
  clock: Clock;
  /** Asks the server over another connection. Resolves with whether it answered before the signal aborted; never rejects. */
  serverAnswers(signal: AbortSignal): Promise<boolean>;
}

/** The times of {@link KeepAlive}. */
export const keepAliveTimes = { pingAfterMs: 10_000, deadAfterMs: 15_000 };

/** One reader, any number of writers. */
export class WebSocketLink implements Disposable {
  readonly #decoder = new FrameDecoder();
  #events: Iterator<FrameEvent, void> | undefined;
  #closeSent = false;
  /** Messages that were sent, and how many of them the peer has shown to have read, by its pong. */
  #sent = 0;
  #seen = 0;
  #silent = false;

  constructor(
    private readonly link: Link,
    /** Bytes that came together with the end of the handshake. */
    private first: Uint8Array,
    readonly protocol: string,
    private readonly keepAlive: KeepAlive,
  ) {}

  /** The next part of a message, or how it ended. Never rejects. One call at a time. */
  async receive(): Promise<Received> {
    for (;;) {
      try {
        const event = this.#events?.next();
        if (event !== undefined && event.done !== true) {
          const received = await this.#answer(event.value);
          if (received !== undefined) return received;
          continue;
        }
        const chunk = await this.#read();
        if (chunk === null) {
          const reason = this.#silent ? this.#silence() : "the connection was closed";
          return { kind: "lost", reason };
        }
        this.#events = this.#decoder.decode(chunk);
      } catch (error) {
        return { kind: "lost", reason: this.#silent ? this.#silence() : wordsOf(error) };
      }
    }
  }

  /** Sends a binary message. Resolves when the network has taken it. */
  async send(bytes: Uint8Array): Promise<void> {
    this.#sent++;
    await this.#sendFrame(opcode.binary, bytes);
  }

  /** Says goodbye; the peer's own is then received. Safe to call twice. */
  async close(code = 1000): Promise<void> {
    if (this.#closeSent) return;
    this.#closeSent = true;
    await this.#sendFrame(opcode.close, Uint8Array.of(code >> 8, code & 0xff));
  }

  /** Drops the connection. */
  [Symbol.dispose](): void {
    this.link[Symbol.dispose]();
  }

  /** Undefined for what concerns the protocol alone. */
  async #answer(event: FrameEvent): Promise<Received | undefined> {
    switch (event.kind) {
      case "part":
        return event;
      case "ping":
        if (!this.#closeSent) await this.#sendFrame(opcode.pong, event.bytes);
        return undefined;
      case "pong":
        if (event.bytes.length === 8) this.#seen = numberOf(event.bytes);
        return undefined;
      case "close":
        await this.close().catch(() => {});
        return { kind: "closed", code: event.code, reason: event.reason };
    }
  }

  async #read(): Promise<Uint8Array | null> {
    if (this.first.length > 0) {
      const chunk = this.first;
      this.first = new Uint8Array(0);
      return chunk;
    }
    using _watch = this.#watchSilence();
    return await this.link.read();
  }

  /** While the reader waits: asks after a silence, and drops a link that doesn't answer. */
  #watchSilence(): Disposable {
    const { clock, pingAfterMs, deadAfterMs } = this.keepAlive;
    let waiting: Disposable;
    const watch = () => {
      waiting = clock.timer(pingAfterMs, () => {
        this.#sendFrame(opcode.ping, bytesOf(this.#sent)).catch(() => {});
        waiting = this.#seen === this.#sent
          ? clock.timer(deadAfterMs, () => this.#giveUp())
          : this.#askElsewhere(watch);
      });
    };
    watch();
    return { [Symbol.dispose]: () => waiting[Symbol.dispose]() };
  }

  /** Calls `alive`, or gives up; neither after it was disposed of. */
  #askElsewhere(alive: () => void): Disposable {
    const { clock, deadAfterMs, serverAnswers } = this.keepAlive;
    const over = new AbortController();
    const limit = new Deadline(clock, deadAfterMs, over.signal);
    serverAnswers(limit.signal).then((answered) => {
      limit[Symbol.dispose]();
      if (over.signal.aborted) return;
      if (answered) alive();
      else this.#giveUp();
    });
    return { [Symbol.dispose]: () => over.abort() };
  }

  #giveUp(): void {
    this.#silent = true;
    this[Symbol.dispose]();
  }

  #silence(): string {
    const { pingAfterMs, deadAfterMs } = this.keepAlive;
    return `no answer from the server for ${Math.round((pingAfterMs + deadAfterMs) / 1000)} s`;
  }

  #sendFrame(code: number, bytes: Uint8Array): Promise<void> {
    return this.link.write(encodeFrame(code, bytes, crypto.getRandomValues(new Uint8Array(4))));
  }
}

/** An error's message, without the page of its library's manual that rustls puts behind some. */
function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/: https?:\/\/\S+$/, "");
}

/** What a ping carries and its pong brings back. */
function bytesOf(count: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, count);
  return bytes;
}

function numberOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
}
