import assert from "node:assert/strict";
import fc from "fast-check";
import { KodamaError } from "../base/errors.ts";
import { ManualClock } from "../base/testing/manual_clock.ts";
import type { ApiResource, ListScope, WatchEvent, WatchOptions } from "./client.ts";
import { ExpiredError } from "./failures.ts";
import { type Listed, LiveList, type LiveListOptions, type LiveSource } from "./live_list.ts";
import { PODS } from "./resources.ts";

type Client = LiveSource<Listed>["client"];

interface Thing extends Listed {
  metadata: { name: string; uid: string; resourceVersion: string };
}

/** A collection with its history: change `n` leads to version `n + 1`. */
class Collection {
  readonly #history: (WatchEvent<Thing> & { object: Thing })[] = [];
  readonly #state = new Map<string, Thing>();
  /** Versions below it have expired. */
  expired = 0;

  /** An object that is created again has another uid. */
  change(name: string, remove: boolean): void {
    const resourceVersion = String(this.#history.length + 1);
    const known = this.#state.get(name);
    const kind = known === undefined ? "added" : remove ? "deleted" : "modified";
    const uid = known?.metadata.uid ?? `${name}-${resourceVersion}`;
    const object = { metadata: { name, uid, resourceVersion } };
    if (kind === "deleted") this.#state.delete(name);
    else this.#state.set(name, object);
    this.#history.push({ kind, object, resourceVersion });
  }

  get version(): number {
    return this.#history.length;
  }

  list(): Thing[] {
    return [...this.#state.values()];
  }

  since(version: number): WatchEvent<Thing>[] {
    return this.#history.slice(version);
  }
}

type Step =
  | { do: "change"; name: string; remove: boolean }
  /** The server sends `count` changes on one connection, and then this happens. */
  | { do: "stream"; count: number; then: "end" | "break" | "bookmark" | "gone" }
  | { do: "list"; pages: number; then: "expired" | "break" }
  | { do: "refuse" }
  | { do: "expire" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("change" as const),
    name: fc.constantFrom("a", "b", "c"),
    remove: fc.boolean(),
  }),
  fc.record({
    do: fc.constant("stream" as const),
    count: fc.nat(4),
    then: fc.constantFrom("end", "break", "bookmark", "gone"),
  }),
  fc.record({
    do: fc.constant("list" as const),
    pages: fc.nat(2),
    then: fc.constantFrom("expired", "break"),
  }),
  fc.record({ do: fc.constant("refuse" as const) }),
  fc.record({ do: fc.constant("expire" as const) }),
);

const broken = () => new KodamaError("unreachable", "the link broke");
const tooOld = () => new ExpiredError("too old resource version");

/** Plays the steps during the requests of one live list; stops it after the last. */
function scripted(collection: Collection, steps: Step[], stop: AbortController): Client {
  const remaining = [...steps];
  let isFirst = true;
  /** Applies the changes that come before the next step of these kinds, and returns that step. */
  function next<K extends Step["do"]>(...kinds: K[]): Extract<Step, { do: K }> | undefined {
    for (;;) {
      const [first] = remaining;
      if (first?.do === "change") collection.change(first.name, first.remove);
      else if (first?.do === "expire") collection.expired = collection.version;
      else if (first === undefined || !(kinds as string[]).includes(first.do)) return undefined;
      remaining.shift();
      if ((kinds as string[]).includes(first.do)) return first as Extract<Step, { do: K }>;
    }
  }
  return {
    get: () => assert.fail(),
    async *list<T>() {
      await Promise.resolve();
      const fails = isFirst ? undefined : next("list");
      isFirst = false;
      // Every page shows the state of the first.
      const [objects, resourceVersion] = [collection.list(), String(collection.version)];
      for (let index = 0; index < Math.max(1, objects.length); index++) {
        if (fails !== undefined && index === fails.pages) break;
        yield { items: objects.slice(index, index + 1) as unknown as T[], resourceVersion };
        // The collection changes while its pages are read.
        next();
      }
      if (fails !== undefined) throw fails.then === "break" ? broken() : tooOld();
    },
    async watch<T>(_resource: unknown, _scope: unknown, options: { resourceVersion: string }) {
      await Promise.resolve();
      const from = Number(options.resourceVersion);
      const action = next("stream", "refuse");
      if (action?.do === "refuse") throw broken();
      if (from < collection.expired) throw tooOld();
      const missed = collection.since(from);
      if (action === undefined) {
        // Steps of lists that nothing asked for are over too.
        if (remaining.shift() !== undefined) return empty<T>();
        return streamed(missed, () => stop.abort()) as AsyncIterable<WatchEvent<T>>;
      }
      const sent: WatchEvent<Thing>[] = missed.slice(0, action.count);
      const reached = Math.min(from + action.count, collection.version);
      if (action.then === "bookmark") {
        sent.push({ kind: "bookmark", resourceVersion: String(reached) });
      }
      return streamed(sent, () => {
        if (action.then === "break") throw broken();
        if (action.then === "gone") throw tooOld();
      }) as AsyncIterable<WatchEvent<T>>;
    },
  };
}

