import assert from "node:assert/strict";
import type { WatchEvent } from "../client.ts";
import { ExpiredError } from "../failures.ts";
import { readWatch } from "./watch.ts";

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
