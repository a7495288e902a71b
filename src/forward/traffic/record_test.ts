import assert from "node:assert/strict";
import type { Exchange, TrafficEvent } from "./events.ts";
import { openRecordFile, type TrafficFile, TrafficRecorder } from "./record.ts";

const creator = { name: "kodama", version: "1.0.0" };

function exchange(more: Partial<Exchange> = {}): Exchange {
  return {
    kind: "exchange",
    connection: 7,
    at: "2026-01-01T00:00:00.000Z",
    protocol: "http/1",
    operation: "GET",
    path: "/a?token=***&b=***",
    authority: "web:8080",
    status: "200",
    failed: false,
    complete: true,
    requestBytes: 0,
    responseBytes: 5,
    sentMs: 1,
    firstByteMs: 3,
    durationMs: 7.5,
    http: {
      version: "HTTP/1.1",
      statusText: "OK",
      request: [{ name: "Authorization", value: "***" }],
      response: [{ name: "Content-Type", value: "text/plain; a=\ufffd" }],
    },
    ...more,
  };
}

/** A file in memory that checks each of its states: a process may be killed after any write. */
class CheckedFile implements TrafficFile {
  #bytes = new Uint8Array(0);
  /** Bytes that the disk still has. */
  room = Infinity;
  readonly states: number[] = [];

  constructor(private readonly isValid: (text: string) => boolean) {}

  get text(): string {
    return new TextDecoder().decode(this.#bytes);
  }

  write(bytes: Uint8Array, atByte: number): Promise<void> {
    const fitting = bytes.subarray(0, Math.max(0, this.room - atByte));
    const whole = new Uint8Array(Math.max(this.#bytes.length, atByte + fitting.length));
    whole.set(this.#bytes);
    whole.set(fitting, atByte);
    this.#bytes = whole;
    if (fitting.length < bytes.length) return Promise.reject(new Error("No space left on device"));
    assert.ok(this.isValid(this.text), this.text);
    this.states.push(this.#bytes.length);
    return Promise.resolve();
  }

  truncate(bytes: number): Promise<void> {
    this.#bytes = this.#bytes.slice(0, bytes);
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

function isHar(text: string): boolean {
  return Array.isArray(JSON.parse(text).log.entries);
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

Deno.test("a HAR is a complete document after each write", async () => {
  const file = new CheckedFile(isHar);
  const recorder = new TrafficRecorder(file, { format: "har", creator });
  for (let count = 0; count < 3; count++) {
    recorder.add(exchange());
    await turns();
  }
  recorder.add({ ...exchange(), protocol: "redis" });
  const summary = await recorder.close();
  // The empty document comes first.
  assert.equal(file.states.length, 4);
  assert.deepEqual(summary, {
    recorded: 3,
    omitted: 0,
    otherProtocols: 1,
    bytes: file.text.length,
  });
  const { log } = JSON.parse(file.text);
  assert.deepEqual([log.version, log.creator, log.entries.length], ["1.2", creator, 3]);
  const [entry] = log.entries;
  assert.equal(entry.request.url, "http://web:8080/a?token=***&b=***");
  assert.deepEqual(entry.request.queryString.map(({ name }: { name: string }) => name), [
    "token",
    "b",
  ]);
  assert.equal(entry.response.content.mimeType, "text/plain; a=\ufffd");
  assert.deepEqual(entry.timings, { send: 1, wait: 2, receive: 4.5 });
  assert.equal(entry.time, 7.5);
});

Deno.test("a HAR has a response of status 0 if the connection ended first, and gRPC's status", async () => {
  const file = new CheckedFile(isHar);
  const recorder = new TrafficRecorder(file, { format: "har", creator });
  const { status: _status, firstByteMs: _first, http: _http, ...unanswered } = exchange();
  recorder.add({ ...unanswered, complete: false });
  recorder.add(exchange({ protocol: "grpc", status: "NOT_FOUND", path: "/shop.Catalog/Say" }));
  await recorder.close();
  const { log } = JSON.parse(file.text);
  const found = log.entries.map((entry: { response: { status: number }; _grpcStatus?: string }) => [
    entry.response.status,
    entry._grpcStatus,
  ]);
  assert.deepEqual(found, [[0, undefined], [200, "NOT_FOUND"]]);
});

Deno.test("a recording ends at its limit, and says what it omitted", async () => {
  const file = new CheckedFile(isHar);
  const recorder = new TrafficRecorder(file, { format: "har", maxBytes: 3000, creator });
  for (let count = 0; count < 10; count++) recorder.add(exchange());
  const { recorded, omitted, bytes } = await recorder.close();
  assert.deepEqual([recorded + omitted, bytes <= 3000, bytes], [10, true, file.text.length]);
  assert.ok(recorded > 0 && omitted > 0);
  assert.equal(JSON.parse(file.text).log.entries.length, recorded);
});

Deno.test("a full disk ends a recording at its last complete entry", async () => {
  const file = new CheckedFile(isHar);
  const recorder = new TrafficRecorder(file, { format: "har", creator });
  recorder.add(exchange());
  await turns();
  file.room = file.text.length + 100;
  recorder.add(exchange());
  await turns();
  recorder.add(exchange());
  const { recorded, omitted, failure } = await recorder.close();
  assert.deepEqual([recorded, omitted, failure], [1, 2, "No space left on device"]);
  assert.equal(JSON.parse(file.text).log.entries.length, 1);
});

Deno.test("lines have every event, each complete", async () => {
  const file = new CheckedFile((text) => text.endsWith("\n"));
  const recorder = new TrafficRecorder(file, { format: "jsonl", creator });
  const added: TrafficEvent[] = [
    {
      kind: "protocol",
      connection: 1,
      at: "2026-01-01T00:00:00.000Z",
      protocol: "redis",
      facts: {},
    },
    exchange({ protocol: "redis", operation: "GET" }),
  ];
  for (const event of added) recorder.add(event);
  await recorder.close();
  assert.deepEqual(file.text.trim().split("\n").map((line) => JSON.parse(line)), added);
});

Deno.test("openRecordFile() creates a file that only the user may read, and overwrites none", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/a.har`;
    {
      await using file = await openRecordFile(path);
      await file.write(new TextEncoder().encode("new"), 0);
    }
    assert.equal(await Deno.readTextFile(path), "new");
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    await assert.rejects(openRecordFile(path), {
      kind: "conflict",
      message: `${path} already exists`,
    });
    assert.equal(await Deno.readTextFile(path), "new");
    await assert.rejects(openRecordFile(`${folder}/missing/a.har`), /recording to .*missing/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("TrafficRecorder: what waits for a slow disk is bounded, and what is omitted is counted", async () => {
  const disk = Promise.withResolvers<void>();
  let written = 0;
  const recorder = new TrafficRecorder({
    async write(bytes) {
      await disk.promise;
      written += bytes.length;
    },
    truncate: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }, { format: "jsonl", creator });
  const large = exchange({ path: `/${"a".repeat(1_000_000)}` });
  for (let count = 0; count < 20; count++) recorder.add(large);
  disk.resolve();
  const { recorded, omitted } = await recorder.close();
  assert.equal(recorded + omitted, 20);
  assert.ok(recorded < 8 && written < 8_000_000, `${recorded} were recorded`);
});
