import assert from "node:assert/strict";
import { boundedText } from "./bounded_text.ts";

const at = { context: "prod", server: "https://api.test:6443" };

async function* endless(piece: string): AsyncGenerator<Uint8Array> {
  for (;;) yield await Promise.resolve(new TextEncoder().encode(piece));
}

Deno.test("a body that is cut anywhere is its text", async () => {
  const bytes = new TextEncoder().encode("né");
  const chunks = ReadableStream.from([bytes.subarray(0, 2), bytes.subarray(2)]);
  assert.equal(await boundedText(chunks, 2, at), "né");
});

Deno.test("a body beyond its limit is an error, however much follows", async () => {
  await assert.rejects(boundedText(endless("abc"), 10, at), {
    kind: "server",
    message: "https://api.test:6443 (context prod) answered with more than 10 characters",
  });
});
