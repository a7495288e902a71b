import assert from "node:assert/strict";
import fc from "fast-check";
import { KodamaError } from "../../base/errors.ts";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import type { WatchEvent } from "../client.ts";
import { ExpiredError } from "../failures.ts";
import { mendedWatch, type WatchSource } from "./watch.ts";
import { type WatchLine, watchLines } from "./watch_lines.ts";

interface Thing {
  name: string;
  version: number;
}

/** A collection with its history: change `n` leads to version `n + 1`. */
class Collection {
  readonly #history: WatchLine<Thing>[] = [];
  readonly #state = new Map<string, Thing>();
  /** Versions below it have expired. */
  forgotten = 0;

  change(name: string, remove: boolean): void {
    const version = this.#history.length + 1;
    const kind = !this.#state.has(name) ? "added" : remove ? "deleted" : "modified";
    const object = { name, version };
    if (kind === "deleted") this.#state.delete(name);
    else this.#state.set(name, object);
    this.#history.push({ kind, object, resourceVersion: String(version) });
  }

  get version(): number {
    return this.#history.length;
  }

  list(): Thing[] {
    return [...this.#state.values()];
  }

  since(version: number): WatchLine<Thing>[] {
    return this.#history.slice(version);
  }
}

type Step =
  | { do: "change"; name: string; remove: boolean }
  /** The server sends `count` changes on one connection, and then this happens. */
  | { do: "stream"; count: number; then: "end" | "break" | "bookmark" }
  | { do: "forget" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("change" as const),
    name: fc.constantFrom("a", "b", "c"),
    remove: fc.boolean(),
  }),
  fc.record({
    do: fc.constant("stream" as const),
    count: fc.nat(4),
    then: fc.constantFrom("end" as const, "break" as const, "bookmark" as const),
  }),
  fc.record({ do: fc.constant("forget" as const) }),
);

/** Plays the steps between the connections that the watch opens; stops it after the last. */
function scripted(
  collection: Collection,
  steps: Step[],
  stop: AbortController,
): WatchSource<Thing> {
  const left = [...steps];
  const expired = () => new ExpiredError("too old resource version");
  return {
    list: () =>
      Promise.resolve({ objects: collection.list(), resourceVersion: String(collection.version) }),
    async *changes(resourceVersion) {
      await Promise.resolve();
      for (let next = left.shift();; next = left.shift()) {
        if (next?.do === "change") collection.change(next.name, next.remove);
        else if (next?.do === "forget") collection.forgotten = collection.version;
        else if (Number(resourceVersion) < collection.forgotten) throw expired();
        else if (next === undefined) {
          yield* collection.since(Number(resourceVersion));
          stop.abort();
          return;
        } else {
          yield* collection.since(Number(resourceVersion)).slice(0, next.count);
          if (next.then === "break") throw new KodamaError("unreachable", "the link broke");
          if (next.then === "end") return;
          const told = Number(resourceVersion) + next.count;
          const reached = Math.min(told, collection.version);
          yield { kind: "bookmark", resourceVersion: String(reached) };
          return;
        }
      }
    },
  };
}

function apply(state: Map<string, Thing>, event: WatchEvent<Thing>): void {
  if (event.kind === "relisted") {
    state.clear();
    for (const object of event.objects) state.set(object.name, object);
  } else if (event.kind === "deleted") state.delete(event.object.name);
  else state.set(event.object.name, event.object);
}

const sorted = (things: Iterable<Thing>) => [...things].sort((a, b) => a.name < b.name ? -1 : 1);

Deno.test("a watch that was resumed, broken and relisted equals a fresh list", async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
    const [collection, stop, clock] = [new Collection(), new AbortController(), new ManualClock()];
    const source = scripted(collection, steps, stop);
    const state = new Map<string, Thing>();
    const follow = async () => {
      for await (const event of mendedWatch(source, { clock, random: () => 0.5 }, stop.signal)) {
        apply(state, event);
      }
    };
    await clock.runUntil(follow());
    assert.deepEqual(sorted(state.values()), sorted(collection.list()));
  }));
});

