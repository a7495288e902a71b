/** The sessions of one scope, for any number of pages: one informer, and one text of each session. */
import type { Host } from "../actions/host.ts";
import { type WatchedSessions, watchSessions } from "../actions/session/watch.ts";
import { toJson } from "../present/json.ts";
import { sessionData } from "../present/session_text.ts";
import type { SessionsEvent, SessionsQuery } from "./api.ts";
import { ChangeSignal, eventBytes } from "./event_stream.ts";

/** Between two queries of the pods for what their agents do. */
const taskIntervalMs = 5000;

/** Scopes that are followed at the same time. */
const maxFeeds = 16;

/** Removed sessions that a feed remembers, for readers that haven't been informed yet. */
const maxRemovals = 500;

/** A session as it was sent last. */
interface SentRow {
  /** The change that it came with. */
  version: number;
  /** Undefined: it was removed. */
  text: string | undefined;
  bytes: Uint8Array<ArrayBuffer>;
}

/** The feeds of a server. */
export class SessionFeeds {
  readonly #feeds = new Map<string, SessionFeed>();

  constructor(private readonly host: Host) {}

  /** Yields the list of a scope, then its changes. Throws as {@link watchSessions}; undefined if there are too many. */
  open(
    scope: SessionsQuery,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void> | undefined {
    const { context = "", namespace = "", allNamespaces = false } = scope;
    const key = JSON.stringify([context, allNamespaces ? null : namespace]);
    const known = this.#feeds.get(key);
    if (known !== undefined && !known.isEnded) return known.read(signal);
    if (this.#feeds.size >= maxFeeds) return undefined;
    const feed = new SessionFeed(this.host, scope, () => {
      if (this.#feeds.get(key) === feed) this.#feeds.delete(key);
    });
    this.#feeds.set(key, feed);
    return feed.read(signal);
  }

  /** Ends all of them, and waits for their ends. */
  async end(): Promise<void> {
    await Promise.all([...this.#feeds.values()].map((feed) => feed.end()));
  }
}

/** The sessions of one scope. It follows them while there are readers. */
class SessionFeed {
  readonly #changes = new ChangeSignal();
  readonly #rows = new Map<string, SentRow>();
  /** The version of the newest change. */
  #version = 0;
  #list: { version: number; bytes: Uint8Array<ArrayBuffer> } | undefined;
  #state: Pick<WatchedSessions, "context" | "namespace"> | undefined;
  /** The event of an outage. */
  #outage: Uint8Array<ArrayBuffer> | undefined;
  /** Removals up to this version are forgotten: a reader that has an earlier one gets the list again. */
  #oldest = 0;
  #readers = 0;
  readonly #stop = new AbortController();
  #following: Promise<void> | undefined;
  #failure: { error: unknown } | undefined;

  constructor(
    private readonly host: Host,
    private readonly scope: SessionsQuery,
    private readonly forget: () => void,
  ) {}

  /** It has no reader any more, or has failed: a later reader needs another one. */
  get isEnded(): boolean {
    return this.#stop.signal.aborted || this.#failure !== undefined;
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  /** A reader stores only the version that it has: what changed since is taken when its connection accepts it. */
  async *read(signal: AbortSignal): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    this.#readers += 1;
    this.#following ??= this.#follow();
    try {
      while (this.#state === undefined && this.#failure === undefined && !signal.aborted) {
        await this.#changes.next(signal);
      }
      let version = -1;
      let isCurrent = true;
      while (!signal.aborted && !this.#stop.signal.aborted) {
        if (this.#failure !== undefined) throw (this.#failure as { error: unknown }).error;
        const from = version;
        version = this.#version;
        if (from < this.#oldest) yield this.#listBytes();
        else {
          const changed = [...this.#rows.values()].filter((row) => row.version > from);
          for (const { bytes } of changed) yield bytes;
        }
        const outage = this.#outage;
        if (outage !== undefined && isCurrent) yield outage;
        if (outage === undefined && !isCurrent) yield inSync;
        isCurrent = outage === undefined;
        // What came while the connection accepted these.
        if (version !== this.#version || outage !== this.#outage) continue;
        await this.#changes.next(signal);
      }
    } finally {
      this.#readers -= 1;
      if (this.#readers === 0) void this.end();
    }
  }

  async #follow(): Promise<void> {
    const { allNamespaces = false, ...scope } = this.scope;
    const { signal } = this.#stop;
    try {
      const watched = watchSessions(this.host, { ...scope, allNamespaces, taskIntervalMs, signal });
      for await (const sessions of watched) {
        this.#take(sessions);
        this.#changes.notify();
      }
    } catch (error) {
      if (!signal.aborted) this.#failure = { error };
    }
    // A later reader starts again.
    this.forget();
    this.#changes.notify();
  }

  #take({ rows, outage, context, namespace }: WatchedSessions): void {
    const version = this.#version + 1;
    let isNew = false;
    const known = new Set<string>();
    for (const row of rows) {
      const session = toJson(sessionData(row)) as SessionRowJson;
      const key = `${session.namespace}/${session.name}`;
      known.add(key);
      const text = JSON.stringify(session);
      if (this.#rows.get(key)?.text === text) continue;
      this.#rows.set(key, {
        version,
        text,
        bytes: eventBytes(`{"kind":"session","session":${text}}`),
      });
      isNew = true;
    }
    for (const [key, { text }] of this.#rows) {
      if (known.has(key) || text === undefined) continue;
      const [namespace = "", name = ""] = key.split("/");
      const event: SessionsEvent = { kind: "removed", namespace, name };
      this.#rows.set(key, { version, text: undefined, bytes: eventBytes(JSON.stringify(event)) });
      isNew = true;
    }
    if (isNew) this.#version = version;
    this.#state = { context, namespace };
    const event: SessionsEvent = { kind: "outOfSync", reason: outage?.message ?? "" };
    if (outage === undefined) this.#outage = undefined;
    else this.#outage ??= eventBytes(JSON.stringify(event));
    this.#forgetRemovals();
  }

  #forgetRemovals(): void {
    const removed = [...this.#rows].filter(([, { text }]) => text === undefined);
    if (removed.length <= maxRemovals) return;
    for (const [key] of removed) this.#rows.delete(key);
    this.#oldest = this.#version;
  }

  /** The whole list, made once for all readers that start at the same version. */
  #listBytes(): Uint8Array<ArrayBuffer> {
    if (this.#list?.version === this.#version) return this.#list.bytes;
    const texts = [...this.#rows.values()].flatMap(({ text }) => text ?? []);
    const { context = "", namespace = null } = this.#state ?? {};
    const head = JSON.stringify({ kind: "list", context, namespace });
    const bytes = eventBytes(`${head.slice(0, -1)},"sessions":[${texts.join(",")}]}`);
    this.#list = { version: this.#version, bytes };
    return bytes;
  }
}

type SessionRowJson = { namespace: string; name: string };

const inSync = eventBytes(JSON.stringify({ kind: "inSync" } satisfies SessionsEvent));
