import assert from "node:assert/strict";
import fc from "fast-check";
import { EventParser } from "./event_stream.ts";

const stream = `: hello\r
id: 1
data: {"a":1}

event: failed
data: two
data: lines: here
id: 2

data

retry: 5
data:x

data: incomplete`;

Deno.test("`EventParser` returns the same events, whatever the chunks are", () => {
  fc.assert(fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
    const parser = new EventParser();
    const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
    const events = edges.slice(1).flatMap((end, at) => parser.add(stream.slice(edges[at], end)));
    assert.deepEqual(events, [
      { name: "message", data: '{"a":1}', id: "1" },
      { name: "failed", data: "two\nlines: here", id: "2" },
      { name: "message", data: "", id: "2" },
      { name: "message", data: "x", id: "2" },
    ]);
  }));
});

Deno.test("`EventParser` doesn't collect an endless event", () => {
  const parser = new EventParser();
  const part = "x".repeat(1024 * 1024);
  assert.throws(() => {
    for (let count = 0; count < 5; count++) parser.add(part);
  }, RangeError);
});