Deno.test("failures in a row wait longer each time, spread, and at most 45 s", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  const at: number[] = [];
  const source: WatchSource<Thing> = {
    list: () => Promise.resolve({ objects: [], resourceVersion: "1" }),
    // deno-lint-ignore require-yield -- it fails before there is a change
    async *changes() {
      at.push(clock.elapsedMs());
      if (at.length === 8) stop.abort();
      await Promise.resolve();
      throw new KodamaError("unreachable", "down");
    },
  };
  await clock.runUntil(
    Array.fromAsync(mendedWatch(source, { clock, random: () => 1 }, stop.signal)),
  );
  assert.deepEqual(
    at.slice(1).map((time, index) => time - (at[index] ?? 0)),
    [1200, 2400, 4800, 9600, 19_200, 38_400, 45_000],
  );
});

Deno.test("a stream that gave something begins the waits anew, and is resumed where it was", async () => {
  const [clock, stop] = [new ManualClock(), new AbortController()];
  const asked: [version: string, atMs: number][] = [];
  const source: WatchSource<Thing> = {
    list: () => Promise.resolve({ objects: [], resourceVersion: "1" }),
    async *changes(version) {
      asked.push([version, clock.elapsedMs()]);
      await Promise.resolve();
      if (asked.length === 5) stop.abort();
      // The server needn't send the version of a change.
      const object = { name: "a", version: 0 };
      if (asked.length === 2) yield { kind: "modified", object, resourceVersion: "7" };
      if (asked.length === 3) yield { kind: "modified", object, resourceVersion: "" };
    },
  };
  await clock.runUntil(
    Array.fromAsync(mendedWatch(source, { clock, random: () => 0.5 }, stop.signal)),
  );
  assert.deepEqual(asked, [["1", 0], ["1", 800], ["7", 1600], ["7", 2400], ["7", 4000]]);
});

for (const kind of ["forbidden", "unauthorized", "notFound"] as const) {
  Deno.test(`a watch that turns out ${kind} ends with that error`, async () => {
    const clock = new ManualClock();
    const source: WatchSource<Thing> = {
      list: () => Promise.resolve({ objects: [], resourceVersion: "1" }),
      changes: () => {
        throw new KodamaError(kind, "no");
      },
    };
    const watch = mendedWatch(source, { clock, random: () => 0 }, new AbortController().signal);
    await assert.rejects(clock.runUntil(Array.fromAsync(watch)), { kind });
  });
}

Deno.test("a first list that fails is told, and not waited for", async () => {
  const source: WatchSource<Thing> = {
    list: () => Promise.reject(new KodamaError("unreachable", "down")),
    changes: () => assert.fail(),
  };
  const host = { clock: new ManualClock(), random: () => 0 };
  const watch = mendedWatch(source, host, new AbortController().signal);
  await assert.rejects(Array.fromAsync(watch), { kind: "unreachable" });
});

async function lines(text: string, size: number): Promise<WatchLine<unknown>[]> {
  const bytes = new TextEncoder().encode(text);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += size) {
      yield await Promise.resolve(bytes.slice(at, at + size));
    }
  }
  return await Array.fromAsync(watchLines(chunks()));
}

Deno.test("lines are read whole under any cutting; a line without its end is none", async () => {
  const object = { metadata: { name: "é", resourceVersion: "5" } };
  const text = `${JSON.stringify({ type: "ADDED", object })}\n\n${
    JSON.stringify({ type: "BOOKMARK", object })
  }\n{"type":"ADDED"`;
  for (const size of [1, 2, 7, 1000]) {
    assert.deepEqual(await lines(text, size), [
      { kind: "added", object, resourceVersion: "5" },
      { kind: "bookmark", resourceVersion: "5" },
    ]);
  }
});

Deno.test("410 in a watch means expired; another error and nonsense are told", async () => {
  const error = (object: unknown) => `${JSON.stringify({ type: "ERROR", object })}\n`;
  assert.deepEqual(await lines(error({ code: 410 }), 99), [{ kind: "expired" }]);
  await assert.rejects(lines(error({ code: 500, message: "etcd\x1b[2J" }), 99), {
    message: "the server ended a watch: etcd",
  });
  await assert.rejects(lines("<html>\n", 99), {
    message: "an event of a watch can't be read: <html>",
  });
});
