/** The record of a shard in ConfigMaps: what is flushed stays, and of two processes only the later one writes. */
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import { LinkError } from "../../kube/failures.ts";
import type { KubeObject } from "../../kube/types.ts";
import {
  chunkName,
  maxChunks,
  readShardText,
  ShardRecord,
  type ShardRecordOptions,
} from "./shard_record.ts";

type Fault = "none" | "unsent" | "answer lost" | "forbidden" | "unauthorized";

/** ConfigMaps with versions, as an API server has them. */
class ConfigMapStore {
  readonly objects = new Map<string, KubeObject>();
  /** How the next requests that write end. */
  faults: Fault[] = [];
  writes = 0;
  #version = 0;

  readonly client = {
    get: (_resource: unknown, name: string) => {
      const found = this.objects.get(name);
      return found === undefined
        ? Promise.reject(new KodamaError("notFound", "not found"))
        : Promise.resolve(structuredClone(found));
    },
    create: (_resource: unknown, object: KubeObject) =>
      this.#write(() => {
        const { name = "" } = object.metadata;
        if (this.objects.has(name)) throw new KodamaError("conflict", "already exists");
        return this.#stored(name, object);
      }),
    update: (_resource: unknown, name: string, object: KubeObject) =>
      this.#write(() => {
        const current = this.objects.get(name);
        if (current?.metadata.resourceVersion !== object.metadata.resourceVersion) {
          throw new KodamaError("conflict", "the object has been modified");
        }
        return this.#stored(name, object);
      }),
  } as unknown as ShardRecordOptions["client"];

  #stored(name: string, object: KubeObject): KubeObject {
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    this.objects.set(name, { ...structuredClone(object), metadata });
    return structuredClone(this.objects.get(name) as KubeObject);
  }

  async #write(change: () => KubeObject): Promise<KubeObject> {
    await Promise.resolve();
    this.writes++;
    const fault = this.faults.shift() ?? "none";
    if (fault === "unsent") throw broken();
    if (fault === "forbidden" || fault === "unauthorized") throw new KodamaError(fault, "refused");
    const result = change();
    if (fault === "answer lost") throw broken();
    return result;
  }
}

function broken(): KodamaError {
  return new LinkError(
    "the connection was lost",
    {
      at: { context: "lab", server: "https://lab" },
      kind: "broken",
      sent: "all",
    } as unknown as ConstructorParameters<typeof LinkError>[1],
  );
}

function optionsOf(store: ConfigMapStore, holder: string, clock = new ManualClock()) {
  return {
    client: store.client,
    clock,
    namespace: "n",
    job: "kodama-1",
    owner: { apiVersion: "batch/v1", kind: "Job", name: "kodama-1", uid: "u" },
    shard: 2,
    holder,
    signal: new AbortController().signal,
  };
}

const linesOf = (text: string) => text.split("\n").filter((line) => line !== "");

Deno.test("what is flushed is stored, whatever answers are lost, and in order", async () => {
  for (
    const faults of [[], ["unsent"], ["answer lost"], ["answer lost", "unsent", "answer lost"]]
  ) {
    const store = new ConfigMapStore();
    const clock = new ManualClock();
    const options = optionsOf(store, "a", clock);
    const { record, text } = await ShardRecord.open(options);
    assert.equal(text, "");
    store.faults = faults as Fault[];
    for (let line = 0; line < 5; line++) record.add({ line });
    await clock.runUntil(record.flushed());
    const stored = linesOf(await readShardText(options)).map((line) => JSON.parse(line).line);
    assert.deepEqual(stored, [0, 1, 2, 3, 4], faults.join());
    await record[Symbol.asyncDispose]();
  }
});

Deno.test("refusals of a server that has just started are retried; those that last are an error", async () => {
  const store = new ConfigMapStore();
  const clock = new ManualClock();
  store.faults = ["forbidden"];
  const { record } = await clock.runUntil(ShardRecord.open(optionsOf(store, "a", clock)));
  store.faults = ["unsent", "unauthorized", "forbidden", "forbidden"];
  record.add({ line: 1 });
  await clock.runUntil(record.flushed());
  assert.deepEqual(linesOf(await readShardText(optionsOf(store, "b"))), ['{"line":1}']);
  store.faults = Array.from({ length: 100 }, () => "forbidden" as const);
  record.add({ line: 2 });
  await assert.rejects(clock.runUntil(record.flushed()), { kind: "forbidden" });
});

Deno.test("lines that come during a write are written together", async () => {
  const store = new ConfigMapStore();
  const { record } = await ShardRecord.open(optionsOf(store, "a"));
  for (let line = 0; line < 100; line++) record.add({ line });
  await record.flushed();
  assert.ok(store.writes <= 3, `${store.writes} writes`);
});

