/**
 * How a dead link is distinguished from a silent one, each within 25 s (measured on Kubernetes 1.34):
 *
 * - nothing sent, or all of it seen: The peer's reader answers a ping at once, whatever the command does. A missing
 *   pong means a dead link.
 * - sent and not seen: The peer reads messages in order and forwards each before it reads the next. Behind input that
 *   the command doesn't read, no ping is read or answered: silence proves nothing. So the server is polled over a
 *   separate connection. No answer there means a dead link.
 * - no one reads here: Nothing is polled: unread data isn't silence.
 *
 * Neither detects that the command has ended. If it exited with more than some 200 kB of input unread, the container
 * runtime (containerd 1.6) keeps waiting for the input's end, and the server's final Status never comes; kubectl waits
 * forever, too. A caller that knows the command's process can check for it in the pod.
 */
import { Deadline } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";

/** When silence is probed, and when it counts as a dead link. Together below 30 s. */
export interface KeepAlive {
  pingAfterMs: number;
  deadAfterMs: number;
  clock: Clock;
  /**
   * Polls the server over another connection. Resolves with whether it answered before the signal aborted; never
   * rejects.
   */
  serverAnswers(signal: AbortSignal): Promise<boolean>;
}

/** The times of {@link KeepAlive}. */
export const keepAliveTimes = { pingAfterMs: 10_000, deadAfterMs: 15_000 };

/** Watches one link. */
export class KeepAliveMonitor {
  /** The number of messages sent, and of those that the peer has provably read. */
  #sent = 0;
  #seen = 0;
  #dead = false;

  /** @param link requests proof from the peer that it has read N messages; drops the link. */
  constructor(
    private readonly keepAlive: KeepAlive,
    private readonly link: { ping(sent: number): Promise<void>; drop(): void },
  ) {}

  /** Why the link was dropped; undefined if it wasn't dropped for its silence. */
  get death(): string | undefined {
    const { pingAfterMs, deadAfterMs } = this.keepAlive;
    const limitMs = pingAfterMs + deadAfterMs;
    return this.#dead ? `no answer from the server for ${Math.round(limitMs / 1000)} s` : undefined;
  }

  /** A message is sent. */
  sent(): void {
    this.#sent++;
  }

  /** The peer has read `count` messages. */
  seen(count: number): void {
    this.#seen = count;
  }

  /** While the reader waits: probes after a silence, and drops a link that doesn't answer. */
  watch(): Disposable {
    const { clock, pingAfterMs, deadAfterMs } = this.keepAlive;
    let waiting: Disposable;
    const watch = () => {
      waiting = clock.timer(pingAfterMs, () => {
        this.link.ping(this.#sent).catch(() => {});
        waiting = this.#seen === this.#sent
          ? clock.timer(deadAfterMs, () => this.#giveUp())
          : this.#pollServer(watch);
      });
    };
    watch();
    return { [Symbol.dispose]: () => waiting[Symbol.dispose]() };
  }

  /** Calls `alive`, or gives up; neither after disposal. */
  #pollServer(alive: () => void): Disposable {
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
    this.#dead = true;
    this.link.drop();
  }
}

/** Returns an error's message, without the manual page URL that rustls appends to some. */
export function linkErrorText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/close_notify/.test(message)) {
    return "the server closed the connection unexpectedly (close_notify is missing)";
  }
  return message.replace(/: https?:\/\/\S+$/, "");
}
