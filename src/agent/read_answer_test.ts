import assert from "node:assert/strict";
import fc from "fast-check";
import { type AnswerPart, answerParts, wholeNumber } from "./read_answer.ts";

const mark = "kodama:x:";

/** Returns the parts of an answer that arrives in these chunks. */
async function partsOf(chunks: readonly Uint8Array[], maxBytes = 1000): Promise<AnswerPart[]> {
  const arriving = async function* () {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  };
  return await Array.fromAsync(answerParts(arriving(), { mark, maxBytes }));
}

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => Math.min(place, bytes.length)), bytes.length]
    .sort((a, b) => a - b);
  return at.slice(1).map((end, index) => bytes.subarray(at[index] ?? 0, end));
}

function joined(pieces: readonly (Uint8Array | string)[]): Uint8Array {
  const all = pieces.map((one) => typeof one === "string" ? new TextEncoder().encode(one) : one);
  return new Uint8Array(all.flatMap((one) => [...one]));
}

Deno.test("an answer is the same however it is cut, and events may hold anything", async () => {
  const events = fc.uint8Array({ minLength: 1, maxLength: 60 });
  const cuts = fc.array(fc.nat(300), { maxLength: 10 });
  await fc.assert(fc.asyncProperty(events, events, cuts, async (first, rest, places) => {
    const answer = joined([
      "what a profile printed\n",
      `${mark}task 7 alive\n`,
      `${mark}events ${first.length + 5} ${first.length}\n`,
      first,
      `${mark}tail ${rest.length}\n`,
      rest,
      `${mark}end\n`,
    ]);
    assert.deepEqual(await partsOf(cut(answer, places)), [
      { kind: "message", keyword: "task", args: ["7", "alive"] },
      { kind: "message", keyword: "events", args: [`${first.length + 5}`, `${first.length}`] },
      { kind: "bytes", bytes: first, end: false },
      { kind: "message", keyword: "tail", args: [`${rest.length}`] },
      { kind: "bytes", bytes: rest, end: true },
      { kind: "message", keyword: "end", args: [] },
    ]);
  }));
});

Deno.test("a pod that announces more than was asked for fills no memory", async () => {
  const answer = joined([`${mark}events 9 999999999999\n`, "0123456789", "abc"]);
  const bytes = (await partsOf([answer], 10)).filter((part) => part.kind === "bytes");
  assert.deepEqual(bytes.map((part) => part.bytes.length), [10]);
});

Deno.test("bytes that can be anything are no error", async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.uint8Array()), async (chunks) => {
    await partsOf([joined([mark]), ...chunks]);
  }));
});

Deno.test("numbers are whole, or none", () => {
  assert.deepEqual(["12", "0", "-1", "1e3", "", undefined].map(wholeNumber), [
    12,
    0,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