/** An empty collection. */
const unchanging: Client = {
  get: () => assert.fail(),
  async *list() {
    yield await Promise.resolve({ items: [], resourceVersion: "1" });
  },
  watch: <T>(_resource: unknown, _scope: unknown, { signal }: { signal: AbortSignal }) =>
    Promise.resolve((async function* (): AsyncGenerator<WatchEvent<T>> {
      yield* [];
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve());
      });
    })()),
};

async function* streamed<T>(events: readonly T[], end: () => void): AsyncGenerator<T, void> {
  for (const event of events) yield await Promise.resolve(event);
  end();
}

async function* empty<T>(): AsyncGenerator<WatchEvent<T>, void> {
  yield* [];
}

function liveList<T extends Listed>(
  clients: readonly Client[],
  options: Partial<LiveListOptions> & { clock: ManualClock },
  source: Partial<LiveSource<T>> = {},
) {
  const { signal } = new AbortController();
  return new LiveList<T>(
    clients.map((client) => ({ client, resource: PODS, scope: { namespace: "n" }, ...source })),
    { signal, random: () => 0.5, ...options },
  );
}

const versions = (things: Iterable<Listed>) =>
  [...things].map(({ metadata }) => `${metadata?.uid} ${metadata?.resourceVersion}`).sort();

Deno.test("a live list equals a fresh list after any changes, broken links, 410s and relists", async () => {
  const steps = fc.array(step, { maxLength: 30 });
  await fc.assert(fc.asyncProperty(steps, fc.boolean(), async (steps, hasOther) => {
    const [collection, stop, clock] = [new Collection(), new AbortController(), new ManualClock()];
    const clients = [scripted(collection, steps, stop), ...hasOther ? [unchanging] : []];
    const list = liveList(clients, { clock, signal: stop.signal });
    // What a reader of the changes knows.
    const reported = new Map<string, Listed>();
    const read = async () => {
      let sync: string | undefined;
      for await (const event of list.events()) {
        if (event.kind === "gap") continue;
        if (event.kind !== "changed") {
          assert.notEqual(event.kind, sync);
          sync = event.kind;
          continue;
        }
        for (const { kind, key, object } of event.changes) {
          assert.equal(reported.has(key), kind !== "added");
          if (kind === "deleted") reported.delete(key);
          else reported.set(key, object);
        }
        assert.deepEqual(new Map(list.objects), reported);
      }
    };
    await clock.runUntil(read());
    assert.deepEqual(versions(reported.values()), versions(collection.list()));
  }));
});