Deno.test("a process that was replaced writes nothing more", async () => {
  for (const lines of [1, 3000]) {
    const store = new ConfigMapStore();
    const first = await ShardRecord.open(optionsOf(store, "a"));
    // The second number is more than one ConfigMap has.
    for (let line = 0; line < lines; line++) first.record.add({ first: "x".repeat(100) });
    await first.record.flushed();
    const second = await ShardRecord.open(optionsOf(store, "b"));
    assert.equal(linesOf(second.text).length, lines);
    second.record.add({ second: true });
    await second.record.flushed();
    first.record.add({ first: "late" });
    await assert.rejects(first.record.flushed(), { kind: "conflict" });
    const text = await readShardText(optionsOf(store, "c"));
    assert.equal(linesOf(text).length, lines + 1);
    assert.doesNotMatch(text, /late/);
  }
});

Deno.test("a process that is replaced between two ConfigMaps can't write into the next one", async () => {
  const store = new ConfigMapStore();
  const first = await ShardRecord.open(optionsOf(store, "a"));
  first.record.add({ first: "x".repeat(150_000) });
  await first.record.flushed();
  const second = await ShardRecord.open(optionsOf(store, "b"));
  first.record.add({ late: "x".repeat(150_000) });
  await assert.rejects(first.record.flushed(), { kind: "conflict" });
  second.record.add({ second: "x".repeat(150_000) });
  await second.record.flushed();
  const text = await readShardText(optionsOf(store, "c"));
  assert.deepEqual(linesOf(text).map((line) => Object.keys(JSON.parse(line))), [
    ["first"],
    ["second"],
  ]);
});

Deno.test("a line that is longer than a ConfigMap is divided, and no ConfigMap is too large", async () => {
  const store = new ConfigMapStore();
  const { record } = await ShardRecord.open(optionsOf(store, "a"));
  const long = "🙂€".repeat(150_000);
  record.add({ short: 1 });
  record.add({ long });
  await record.flushed();
  const [short, found] = linesOf(await readShardText(optionsOf(store, "b")));
  assert.deepEqual(JSON.parse(short ?? ""), { short: 1 });
  assert.equal(JSON.parse(found ?? "").long, long);
  for (const object of store.objects.values()) {
    const bytes = new TextEncoder().encode(JSON.stringify(object)).length;
    assert.ok(bytes < 1024 * 1024, `${bytes} bytes`);
  }
});

Deno.test("half of a line is followed by a line of its own", async () => {
  const store = new ConfigMapStore();
  const first = await ShardRecord.open(optionsOf(store, "a"));
  first.record.add({ first: 1 });
  await first.record.flushed();
  const name = chunkName("kodama-1", 2, 0);
  const chunk = store.objects.get(name) as KubeObject & { data: Record<string, string> };
  store.objects.set(name, { ...chunk, data: { lines: `${chunk.data.lines}{"half` } });
  const second = await ShardRecord.open(optionsOf(store, "b"));
  second.record.add({ second: 2 });
  await second.record.flushed();
  const text = await readShardText(optionsOf(store, "c"));
  assert.equal(text, '{"first":1}\n{"half\n{"second":2}\n');
});

Deno.test("a full record refuses what would be lost", async () => {
  const store = new ConfigMapStore();
  const { record } = await ShardRecord.open(optionsOf(store, "a"));
  record.add({ long: "x".repeat(192 * 1024 * maxChunks) });
  await assert.rejects(record.flushed(), { kind: "environment", message: /shard 2 is full/ });
  const { record: later } = await ShardRecord.open(optionsOf(store, "b"));
  later.add({ long: "x".repeat(192 * 1024) });
  await assert.rejects(later.flushed(), { kind: "environment", message: /shard 2 is full/ });
  assert.equal(store.objects.size, maxChunks);
});

Deno.test("a process that can't reach the API server at all ends with the reason; one that has begun waits on", async () => {
  const clock = new ManualClock();
  const store = new ConfigMapStore();
  const reached = optionsOf(store, "a", clock);
  // As behind a NetworkPolicy that lets nothing out.
  const silent = (
    _kind: unknown,
    _name: string,
    _scope: unknown,
    { signal }: { signal?: AbortSignal } = {},
  ) =>
    new Promise<never>((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  const client = {
    ...store.client,
    server: "https://10.0.0.1",
    get: silent as typeof store.client.get,
  };
  await assert.rejects(
    clock.runUntil(ShardRecord.open({ ...reached, client })),
    /this pod can't reach the API server https:\/\/10\.0\.0\.1: no answer in 20s/,
  );
  const { record } = await ShardRecord.open(reached);
  store.faults = Array.from({ length: 60 }, () => "unsent" as const);
  record.add({ line: 1 });
  await clock.runUntil(record.flushed());
  assert.equal(linesOf(await readShardText(reached)).length, 1);
  await record[Symbol.asyncDispose]();
});
