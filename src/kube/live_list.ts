/**
 * The informer: a map of objects that follows collections of the API server, for everything that waits for objects or
 * shows their changes.
 *
 * It works as client-go's reflector does. Each collection is listed in pages, then watched from the version of that
 * list. A stream that ends is resumed at the last version that an event or a bookmark carried; if the server no longer
 * has that version (410), the collection is listed again, and the differences become changes. Failures are retried with
 * back-off and jitter, except those that a retry can't change, such as a revoked permission. Two differences: pages are
 * reported as they come, and an outage is an event.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import { onAbort, passed } from "../base/abort.ts";
import { BoundedQueue } from "../base/bounded_queue.ts";
import type { Clock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import { Backoff, outagePolicy, type RetryPolicy } from "../base/retry.ts";
import type { ApiResource, KubeClient, ListPage, ListScope, WatchEvent } from "./client.ts";
import { ExpiredError, isTransient, RestartErrors } from "./failures.ts";
import { kindName } from "./resources.ts";
import type { ObjectMeta } from "./types.ts";

/** Events queued for a slow reader; when the queue is full, the servers wait too. */
const maxQueued = 64;

/** An object that can be listed. */
export interface Listed {
  metadata?: ObjectMeta;
}

/** One collection. */
export interface LiveSource<T extends Listed, U = T> {
  client: Pick<KubeClient, "get" | "list" | "watch">;
  /** The objects are {@link Tabled}. */
  as?: "table";
  resource: ApiResource;
  scope: ListScope;
  /** Only the object of this name, in a scope with a namespace. If it may not be listed, it is read by `get`. */
  name?: string;
  /** Its objects stay apart from those of collections of other parts, which may have them too. */
  part?: string;
  /**
   * Returns what is stored and reported of an object, so that large ones needn't be in memory; undefined excludes it,
   * also if it was included before. The object itself if absent.
   */
  transform?: (object: T) => U | undefined;
}

/** Options of a live list. */
export interface LiveListOptions {
  clock: Clock;
  signal: AbortSignal;
  /** In [0, 1), for the jitter of delays. */
  random?: () => number;
  /** The delays of a reflector if absent. */
  reconnect?: RetryPolicy;
  /** Returns whether the first list is worth a retry after this error; by default its error is thrown. */
  mayRetryStart?: (error: unknown) => boolean;
  /** Lists at this interval if a collection can't be watched; if absent, the server's refusal is thrown. */
  pollMs?: number;
}

/** A change of one object. */
export interface LiveChange<U> {
  kind: "added" | "modified" | "deleted";
  /** Identifies the object, and no later one of its name. */
  key: string;
  /** The object; for a deletion its last known state. */
  object: U;
  /** The state before a modification. */
  before?: U;
}

/** A time without an answer from the server, from a moment of the clock. */
export interface Outage {
  sinceMs: number;
  error: KodamaError;
}

/** The events of a live list. */
export type LiveEvent<U> =
  /** One change, or those of a page. */
  | { kind: "changed"; changes: readonly LiveChange<U>[] }
  /** Every collection has been listed, and none is unreachable. */
  | { kind: "inSync" }
  /**
   * The server no longer had the changes since the last one of a collection, which is listed again: the changes that
   * follow are the differences, and states between them are unknown.
   */
  | { kind: "gap"; resource: ApiResource }
  /** Changes may be missed; once it is in sync again, they are reported. */
  | { kind: "outOfSync"; outage: Outage };

/** What a collection reports. */
type Reflected<T> =
  | { kind: "listing" | "listed" | "watching" | "expired" }
  | { kind: "page"; objects: T[] }
  | { kind: "failed"; error: KodamaError }
  | Exclude<WatchEvent<T>, { kind: "bookmark" }>;

type Item<T> = { of: number; reported: Reflected<T> } | "tick";

