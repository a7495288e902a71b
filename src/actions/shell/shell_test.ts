import assert from "node:assert/strict";
import { StandardInput } from "../../exec/stdin_spool.ts";
import { LiveInput } from "./shell.ts";

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
  const input = new LiveInput(new StandardInput(source));
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
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        asked++;
        return Promise.resolve({ done: true as const, value: undefined });
      },
    }),
  };
  const input = new LiveInput(new StandardInput(source));
  assert.equal(asked, 0);
  assert.equal(await input.open().read(never), undefined);
  assert.equal(asked, 1);
});

Deno.test("a failing source is reported to its reader and to later callers", async () => {
  const { source, writer } = keyboard();
  const input = new LiveInput(new StandardInput(source));
  const reader = input.open();
  const reading = assert.rejects(reader.read(never), /gone/);
  await writer.abort(new Error("gone")).catch(() => {});
  await reading;
  assert.equal(input.failed, true);
});
