import assert from "node:assert/strict";
import fc from "fast-check";
import { anyText } from "../../base/testing/any_text.ts";
import { ChunkedBody, fetchByLink } from "./http.ts";
import type { Link } from "./link.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function framed(chunks: readonly Uint8Array[], { extension = "", trailers = "" } = {}): Uint8Array {
  const parts = chunks.flatMap((chunk) => [
    ...encoder.encode(`${chunk.length.toString(16)}${extension}\r\n`),
    ...chunk,
    ...encoder.encode("\r\n"),
  ]);
  return Uint8Array.from([...parts, ...encoder.encode(`0\r\n${trailers}\r\n`)]);
}

/** Returns the body of bytes that come in pieces of these lengths, the last of them for all remaining bytes. */
function bodyOf(bytes: Uint8Array, lengths: readonly number[]): { body: string; rest: string } {
  const chunked = new ChunkedBody();
  const taken: number[] = [];
  let at = 0;
  for (const length of [...lengths, bytes.length]) {
    if (chunked.ended || at >= bytes.length) break;
    taken.push(...chunked.take(bytes.slice(at, at + length)));
    at += length;
  }
  assert.ok(chunked.ended, "the body isn't whole");
  const behind = [...chunked.excess, ...bytes.slice(at)];
  return {
    body: decoder.decode(Uint8Array.from(taken)),
    rest: decoder.decode(Uint8Array.from(behind)),
  };
}

Deno.test("a body is the same however its bytes are cut", () => {
  const chunk = anyText({ minLength: 1 }).map((text) => encoder.encode(text));
  fc.assert(fc.property(
    fc.array(chunk, { maxLength: 8 }),
    fc.constantFrom("", ";name=value", "  "),
    fc.constantFrom("", "Expires: never\r\n", "a: b\r\nc: d\r\n"),
    fc.constantFrom("", "HTTP/1.1 200 OK\r\n"),
    fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 60 }),
    (chunks, extension, trailers, next, lengths) => {
      const whole = framed(chunks, { extension, trailers });
      const { body, rest } = bodyOf(Uint8Array.from([...whole, ...encoder.encode(next)]), lengths);
      assert.equal(body, decoder.decode(Uint8Array.from(chunks.flatMap((one) => [...one]))));
      assert.equal(rest, next);
    },
  ));
});

Deno.test("many chunks of one read are one piece, in the memory of the read", () => {
  const chunks = ["one\n", "two\n", "three\n"].map((text) => encoder.encode(text));
  const read = framed(chunks);
  const piece = new ChunkedBody().take(read);
  assert.equal(decoder.decode(piece), "one\ntwo\nthree\n");
  assert.equal(piece.buffer, read.buffer);
});

for (
  const [what, text] of [
    ["no size", "\r\nabc"],
    ["a size that is not a number", "zz\r\nabc"],
    ["a size below zero", "-1\r\nabc"],
    ["a size beyond all servers", "ffffffffffff\r\nabc"],
    ["more data than announced", "2\r\nabc\r\n"],
    ["a line of a size without an end", "0".repeat(2000)],
    ["trailers without an end", `0\r\n${"a: b\r\n".repeat(20_000)}`],
  ] as const
) {
  Deno.test(`refused: ${what}`, () => {
    const body = new ChunkedBody();
    assert.throws(() => body.take(encoder.encode(text)), /cut into pieces wrongly/);
  });
}

Deno.test("a link is used again only after the whole of an answer that leaves it open", async () => {
  const answer = (headers: string, text = "ok") => `HTTP/1.1 200 OK\r\n${headers}\r\n\r\n${text}`;
  type Reading = (
    response: Awaited<ReturnType<typeof fetchByLink>>,
    abort: AbortController,
  ) => Promise<unknown> | void;
  const read: Reading = ({ body }) => Array.fromAsync(body);
  const table: [string, string, Reading, "finished" | "closed"][] = [
    ["its length is known", answer("Content-Length: 2"), read, "finished"],
    ["chunks", answer("Transfer-Encoding: chunked", "2\r\nok\r\n0\r\n\r\n"), read, "finished"],
    ["the server closes", answer("Content-Length: 2\r\nConnection: close"), read, "closed"],
    ["it ends with the connection", answer("Server: one"), read, "closed"],
    ["more than the answer", answer("Content-Length: 2", "ok more"), read, "closed"],
    ["dropped", answer("Content-Length: 2"), ({ drop }) => drop(), "closed"],
    [
      "aborted when all of it had arrived, and read then",
      answer("Content-Length: 2"),
      async ({ body }, abort) => {
        abort.abort();
        assert.equal(decoder.decode((await Array.fromAsync(body))[0]), "ok");
      },
      "closed",
    ],
  ];
  for (const [name, text, reading, expected] of table) {
    const arriving = [encoder.encode(text)];
    const ends: string[] = [];
    const link: Link = {
      read: () => Promise.resolve(arriving.shift() ?? null),
      write: () => Promise.resolve(),
      [Symbol.dispose]: () => void ends.push("closed"),
    };
    const abort = new AbortController();
    const request = { method: "GET", headers: [], body: undefined };
    const response = await fetchByLink(link, new URL("https://server/pods"), request, {
      signal: abort.signal,
      finished: () => void ends.push("finished"),
    });
    await reading(response, abort);
    assert.deepEqual([...new Set(ends)], [expected], name);
  }
});