/** A client whose lists and watches are scripted one by one; it stops the list when one is missing. */
function client(
  script: {
    lists: (readonly (readonly string[])[] | KodamaError)[];
    watches: (readonly WatchEvent<Listed>[] | KodamaError)[];
    get?: Client["get"];
  },
  stop: AbortController,
  onWatch: (version: string) => void = () => {},
): Client {
  const { lists, watches, get = () => assert.fail() } = script;
  return {
    get,
    async *list<T>() {
      await Promise.resolve();
      const pages = lists.shift();
      if (pages === undefined) {
        stop.abort();
        throw new KodamaError("cancelled", "stopped");
      }
      if (pages instanceof KodamaError) throw pages;
      for (const page of pages) {
        yield { items: page.map(named) as T[], resourceVersion: "1" };
      }
    },
    async watch<T>(_resource: unknown, _scope: unknown, options: { resourceVersion: string }) {
      await Promise.resolve();
      onWatch(options.resourceVersion);
      const events = watches.shift();
      if (events === undefined) stop.abort();
      if (events instanceof KodamaError) throw events;
      return streamed(events ?? [], () => {}) as AsyncIterable<WatchEvent<T>>;
    },
  };
}

const named = (name: string) => ({ metadata: { name, namespace: "n", uid: name } });

const change = (kind: "added" | "modified" | "deleted", name: string, resourceVersion = "2") => ({
  kind,
  object: named(name),
  resourceVersion,
});

/** Runs a live list to its end; returns its events in short form. */
async function eventsOf(list: LiveList<Listed>, clock: ManualClock): Promise<string[]> {
  const events = await clock.runUntil(Array.fromAsync(list.events()));
  return events.map((event) =>
    event.kind === "changed"
      ? event.changes.map(({ kind, object }) => `${kind} ${object.metadata?.name}`).join(", ")
      : event.kind === "outOfSync"
      ? `out of sync since ${event.outage.sinceMs}: ${event.outage.error.message}`
      : event.kind === "gap"
      ? "gap"
      : "in sync"
  );
}

Deno.test("a live list reports pages as they come, that it is in sync, then changes", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  const one = client({
    lists: [[["a", "b"], ["c"]]],
    watches: [[change("modified", "a"), change("deleted", "b"), change("deleted", "x")]],
  }, stop);
  assert.deepEqual(await eventsOf(liveList([one], { clock, signal: stop.signal }), clock), [
    "added a, added b",
    "added c",
    "in sync",
    "modified a",
    "deleted b",
  ]);
});

Deno.test("an outage is one event, as is its end, and says since when", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  const down = new KodamaError("unreachable", "down");
  const one = client({ lists: [[["a"]]], watches: [[], down, down, [change("added", "b")]] }, stop);
  assert.deepEqual(await eventsOf(liveList([one], { clock, signal: stop.signal }), clock), [
    "added a",
    "in sync",
    "out of sync since 800: down",
    "in sync",
    "added b",
  ]);
});

Deno.test("an expired version isn't an outage: the missed changes are emitted", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  const one = client({ lists: [[["a", "b"]], [["b", "c"]]], watches: [tooOld()] }, stop);
  assert.deepEqual(await eventsOf(liveList([one], { clock, signal: stop.signal }), clock), [
    "added a, added b",
    "in sync",
    "gap",
    "modified b, added c",
    "deleted a",
  ]);
});

Deno.test("an object that a transform excludes is deleted, and added once it is included", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  const watches = [[change("modified", "a"), change("modified", "a"), change("modified", "a")]];
  const one = client({ lists: [[["a"]]], watches }, stop);
  const included = [true, false, false, true];
  const list = liveList([one], { clock, signal: stop.signal }, {
    transform: (object) => included.shift() ? object : undefined,
  });
  assert.deepEqual(await eventsOf(list, clock), ["added a", "in sync", "deleted a", "added a"]);
});

Deno.test("an object of two collections is deleted when both have lost it", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  const lists = () => [[["a"]]];
  const first = client({ lists: lists(), watches: [[change("deleted", "a")], []] }, stop);
  const other = client({ lists: lists(), watches: [[], [change("deleted", "a")]] }, stop);
  const list = liveList([first, other], { clock, signal: stop.signal });
  assert.deepEqual(await eventsOf(list, clock), [
    "added a",
    "modified a",
    "in sync",
    "deleted a",
  ]);
});

