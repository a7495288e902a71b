/** The interface of a protocol's parser. */
import type { ParsedEvent, TrafficSide } from "./events.ts";
import type { Incoming, Parsing } from "./incoming.ts";

/** The connection, as a parser sees it. */
export interface TrafficConnection {
  readonly client: Incoming;
  readonly server: Incoming;
  /** Headers of HTTP are collected. */
  readonly headers: boolean;
  /** Milliseconds since some fixed moment. */
  elapsedMs(): number;
  /** ISO 8601. */
  now(): string;
  emit(event: ParsedEvent): void;
}

/** A protocol on a connection: a coroutine for each direction. */
export interface TrafficConversation {
  readonly client: Parsing;
  readonly server: Parsing;
  /** Reports exchanges that were unfinished when the connection ended. */
  closed?(): void;
}

/** The most requests that wait for their responses on a connection. */
export const maxWaiting = 16_384;

/** Times of a request: from its first byte on. */
export class Stopwatch {
  readonly at: string;
  readonly #startMs: number;
  sentMs = 0;
  firstByteMs: number | undefined;

  constructor(private readonly connection: TrafficConnection) {
    this.at = connection.now();
    this.#startMs = connection.elapsedMs();
  }

  /** Milliseconds since the start, to a microsecond. */
  get elapsedMs(): number {
    return Math.round((this.connection.elapsedMs() - this.#startMs) * 1000) / 1000;
  }

  /** Notes that more of the request was sent. */
  sent(): void {
    this.sentMs = this.elapsedMs;
  }

  /** Notes the response's first byte. */
  answered(): void {
    this.firstByteMs ??= this.elapsedMs;
  }

  /** These bytes were not the response yet. */
  interim(): void {
    this.firstByteMs = undefined;
  }

  /** Returns the times of an exchange. */
  times(): { at: string; sentMs: number; firstByteMs?: number; durationMs: number } {
    const { at, sentMs, firstByteMs } = this;
    return {
      at,
      sentMs,
      ...firstByteMs !== undefined && { firstByteMs },
      durationMs: this.elapsedMs,
    };
  }
}

/** A first-in first-out queue that takes constant time. */
export class Waiting<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The item that waits longest. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  /** Returns false if there are too many already. */
  push(item: T): boolean {
    if (this.length >= maxWaiting) return false;
    this.#items.push(item);
    return true;
  }

  /** Removes and returns the item that waits longest. */
  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head++;
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Removes and returns all of them, oldest first. */
  takeAll(): T[] {
    const items = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    return items;
  }
}

/** The other direction. */
export function oppositeOf(side: TrafficSide): TrafficSide {
  return side === "client" ? "server" : "client";
}
