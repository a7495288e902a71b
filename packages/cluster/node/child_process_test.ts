import assert from "node:assert/strict";
import fc from "fast-check";
import { guardStream } from "./child_process.ts";

/** A source that counts the reads from it. */
function counted(chunks: readonly Uint8Array[], { ends }: { ends: boolean }) {
  let taken = 0;
  const ended = Promise.withResolvers<void>();
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks[taken];
      if (chunk !== undefined) {
        taken++;
        controller.enqueue(chunk);
      } else if (ends) {
        controller.close();
        ended.resolve();
      } else return new Promise(() => {});
    },
  }, { highWaterMark: 0 });
  return { stream, taken: () => taken, ended: ended.promise };
}

Deno.test("nothing is read ahead of the reader", async () => {
  const chunks = Array.from({ length: 10 }, (_, index) => Uint8Array.of(index));
  const source = counted(chunks, { ends: true });
  const { stream } = guardStream(source.stream, { exited: new Promise(() => {}) });
  const reader = stream.getReader();
  assert.equal(source.taken(), 0);
  await reader.read();
  assert.equal(source.taken(), 1);
  while (!(await reader.read()).done);
});

Deno.test("a pipe that stays open after the exit ends, with all that was in it", async () => {
  const parts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(parts, async (chunks) => {
      const { stream, finished } = guardStream(counted(chunks, { ends: false }).stream, {
        exited: Promise.resolve(),
      });
      const bytes = await new Response(stream).bytes();
      await finished;
      assert.equal(Uint8Array.from(bytes).toHex(), chunks.map((chunk) => chunk.toHex()).join(""));
    }),
    { numRuns: 3 },
  );
});

Deno.test("the source is read to its end without a reader too", async () => {
  const source = counted([Uint8Array.of(1), Uint8Array.of(2)], { ends: true });
  const exited = Promise.withResolvers<void>();
  const { stream, finished } = guardStream(source.stream, { exited: exited.promise });
  await stream.cancel();
  await finished;
  exited.resolve();
  await source.ended;
  assert.equal(source.taken(), 2);
});