Deno.test("failures in a row wait longer each time, spread, and at most 45 s", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  const at: number[] = [];
  const watches = Array.from({ length: 7 }, () => broken());
  const one = client({ lists: [[[]]], watches }, stop, () => at.push(clock.elapsedMs()));
  await eventsOf(liveList([one], { clock, signal: stop.signal, random: () => 1 }), clock);
  assert.deepEqual(
    at.slice(1).map((time, index) => time - (at[index] ?? 0)),
    [1200, 2400, 4800, 9600, 19_200, 38_400, 45_000],
  );
});

Deno.test("an event resets the delays, and its version is where the next watch starts", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  const at: [version: string, atMs: number][] = [];
  // The server needn't send the version of a change.
  const watches = [[], [change("modified", "a", "7")], [change("modified", "a", "")], []];
  const one = client({ lists: [[[]]], watches }, stop, (version) => {
    at.push([version, clock.elapsedMs()]);
  });
  await eventsOf(liveList([one], { clock, signal: stop.signal }), clock);
  assert.deepEqual(at, [["1", 0], ["1", 800], ["7", 1600], ["7", 2400], ["7", 4000]]);
});

for (const kind of ["forbidden", "unauthorized", "notFound"] as const) {
  Deno.test(`a watch that turns out ${kind} ends the list with that error`, async () => {
    const clock = new ManualClock();
    const one = client(
      { lists: [[[]]], watches: [new KodamaError(kind, "no")] },
      new AbortController(),
    );
    await assert.rejects(eventsOf(liveList([one], { clock }), clock), { kind });
  });
}

Deno.test("a server that was out may refuse at first; refusals that last end the list", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  const down = new KodamaError("unreachable", "down");
  const refused = () => new KodamaError("forbidden", "no");
  const one = client({
    lists: [[[]]],
    watches: [[], down, refused(), refused(), [change("added", "b")], refused()],
  }, stop);
  const list = liveList([one], { clock, signal: stop.signal });
  const seen: string[] = [];
  await assert.rejects(
    clock.runUntil((async () => {
      for await (const event of list.events()) seen.push(event.kind);
    })()),
    { kind: "forbidden" },
  );
  assert.deepEqual(seen, ["inSync", "outOfSync", "inSync", "changed"]);
  const lasting = client(
    { lists: [[[]]], watches: [down, ...Array.from({ length: 20 }, refused)] },
    new AbortController(),
  );
  await assert.rejects(eventsOf(liveList([lasting], { clock }), clock), { kind: "forbidden" });
});

Deno.test("each outage has its own minute of refusals", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  const outage = () => [
    new KodamaError("unreachable", "down"),
    ...Array.from({ length: 5 }, () => new KodamaError("forbidden", "no")),
  ];
  const one = client({
    lists: [[[]]],
    watches: [...outage(), [change("added", "b")], ...outage(), [change("added", "c")]],
  }, stop);
  const changes = (await eventsOf(liveList([one], { clock, signal: stop.signal }), clock))
    .filter((event) => event.startsWith("added"));
  assert.deepEqual(changes, ["added b", "added c"]);
  assert.ok(clock.elapsedMs() > 60_000, "the refusals of both together last longer");
});

Deno.test("the first list's failure is thrown, unless the caller retries it", async () => {
  const down = new KodamaError("unreachable", "down");
  const [clock, stop] = [new ManualClock(), new AbortController()];
  const failing = () => client({ lists: [down, [["a"]]], watches: [] }, stop);
  await assert.rejects(eventsOf(liveList([failing()], { clock }), clock), down);
  const options = { clock, signal: stop.signal, mayRetryStart: () => true };
  assert.deepEqual(await eventsOf(liveList([failing()], options), clock), [
    "out of sync since 0: down",
    "added a",
    "in sync",
  ]);
});

