import assert from "node:assert/strict";
import { LiveInput, outcomeReason } from "./shell.ts";

Deno.test("`reasonOf()` is the outcome's reason, or its name", () => {
  assert.equal(outcomeReason({ kind: "unknown", reason: "cut" }), "cut");
  assert.equal(outcomeReason({ kind: "cancelled" }), "cancelled");
});

const never = new AbortController().signal;
const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (chunk: Uint8Array | undefined) => chunk && new TextDecoder().decode(chunk);

/** A keyboard whose keys a test presses. */
function keyboard() {
  const stream = new TransformStream<Uint8Array, Uint8Array>();
  const writer = stream.writable.getWriter();
  return { source: stream.readable, press: (text: string) => writer.write(bytes(text)), writer };
}

Deno.test("keys go to the reader of the moment; without one they go nowhere", async () => {
  const { source, press, writer } = keyboard();
  const input = new LiveInput(source);
  const first = input.open();
  await press("a");
  assert.equal(textOf(await first.read(never)), "a");
  input.drop();
  await press("lost");
  await press("lost too");
  const second = input.open();
  await press("b");
  assert.equal(textOf(await second.read(never)), "b");
  await writer.close();
  assert.equal(await second.read(never), undefined);
  assert.equal(await input.open().read(never), undefined, "an end stays one");
  assert.equal(input.failed, false);
});

Deno.test("nothing is read before a consumer requests it", async () => {
  let asked = 0;
  const input = new LiveInput({
    [Symbol.asyncIterator]: () => ({
      next: () => {
        asked++;
        return Promise.resolve({ done: true as const, value: undefined });
      },
    }),
  });
  assert.equal(asked, 0);
  assert.equal(await input.open().read(never), undefined);
  assert.equal(asked, 1);
});

Deno.test("what is read before the first reader is its own; without a byte the input is empty", async () => {
  const { source, press, writer } = keyboard();
  const input = new LiveInput(source);
  input.begin();
  await press("a");
  const reader = input.open();
  assert.equal(textOf(await reader.read(never)), "a");
  await writer.close();
  assert.equal(await reader.read(never), undefined);
  assert.equal(input.isEmpty, false);
  const none = keyboard();
  const empty = new LiveInput(none.source);
  empty.begin();
  assert.equal(empty.isEmpty, false);
  await none.writer.close();
  assert.equal(await empty.open().read(never), undefined);
  assert.equal(empty.isEmpty, true);
});

Deno.test("a failing source is reported to its reader and to later callers", async () => {
  const { source, writer } = keyboard();
  const input = new LiveInput(source);
  const reader = input.open();
  const reading = assert.rejects(reader.read(never), /gone/);
  await writer.abort(new Error("gone")).catch(() => {});
  await reading;
  assert.equal(input.failed, true);
});
