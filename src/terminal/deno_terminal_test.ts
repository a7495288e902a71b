/** Reads of standard input, which nothing can cancel. */
import assert from "node:assert/strict";
import { KeptReads } from "./deno_terminal.ts";

/** A stream whose reads a test answers. */
function openStream() {
  const waiting: ((text: string | null) => void)[] = [];
  const reads = new KeptReads((buffer) =>
    new Promise((resolve) =>
      waiting.push((text) =>
        resolve(text === null ? null : new TextEncoder().encodeInto(text, buffer).written)
      )
    )
  );
  const next = async (chunks: AsyncGenerator<Uint8Array>) => {
    const { value } = await chunks.next();
    return value && new TextDecoder().decode(value);
  };
  return { reads, next, waiting };
}

Deno.test("what is typed after a reader has ended belongs to the next one", async () => {
  const { reads, next, waiting } = openStream();
  const stop = new AbortController();
  const first = reads.chunks(stop.signal);
  const abandoned = next(first);
  stop.abort();
  assert.equal(await abandoned, undefined);
  const second = reads.chunks(new AbortController().signal);
  const line = next(second);
  assert.equal(waiting.length, 1, "one read at a time");
  waiting.shift()?.("y\n");
  assert.equal(await line, "y\n");
  const end = next(second);
  waiting.shift()?.(null);
  assert.equal(await end, undefined);
});

Deno.test("of two readers at a time, one gets a chunk", async () => {
  const { reads, next, waiting } = openStream();
  const { signal } = new AbortController();
  const [one, other] = [next(reads.chunks(signal)), next(reads.chunks(signal))];
  waiting.shift()?.("a");
  assert.equal(await one, "a");
  waiting.shift()?.("b");
  assert.equal(await other, "b");
});