/** The state of one collection. */
interface Collection {
  /** The version of each of its objects, by key. */
  readonly versions: Map<string, string | undefined>;
  /** Keys that the running list has reported. */
  seen: Set<string> | undefined;
  isListed: boolean;
  outage?: Outage;
}

/** Objects of some collections, by key, with their changes. It opens nothing before it is iterated, which is once. */
export class LiveList<T extends Listed, U = T> {
  readonly #objects = new Map<string, U>();
  readonly #collections: readonly Collection[];
  #isInSync = false;
  #outage: Outage | undefined;
  #isStarted = false;

  constructor(
    private readonly sources: readonly LiveSource<T, U>[],
    private readonly options: LiveListOptions,
  ) {
    this.#collections = sources.map(() => ({
      versions: new Map(),
      seen: undefined,
      isListed: false,
    }));
  }

  /** The objects as of the event that was yielded last, by key. */
  get objects(): ReadonlyMap<string, U> {
    return this.#objects;
  }

  /** Whether every collection has been listed, and none is unreachable, as of that event. */
  get isInSync(): boolean {
    return this.#isInSync;
  }

  /** The current outage; undefined if there is none. */
  get outage(): Outage | undefined {
    return this.#outage;
  }

  /**
   * Yields every change until the signal aborts, or the consumer stops; the watches end with it.
   *
   * @throws KodamaError of a first list, and of a request that a retry can't help.
   */
  async *events(): AsyncGenerator<LiveEvent<U>, void> {
    const [first, ...others] = this.sources;
    if (first === undefined || others.length > 0) {
      for await (const { events } of this.#run(new BoundedQueue(maxQueued))) yield* events;
      return;
    }
    // Without a queue, a consumer that the list satisfies opens no watch.
    this.#start();
    for await (const reported of reflect(first, this.options)) yield* this.#apply(0, reported);
  }

  /**
   * Yields the list itself when it is in sync, at each change, outage, and end of an outage, and every `tickMs`. Changes
   * that come faster than they are consumed are yielded as one.
   *
   * @throws as {@link events}, and the signal's reason.
   */
  async *snapshots(tickMs?: number): AsyncGenerator<this, never> {
    const { clock, signal } = this.options;
    const queue = new BoundedQueue<Item<T>>(maxQueued);
    using cleanup = new DisposableStack();
    const end = Promise.withResolvers<void>();
    cleanup.use(onAbort(signal, end.resolve));
    if (tickMs !== undefined) cleanup.use(everyMs(clock, tickMs, () => tick(queue)));
    let isNew = false;
    for await (const { events, isTick } of this.#run(queue, end.promise)) {
      isNew ||= isTick || events.length > 0;
      if (!isNew || queue.size > 0 || !(this.#isListed() || this.#outage)) continue;
      isNew = false;
      yield this;
    }
    signal.throwIfAborted();
    throw new Error("a list without an end has ended");
  }

  /** @param end until then it continues, also without a collection. */
  async *#run(
    queue: BoundedQueue<Item<T>>,
    end?: Promise<void>,
  ): AsyncGenerator<{ events: LiveEvent<U>[]; isTick: boolean }, void> {
    this.#start();
    const stop = new AbortController();
    const signal = AbortSignal.any([this.options.signal, stop.signal]);
    const following = this.sources.map(async (source, of) => {
      for await (const reported of reflect(source, { ...this.options, signal })) {
        await queue.push({ of, reported });
      }
    });
    Promise.all([...following, end]).then(
      () => queue.close(),
      (error: unknown) => queue.fail(error),
    );
    try {
      if (this.sources.length === 0) yield { events: this.#syncEvents(), isTick: false };
      for await (const item of queue) {
        yield item === "tick"
          ? { events: [], isTick: true }
          : { events: this.#apply(item.of, item.reported), isTick: false };
      }
    } finally {
      stop.abort();
      queue.discard();
      await Promise.allSettled(following);
    }
  }

  #start(): void {
    if (this.#isStarted) throw new Error("a live list is iterated once");
    this.#isStarted = true;
  }

  #isListed(): boolean {
    return this.#collections.every(({ isListed }) => isListed);
  }

  #apply(index: number, reported: Reflected<T>): LiveEvent<U>[] {
    const collection = this.#collections[index];
    const source = this.sources[index];
    if (collection === undefined || source === undefined) return [];
    switch (reported.kind) {
      case "listing":
        collection.seen = new Set();
        return [];
      case "expired":
        return [{ kind: "gap", resource: source.resource }];
      case "page":
        return changed(reported.objects.flatMap((one) => this.#put(collection, source, one)));
      case "listed": {
        const missed = [...collection.versions.keys()].filter((key) => !collection.seen?.has(key));
        collection.seen = undefined;
        collection.isListed = true;
        delete collection.outage;
        const removed = missed.flatMap((key) => this.#remove(collection, key));
        return [...changed(removed), ...this.#syncEvents()];
      }
      case "watching":
        delete collection.outage;
        return this.#syncEvents();
      case "failed":
        collection.outage ??= {
          sinceMs: this.options.clock.elapsedMs(),
          error: reported.error,
        };
        return this.#syncEvents();
      case "deleted": {
        const { object } = reported;
        return changed(
          this.#remove(collection, keyOf(source, object), transformed(source, object)),
        );
      }
      default:
        return changed(this.#put(collection, source, reported.object));
    }
  }

  #put(collection: Collection, source: LiveSource<T, U>, object: T): LiveChange<U>[] {
    const key = keyOf(source, object);
    const version = object.metadata?.resourceVersion;
    const value = transformed(source, object);
    if (value === undefined) return this.#remove(collection, key);
    collection.seen?.add(key);
    // A list that is read again mostly repeats what is known.
    const isSame = version !== undefined && collection.versions.get(key) === version;
    collection.versions.set(key, version);
    const before = this.#objects.get(key);
    if (before !== undefined && isSame) return [];
    this.#objects.set(key, value);
    return [
      before === undefined
        ? { kind: "added", key, object: value }
        : { kind: "modified", key, object: value, before },
    ];
  }

  /** An object of two collections is deleted when both have lost it. */
  #remove(collection: Collection, key: string, last?: U): LiveChange<U>[] {
    if (!collection.versions.delete(key)) return [];
    if (this.#collections.some(({ versions }) => versions.has(key))) return [];
    const object = last ?? this.#objects.get(key) as U;
    this.#objects.delete(key);
    return [{ kind: "deleted", key, object }];
  }

  #syncEvents(): LiveEvent<U>[] {
    const before = this.#outage;
    const outages = this.#collections.flatMap(({ outage }) => outage ?? []);
    this.#outage = outages.find((one) => one === before) ?? outages[0];
    if (this.#outage !== undefined) {
      this.#isInSync = false;
      return before === undefined ? [{ kind: "outOfSync", outage: this.#outage }] : [];
    }
    if (this.#isInSync || !this.#isListed()) return [];
    this.#isInSync = true;
    return [{ kind: "inSync" }];
  }
}

/** Lists and watches one collection, again and again, until the signal aborts. */
async function* reflect<T extends Listed, U>(
  source: LiveSource<T, U>,
  options: LiveListOptions,
): AsyncGenerator<Reflected<T>, void> {
  const { client, resource } = source;
  const { clock, signal, random = Math.random, mayRetryStart, pollMs } = options;
  const scope = scopeOf(source);
  const backoff = new Backoff(options.reconnect ?? outagePolicy.background, {
    clock,
    random,
    signal,
  });
  /** Empty: a list is needed. */
  let version = "";
  let isStarted = false;
  let isPolling = false;
  let isOut = false;
  const restart = new RestartErrors(clock);
  /** A server that wasn't out refuses for good. */
  const mayRetry = (error: KodamaError) => {
    isOut ||= isTransient(error);
    return isOut && restart.mayRetry(error);
  };
  while (!signal.aborted) {
    let isWatching = false;
    try {
      if (version === "") {
        yield { kind: "listing" };
        let listed = "";
        for await (const page of pages(source, scope, signal)) {
          isStarted = true;
          listed = page.resourceVersion;
          yield { kind: "page", objects: page.items };
        }
        version = listed;
        yield { kind: "listed" };
      }
      if (!isPolling) {
        isWatching = true;
        const from = { resourceVersion: version, signal, ...formOf(source) };
        const changes = await client.watch<T>(resource, scope, from);
        isOut = false;
        restart.reset();
        yield { kind: "watching" };
        for await (const event of changes) {
          backoff.reset();
          version = event.resourceVersion || version;
          if (event.kind !== "bookmark") yield event;
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof KodamaError)) throw error;
      if (isWatching && error instanceof ExpiredError) {
        version = "";
        yield { kind: "expired" };
      } else if (isStarted ? mayRetry(error) : mayRetryStart?.(error) === true) {
        yield { kind: "failed", error };
      } else if (isWatching && pollMs !== undefined) isPolling = true;
      else throw error;
    }
    if (isPolling) {
      version = "";
      await passed(clock, pollMs ?? 0, { signal });
    } else await backoff.wait();
  }
}

function scopeOf({ scope, name }: { scope: ListScope; name?: string }): ListScope {
  if (name === undefined) return scope;
  const fieldSelector = [scope.fieldSelector, `metadata.name=${name}`].filter(Boolean).join(",");
  return { ...scope, fieldSelector };
}

/** Returns the pages of the list; one with a single object, and without a version, if it may not be listed. */
async function* pages<T extends Listed, U>(
  source: LiveSource<T, U>,
  scope: ListScope,
  signal: AbortSignal,
): AsyncGenerator<ListPage<T>, void> {
  const { client, resource, name, scope: { namespace } } = source;
  try {
    yield* client.list<T>(resource, scope, { signal, ...formOf(source) });
  } catch (error) {
    const isForbidden = error instanceof KodamaError && error.kind === "forbidden";
    if (!isForbidden || name === undefined || namespace === undefined) throw error;
    const object = await client.get<T>(resource, name, { namespace }, { signal }).catch(
      (reason: unknown) => {
        if (reason instanceof KodamaError && reason.kind === "notFound") return undefined;
        throw error;
      },
    );
    const item = object === undefined || source.as === undefined
      ? object
      : { metadata: object.metadata, object } as unknown as T;
    yield { items: item === undefined ? [] : [item], resourceVersion: "" };
  }
}

function formOf({ as }: { as?: "table" }): { as?: "table" } {
  return as === undefined ? {} : { as };
}

function transformed<T extends Listed, U>(
  { transform }: LiveSource<T, U>,
  object: T,
): U | undefined {
  // Without a transform, U is T.
  return transform === undefined ? object as unknown as U : transform(object);
}

function changed<U>(changes: readonly LiveChange<U>[]): LiveEvent<U>[] {
  return changes.length === 0 ? [] : [{ kind: "changed", changes }];
}

/** Objects that an aggregated API computes, such as metrics, have no uid. */
function keyOf(
  { resource, part = "" }: { resource: ApiResource; part?: string },
  { metadata = {} }: Listed,
): string {
  const { uid, namespace = "", name = "" } = metadata;
  return part + (uid ?? `${kindName(resource)}/${namespace}/${name}`);
}

function tick<T>(queue: BoundedQueue<Item<T>>): void {
  if (queue.size === 0) void queue.push("tick");
}

function everyMs(clock: Clock, intervalMs: number, call: () => void): Disposable {
  let timer = clock.timer(intervalMs, again);
  function again() {
    call();
    timer = clock.timer(intervalMs, again);
  }
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
