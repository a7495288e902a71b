import assert from "node:assert/strict";
import fc from "fast-check";
import { TerminalModes } from "./screen.ts";

const encoder = new TextEncoder();

function after(...chunks: string[]): TerminalModes {
  const modes = new TerminalModes();
  for (const chunk of chunks) modes.follow(encoder.encode(chunk));
  return modes;
}

Deno.test("what a program switched on is taken back, and nothing else", () => {
  const vim = "\x1b[?1049h\x1b[?1h\x1b[?2004h\x1b[?25l hello";
  const expected = "\x1b[?1049l\x1b[?1l\x1b[?2004l\x1b[?25h\x1b[0m";
  assert.equal(after(vim).restoration(), expected);
  assert.equal(after(vim, "\x1b[?2004l\x1b[?1l\x1b[?1049l\x1b[?25h").restoration(), "");
  assert.equal(after("\x1b[?1000;1006h").restoration(), "\x1b[?1000l\x1b[?1006l\x1b[0m");
  assert.equal(after("\x1b[?7l\x1b[31m\x1b[2J plain").restoration(), "");
});

Deno.test("a sequence is found however it is split", () => {
  const text = "é\x1b[?1049h\x1b[\x1b[?25l\x1b[?2004h\x1b[?2004l";
  const whole = after(text).restoration();
  fc.assert(fc.property(fc.array(fc.nat({ max: 30 })), (cuts) => {
    const bytes = encoder.encode(text);
    const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b)];
    const modes = new TerminalModes();
    for (const [index, from] of places.entries()) {
      modes.follow(bytes.subarray(from, places[index + 1] ?? bytes.length));
    }
    assert.equal(modes.restoration(), whole);
  }));
});

Deno.test("a line without an end is known", () => {
  assert.deepEqual(["", "a", "a\n", "a\r\n", "a\r"].map((text) => after(text).midLine), [
    false,
    true,
    false,
    false,
    true,
  ]);
});
