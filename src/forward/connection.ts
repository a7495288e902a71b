/**
 * A program's connection to a pod: both directions, and another attempt if the pod provably has got nothing.
 *
 * A connection that the pod refused has delivered no byte, so the program's bytes are sent again to the next pod. A
 * connection that broke later isn't repeated: the pod may have acted on its bytes.
 */
import { definedOnly } from "../base/json_value.ts";
import { orAborted } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import { Backoff, outagePolicy } from "../base/retry.ts";
import { PortError } from "../kube/failures.ts";
import type { Duplex } from "./listen.ts";
import type { ConnectionSummary, FailureReason, ForwardPod } from "./model.ts";
import type { TunnelStream } from "./tunnels.ts";

/** Follows the bytes of a connection. It must not keep the chunks, nor throw. */
export interface ConnectionObserver {
  fromClient(chunk: Uint8Array): void;
  fromServer(chunk: Uint8Array): void;
  closed(reason: FailureReason | undefined): void;
}

/** The parts that a connection needs. */
interface ConnectionParts {
  clock: Clock;
  /** Aborts when the forward ends: the connection is cut. */
  signal: AbortSignal;
  graceMs: number;
  /** Waits for a pod, at most this long; undefined: none came. */
  pod(limitMs: number, signal: AbortSignal): Promise<ForwardPod | undefined>;
  /** Opens a stream. Rejects with a KodamaError or a PortError. */
  open(pod: ForwardPod): Promise<TunnelStream>;
  /** A pod has refused; returns whether another attempt makes sense within the grace time. */
  mayRetry(pod: ForwardPod, reason: FailureReason): boolean;
  /** The connection waits for the cluster or a pod. */
  onWaiting(reason: string): void;
  /** The pod has answered with its first byte, or has ended the connection in order. */
  onAnswer(pod: ForwardPod): void;
  /** Bytes have been given to the other side. */
  onBytes(direction: "toPod" | "fromPod", count: number): void;
  observer: ConnectionObserver | undefined;
}

/** Bytes of the program that are stored until the pod answers, for another attempt. */
const maxReplayBytes = 256 * 1024;

/** After the pod's end: how long a program may take to end its side. */
const lingerMs = 5_000;

class Failure extends Error {
  constructor(readonly reason: FailureReason, message: string) {
    super(message);
  }
}

/** The program has closed its connection: nothing is wrong. */
const hungUp = Symbol("hungUp");

/** Carries a connection to its end, and closes it. Never rejects. */
export async function carry(client: Duplex, parts: ConnectionParts): Promise<ConnectionSummary> {
  return await new Carried(client, parts).run();
}

class Carried {
  readonly #startedMs: number;
  readonly #ended = new AbortController();
  #pod: ForwardPod | undefined;
  #tunnel: TunnelStream | undefined;
  /** The bytes that the program has sent to a pod that hasn't answered; undefined: no other attempt is possible. */
  #replay: Uint8Array[] | undefined = [];
  #replayBytes = 0;
  /** The current attempt has sent some of it. */
  #isSent = false;
  #clientEnded = false;
  /** Writes to the pod are one after the other, across attempts. */
  #turn: Promise<unknown> = Promise.resolve();
  #toPod = 0;
  #fromPod = 0;
  #retries = 0;
  #connectMs: number | undefined;
  #firstByteMs: number | undefined;
  #openedMs = 0;

  constructor(private readonly client: Duplex, private readonly parts: ConnectionParts) {
    this.#startedMs = parts.clock.elapsedMs();
  }

