/** How much output, and input, is stored. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Capture, OrderedCapture } from "./capture.ts";
import { directInput, sharedInput, type SpoolFile, StandardInput } from "./stdin_spool.ts";

const pieces = fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 12 });
const forever = new AbortController().signal;

Deno.test("`Capture` stores the start, and a hash distinguishes what it omitted", () => {
  fc.assert(fc.property(pieces, fc.nat(40), (all, limit) => {
    const whole = all.flatMap((piece) => [...piece]);
    const [split, atOnce] = [new Capture(limit), new Capture(limit)];
    for (const piece of all) split.push(piece);
    atOnce.push(Uint8Array.from(whole));
    assert.deepEqual([...split.bytes], whole.slice(0, limit));
    assert.equal(split.omittedBytes, Math.max(0, whole.length - limit));
    assert.equal(split.omittedHash, atOnce.omittedHash);
  }));
});

Deno.test("`OrderedCapture` keeps the order of both streams up to its limit", () => {
  const capture = new OrderedCapture(1024);
  const text = (word: string) => new TextEncoder().encode(word);
  capture.push("stdout", text("a"));
  capture.push("stdout", text("b"));
  capture.push("stderr", text("c"));
  const words = capture.chunks.map(({ stream, bytes }) =>
    `${stream} ${new TextDecoder().decode(bytes)}`
  );
  assert.deepEqual(words, ["stdout ab", "stderr c"]);
  for (let turn = 0; turn < 100; turn++) capture.push(turn % 2 ? "stderr" : "stdout", text("x"));
  assert.ok(capture.chunks.length <= 4);
  assert.ok(capture.omittedBytes > 90);
});

/** A file in memory, which records its size. */
function memoryFile(): SpoolFile & { bytes: number[] } {
  const bytes: number[] = [];
  return {
    bytes,
    append: (more) => {
      bytes.push(...more);
      return Promise.resolve();
    },
    read: (offset, length) =>
      Promise.resolve(Uint8Array.from(bytes.slice(offset, offset + length))),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function* sourceOf(all: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void> {
  yield* all;
}

Deno.test("`sharedInput()` gives every reader all bytes at its own pace", async () => {
  const orders = fc.array(fc.nat(2), { maxLength: 60 });
  await fc.assert(fc.asyncProperty(pieces, orders, fc.nat(30), async (all, order, memoryBytes) => {
    const file = memoryFile();
    const source = new StandardInput(sourceOf(all.filter((piece) => piece.length > 0)));
    await using input = sharedInput(source, () => Promise.resolve(file), memoryBytes);
    const readers = [0, 1, 2].map(() => ({
      reader: input.open(),
      got: [] as number[],
      ended: false,
    }));
    const step = async (one: typeof readers[number]) => {
      const bytes = await one.reader.read(forever);
      if (bytes === undefined) one.ended = true;
      else one.got.push(...bytes);
    };
    for (const turn of order) await step(readers[turn] as typeof readers[number]);
    for (const one of readers) while (!one.ended) await step(one);
    const whole = all.flatMap((piece) => [...piece]);
    for (const { got } of readers) assert.deepEqual(got, whole);
    assert.ok(whole.length - file.bytes.length <= memoryBytes, "more in memory than may be");
  }));
});

Deno.test("`sharedInput()` reads nothing before the first reader, and an aborted reader takes no bytes from others", async () => {
  let drawn = 0;
  async function* source(): AsyncGenerator<Uint8Array, void> {
    for (; drawn < 5; drawn++) yield Uint8Array.of(drawn);
  }
  const file = () => Promise.resolve(memoryFile());
  await using input = sharedInput(new StandardInput(source()), file);
  const [first, second] = [input.open(), input.open()];
  assert.equal(drawn, 0);
  const gone = AbortSignal.abort(new Error("gone"));
  await assert.rejects(first.read(gone), /gone/);
  assert.deepEqual(await second.read(forever), Uint8Array.of(0));

  await using single = directInput(new StandardInput(sourceOf([Uint8Array.of(1)])));
  const direct = single.open();
  assert.deepEqual(await direct.read(forever), Uint8Array.of(1));
  assert.equal(await direct.read(forever), undefined);
});

Deno.test("`StandardInput` that has begun has all bytes; without one it is empty", async () => {
  for (const bytes of [[], [1], [1, 2]]) {
    const input = new StandardInput(sourceOf(bytes.map((byte) => Uint8Array.of(byte))));
    input.begin();
    assert.equal(input.isEmpty, false, "nothing is known yet");
    const all = await Array.fromAsync(input);
    assert.deepEqual(all.map(([byte]) => byte), bytes);
    assert.equal(input.isEmpty, bytes.length === 0);
  }
});

Deno.test("`StandardInput` that can't be read isn't empty: its reader gets the error", async () => {
  // deno-lint-ignore require-yield -- it fails before the first piece
  const broken = async function* (): AsyncGenerator<Uint8Array, void> {
    throw await Promise.resolve(new Error("gone"));
  };
  const input = new StandardInput(broken());
  input.begin();
  await assert.rejects(Array.fromAsync(input), /gone/);
  assert.equal(input.isEmpty, false);
});
