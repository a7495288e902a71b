import assert from "node:assert/strict";
import fc from "fast-check";
import { type ByteWriter, ClosedSinkError, PumpedSink } from "./sink.ts";

/** A writer that accepts at most `most` bytes at a time, each time when it is released. */
class SlowWriter implements ByteWriter {
  readonly taken: number[] = [];
  text = "";
  #go = Promise.withResolvers<void>();

  constructor(readonly most = Infinity) {}

  async write(bytes: Uint8Array): Promise<number> {
    await this.#go.promise;
    const part = bytes.subarray(0, this.most);
    this.text += new TextDecoder().decode(part);
    this.taken.push(part.length);
    return part.length;
  }

  /** Releases every write from now on. */
  open(): void {
    this.#go.resolve();
  }
}

Deno.test("what is written while a write is under way goes out in one piece", async () => {
  const writer = new SlowWriter();
  const sink = new PumpedSink(writer, "a test");
  await sink.write("a");
  await Promise.resolve();
  await Promise.resolve();
  for (const text of ["b", "c", "d"]) await sink.write(text);
  writer.open();
  await sink.flush();
  assert.equal(writer.text, "abcd");
  assert.deepEqual(writer.taken, [1, 3]);
});

Deno.test("the memory of what was written may be used again at once", async () => {
  const writer = new SlowWriter(70_000);
  const sink = new PumpedSink(writer, "a test");
  writer.open();
  const memory = new Uint8Array(200_000);
  let expected = "";
  for (const letter of "abcabc") {
    memory.fill(letter.charCodeAt(0));
    expected += letter.repeat(memory.length);
    const written = sink.write(memory);
    memory.fill("x".charCodeAt(0));
    await written;
  }
  await sink.flush();
  assert.ok(writer.text === expected);
});

Deno.test("a slow reader holds the writer back", async () => {
  const writer = new SlowWriter();
  const sink = new PumpedSink(writer, "a test");
  let more = false;
  const big = sink.write(new Uint8Array(300 * 1024)).then(() => more = true);
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  assert.equal(more, false);
  writer.open();
  await big;
  assert.equal(more, true);
});

Deno.test("a closed reader is reported at once, and only once", async () => {
  const sink = new PumpedSink({
    write: () => Promise.reject(new Deno.errors.BrokenPipe("Broken pipe")),
  }, "a test");
  await sink.write("lost");
  await assert.rejects(sink.flush(), ClosedSinkError);
  assert.ok(sink.broken.aborted);
  await assert.rejects(sink.write("more"), ClosedSinkError);
});

Deno.test("a full disk is an error with its own words", async () => {
  const full = new Error("No space left on device (os error 28)");
  const sink = new PumpedSink({ write: () => Promise.reject(full) }, "standard output");
  await sink.write("lost");
  await assert.rejects(sink.flush(), {
    name: "KodamaError",
    message: "cannot write to standard output: No space left on device (os error 28)",
  });
});

Deno.test("large pieces keep their place among small ones", async () => {
  const writer = new SlowWriter();
  const sink = new PumpedSink(writer, "a test");
  await sink.write("a", "b".repeat(40_000), "c", new Uint8Array(0), "d".repeat(31_000), "e");
  writer.open();
  await sink.flush();
  assert.equal(writer.text, `a${"b".repeat(40_000)}c${"d".repeat(31_000)}e`);
});

Deno.test("property: everything comes out, in order, whatever the pieces and the writer's bites", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string()), fc.integer({ min: 1, max: 5 }), async (texts, most) => {
      const taken: number[] = [];
      const sink = new PumpedSink({
        write: (bytes) => {
          taken.push(...bytes.subarray(0, most));
          return Promise.resolve(Math.min(most, bytes.length));
        },
      }, "a test");
      for (const text of texts) await sink.write(text);
      await sink.flush();
      assert.deepEqual(new Uint8Array(taken), new TextEncoder().encode(texts.join("")));
    }),
  );
});

Deno.test("what two streams of one terminal are given stands in its order, however slow it is", async () => {
  const screen = { text: "" };
  const slow = (): ByteWriter => ({
    async write(bytes) {
      await new Promise((resolve) => setTimeout(resolve));
      const part = bytes.subarray(0, 2);
      screen.text += new TextDecoder().decode(part);
      return part.length;
    },
  });
  const [out, err] = [new PumpedSink(slow(), "out"), new PumpedSink(slow(), "err")];
  const bytes = new TextEncoder().encode("deleted\n");
  await err.writeAfter(out, "deletes: a, b\n");
  const writing = out.writeAfter(err, bytes);
  bytes.fill(0);
  await writing;
  await err.writeAfter(out, "kept: c\n");
  await Promise.all([out.flush(), err.flush()]);
  assert.equal(screen.text, "deletes: a, b\ndeleted\nkept: c\n");
});

Deno.test("a stream that is broken keeps nothing from the other", async () => {
  const broken = new PumpedSink({ write: () => Promise.reject(new Error("gone")) }, "broken");
  const writer = new SlowWriter();
  writer.open();
  const sink = new PumpedSink(writer, "a test");
  await broken.write("lost");
  await sink.writeAfter(broken, "written");
  await sink.flush();
  assert.equal(writer.text, "written");
  await assert.rejects(broken.flush(), /cannot write to broken/);
});