  async run(): Promise<ConnectionSummary> {
    const { clock, observer, signal } = this.parts;
    let failure: Failure | undefined;
    try {
      await orAborted(this.#carry(), signal);
    } catch (error) {
      if (error instanceof Failure) failure = error;
      else if (error !== hungUp && !signal.aborted) throw error;
    } finally {
      this.#ended.abort();
      this.#tunnel?.stream[Symbol.dispose]();
      this.#tunnel?.release();
      this.client.close();
    }
    observer?.closed(failure?.reason);
    return {
      pod: this.#pod?.pod ?? "",
      toPod: this.#toPod,
      fromPod: this.#fromPod,
      durationMs: clock.elapsedMs() - this.#startedMs,
      retries: this.#retries,
      ...definedOnly({ connectMs: this.#connectMs, firstByteMs: this.#firstByteMs }),
      ...(failure === undefined
        ? {}
        : { failure: { reason: failure.reason, message: failure.message } }),
    };
  }

  async #carry(): Promise<void> {
    const { clock, graceMs } = this.parts;
    const deadlineMs = this.#startedMs + graceMs;
    const backoff = new Backoff(outagePolicy.interactive, { clock, signal: this.#ended.signal });
    // The program's bytes are sent in turn, behind the attempt that connects; bytes read meanwhile are at hand then.
    let connected = this.#inTurn(() => this.#connect(deadlineMs - clock.elapsedMs()));
    const uplink = this.#fromClient();
    for (;;) {
      try {
        await Promise.race([connected, rejection(uplink)]);
        await Promise.race([this.#answered(), rejection(uplink)]);
        break;
      } catch (error) {
        const failure = this.#failureOf(error);
        if (failure === undefined) throw error;
        const isOver = clock.elapsedMs() >= deadlineMs;
        const isUnsent = !this.#isSent || failure.reason === "refused" ||
          failure.reason === "podGone";
        const pod = this.#pod;
        if (
          isOver || this.#replay === undefined || !isUnsent || pod === undefined ||
          !this.parts.mayRetry(pod, failure.reason)
        ) throw failure;
        this.#retries++;
        this.parts.onWaiting(failure.message);
        this.#tunnel?.stream[Symbol.dispose]();
        this.#tunnel?.release();
        this.#tunnel = undefined;
        connected = this.#inTurn(async () => {
          await backoff.wait(rejection(uplink));
          await this.#connect(deadlineMs - clock.elapsedMs());
        });
      }
    }
    await this.#linger(uplink);
  }

  /** Returns undefined for other errors than failures of the pod or the cluster. */
  #failureOf(error: unknown): Failure | undefined {
    if (error instanceof Failure) return error;
    if (error instanceof PortError) {
      return new Failure(error.reason === "cut" ? "reset" : error.reason, error.message);
    }
    if (!(error instanceof KodamaError)) return undefined;
    const { kind, message } = error;
    if (kind === "forbidden" || kind === "unauthorized" || kind === "usage") {
      return new Failure("denied", message);
    }
    return new Failure(kind === "notFound" ? "podGone" : "linkLost", message);
  }

  /** Opens a stream to a pod, and sends the program's bytes so far. */
  async #connect(limitMs: number): Promise<void> {
    const { clock } = this.parts;
    this.#isSent = false;
    const pod = await this.parts.pod(Math.max(0, limitMs), this.#ended.signal);
    if (pod === undefined) {
      throw new Failure(
        "timeout",
        this.#pod === undefined
          ? "no pod is ready"
          : `${this.#pod.pod} is gone, and no other pod is ready`,
      );
    }
    this.#pod = pod;
    const tunnel = await this.parts.open(pod);
    if (this.#ended.signal.aborted) {
      tunnel.stream[Symbol.dispose]();
      return tunnel.release();
    }
    this.#connectMs ??= clock.elapsedMs() - this.#startedMs;
    this.#openedMs = clock.elapsedMs();
    this.#tunnel = tunnel;
    for (const bytes of this.#replay ?? []) {
      this.#isSent = true;
      await tunnel.stream.write(bytes);
    }
    if (this.#clientEnded) await this.#endToPod();
  }

  /** Resolves at the program's end; rejects with {@link hungUp} if it has closed the connection. */
  async #fromClient(): Promise<void> {
    for (;;) {
      const bytes = await this.client.read().catch(() => undefined);
      if (this.#ended.signal.aborted) return;
      if (bytes === undefined) throw hungUp;
      if (bytes === null) {
        this.#clientEnded = true;
        return await this.#inTurn(() => this.#endToPod());
      }
      this.parts.observer?.fromClient(bytes);
      await this.#inTurn(() => this.#send(bytes));
    }
  }

  async #send(bytes: Uint8Array): Promise<void> {
    const tunnel = this.#tunnel;
    if (tunnel !== undefined && this.#replayBytes + bytes.length > maxReplayBytes) this.#confirm();
    const isStored = this.#replay !== undefined;
    if (isStored) {
      this.#replay?.push(bytes.slice());
      this.#replayBytes += bytes.length;
    }
    // The next attempt sends it.
    if (tunnel === undefined) return;
    try {
      this.#isSent = true;
      await tunnel.stream.write(bytes);
    } catch (error) {
      // Reading reports it too, after the received bytes.
      if (!(error instanceof PortError)) throw error;
      return;
    }
    if (!isStored) this.#count("toPod", bytes.length);
  }

  async #endToPod(): Promise<void> {
    try {
      await this.#tunnel?.stream.closeWrite();
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
    }
    this.#tunnel?.release();
  }

  /** Resolves at the pod's end. Rejects with a PortError, or {@link hungUp}. */
  #answered(): Promise<void> {
    const tunnel = this.#tunnel;
    if (tunnel === undefined) throw new Error("there is no stream");
    return orAborted(this.#fromPodToEnd(tunnel), tunnel.signal);
  }

  async #fromPodToEnd(tunnel: TunnelStream): Promise<void> {
    const { clock, observer } = this.parts;
    for (;;) {
      const bytes = await tunnel.stream.read();
      if (this.#firstByteMs === undefined && bytes !== null) {
        this.#firstByteMs = clock.elapsedMs() - this.#openedMs;
        if (this.#pod !== undefined) this.parts.onAnswer(this.#pod);
      }
      if (bytes === null) break;
      // Before the program can answer it.
      observer?.fromServer(bytes);
      await this.#inOrder(bytes);
      this.#count("fromPod", bytes.length);
    }
    if (this.#fromPod === 0 && !this.#clientEnded && this.#replayBytes > 0) {
      throw new Failure("reset", "the pod closed the connection without an answer");
    }
    this.#confirm();
    if (this.#pod !== undefined) this.parts.onAnswer(this.#pod);
  }

  async #inOrder(bytes: Uint8Array): Promise<void> {
    this.#confirm();
    try {
      await this.client.write(bytes);
    } catch {
      throw hungUp;
    }
  }

  /** The pod has got the bytes: they aren't sent again. */
  #confirm(): void {
    if (this.#replay === undefined) return;
    this.#replay = undefined;
    this.#count("toPod", this.#replayBytes);
  }

  #count(direction: "toPod" | "fromPod", count: number): void {
    if (count === 0) return;
    if (direction === "toPod") this.#toPod += count;
    else this.#fromPod += count;
    this.parts.onBytes(direction, count);
  }

  /**
   * Ends the bytes to the program; further bytes from it can't be delivered, and an early close could lose the answer.
   */
  async #linger(uplink: Promise<void>): Promise<void> {
    try {
      await this.client.closeWrite();
    } catch {
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    using _limit = this.parts.clock.timer(lingerMs, resolve);
    await Promise.race([uplink.catch(() => {}), promise]);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

/** Rejects when the promise does; never resolves. */
function rejection(promise: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => promise.catch(reject));
}
