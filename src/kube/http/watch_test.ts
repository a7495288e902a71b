import assert from "node:assert/strict";
import type { WatchEvent } from "../client.ts";
import { ExpiredError } from "../failures.ts";
import { readWatch, tabledEvents } from "./watch.ts";

async function lines(text: string, size: number): Promise<WatchEvent<unknown>[]> {
  const bytes = new TextEncoder().encode(text);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += size) {
      yield await Promise.resolve(bytes.slice(at, at + size));
    }
  }
  return await Array.fromAsync(readWatch(chunks()));
}

Deno.test("`readWatch()` reads whole lines under any chunking, and drops one without an end", async () => {
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

Deno.test("`readWatch()` throws ExpiredError for 410, and a server error for anything else", async () => {
  const error = (object: unknown) => `${JSON.stringify({ type: "ERROR", object })}\n`;
  await assert.rejects(lines(error({ code: 410 }), 99), ExpiredError);
  await assert.rejects(lines(error({ code: 500, message: "etcd\x1b[2J" }), 99), {
    message: "the server ended a watch: etcd",
  });
  await assert.rejects(lines("<html>\n", 99), {
    message: "an event of a watch can't be read: <html>",
  });
});

Deno.test("`tabledEvents()` gives every row the columns, which a server sends once", async () => {
  const pod = (resourceVersion: string) => ({ kind: "Pod", metadata: { resourceVersion } });
  const columnDefinitions = [{ name: "Name", type: "string", format: "name" }, {
    name: "Node",
    priority: 1,
  }];
  const table = (version: string, columns: unknown) => ({
    kind: "Table",
    metadata: {},
    columnDefinitions: columns,
    rows: [{ cells: ["web-0", "n1"], object: pod(version) }],
  });
  const text = [
    { type: "ADDED", object: table("5", columnDefinitions) },
    { type: "MODIFIED", object: table("6", null) },
    { type: "BOOKMARK", object: table("7", null) },
    { type: "DELETED", object: pod("8") },
  ].map((line) => `${JSON.stringify(line)}\n`).join("");
  const source = readWatch<Record<string, unknown>>(
    (async function* () {
      yield await Promise.resolve(new TextEncoder().encode(text));
    })(),
  );
  const printed = {
    columns: [
      { name: "Name", type: "string", isName: true, isWide: false },
      { name: "Node", type: "string", isName: false, isWide: true },
    ],
    cells: ["web-0", "n1"],
  };
  const row = (version: string) => ({
    metadata: { resourceVersion: version },
    object: pod(version),
  });
  assert.deepEqual(await Array.fromAsync(tabledEvents(source)), [
    { kind: "added", object: { ...row("5"), printed }, resourceVersion: "5" },
    { kind: "modified", object: { ...row("6"), printed }, resourceVersion: "6" },
    { kind: "bookmark", resourceVersion: "7" },
    { kind: "deleted", object: row("8"), resourceVersion: "8" },
  ]);
});