Deno.test("a first list that fails after a page is read again", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  let lists = 0;
  const one: Client = {
    ...client({ lists: [], watches: [] }, stop),
    async *list<T>() {
      await Promise.resolve();
      yield { items: ["a", lists === 0 ? "b" : "c"].map(named) as T[], resourceVersion: "1" };
      if (lists++ === 0) throw tooOld();
    },
  };
  assert.deepEqual(await eventsOf(liveList([one], { clock, signal: stop.signal }), clock), [
    "added a, added b",
    "out of sync since 0: too old resource version",
    "modified a, added c",
    "deleted b",
    "in sync",
  ]);
});

Deno.test("a collection that can't be watched is polled if the caller allows it", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  const watches = [new KodamaError("forbidden", "no watch")];
  const one = client({ lists: [[["a"]], [["b"]], broken(), [["b"]]], watches }, stop);
  const list = liveList([one], { clock, signal: stop.signal, pollMs: 500 });
  assert.deepEqual(await eventsOf(list, clock), [
    "added a",
    "in sync",
    "added b",
    "deleted a",
    "out of sync since 1000: the link broke",
    "modified b",
    "in sync",
  ]);
});

Deno.test("a named object that can't be listed is read by itself", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  const forbidden = () => new KodamaError("forbidden", "no list");
  let reads = 0;
  const one = client({
    lists: [forbidden(), forbidden(), forbidden()],
    watches: [forbidden()],
    get: <T>() =>
      ++reads === 2
        ? Promise.reject(new KodamaError("notFound", "no a"))
        : Promise.resolve(named("a") as T),
  }, stop);
  const list = liveList([one], { clock, signal: stop.signal, pollMs: 500 }, { name: "a" });
  assert.deepEqual(await eventsOf(list, clock), ["added a", "in sync", "deleted a", "added a"]);
});

Deno.test("`snapshots()` yields when it is in sync, at changes and ticks, and ends with the signal", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  const one = client({ lists: [[["a"], ["b"]]], watches: [[change("deleted", "a")], []] }, stop);
  const list = liveList([one], { clock, signal: stop.signal });
  const seen: [count: number, atMs: number][] = [];
  const read = async () => {
    for await (const { objects } of list.snapshots(500)) {
      seen.push([objects.size, clock.elapsedMs()]);
    }
  };
  await assert.rejects(clock.runUntil(read()), { name: "AbortError" });
  assert.deepEqual(seen, [[2, 0], [1, 0], [1, 500], [1, 1000], [1, 1500], [1, 2000]]);
});

Deno.test("a live list of no collection is in sync, and its snapshots continue", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  assert.deepEqual(await eventsOf(liveList([], { clock }), clock), ["in sync"]);
  const read = async () => {
    let count = 0;
    for await (const _ of liveList([], { clock, signal: stop.signal }).snapshots(500)) {
      if (++count === 3) stop.abort();
    }
  };
  await assert.rejects(clock.runUntil(read()), { name: "AbortError" });
});

Deno.test("a reader that stops ends the watches, and opens none if the list satisfies it", async () => {
  for (const count of [1, 2]) {
    const [clock, stop] = [new ManualClock(), new AbortController()];
    let [opened, ended] = [0, 0];
    const one: Client = {
      ...client({ lists: Array.from({ length: count }, () => [["a"]]), watches: [] }, stop),
      watch: async <T>(resource: ApiResource, scope: ListScope, options: WatchOptions) => {
        opened++;
        options.signal.addEventListener("abort", () => ended++);
        return await unchanging.watch<T>(resource, scope, options);
      },
    };
    for await (const event of liveList(Array(count).fill(one), { clock }).events()) {
      if (event.kind === "inSync") break;
    }
    assert.equal(opened, ended);
    if (count === 1) assert.equal(opened, 0);
  }
});
