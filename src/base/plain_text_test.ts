import assert from "node:assert/strict";
import fc from "fast-check";
import { anyText } from "./testing/any_text.ts";
import { plainText, withoutTrailing } from "./plain_text.ts";

Deno.test("`plainText()` never has control characters, and never exceeds its limit", () => {
  const nasty = fc.array(fc.oneof(
    fc.constantFrom("\x1b[2J", "\x1b]0;t\x07", "\x9b1m", "\u202e", "\r", "\x1b", "[", "]"),
    anyText(),
  )).map((parts) => parts.join(""));
  fc.assert(fc.property(nasty, (text) => {
    const plain = plainText(text, 50);
    assert.doesNotMatch(plain, /\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u);
    assert.ok(plain.length <= 51);
  }));
});

Deno.test("`plainText()` doesn't count removed characters", () => {
  assert.equal(plainText(`${"\x1b[0m".repeat(10)}a sentence`, 20), "a sentence");
  assert.equal(plainText("x".repeat(21), 20), `${"x".repeat(20)}…`);
});

Deno.test("`withoutTrailing()` removes what a pattern would, in linear time", () => {
  const texts = fc.string({ unit: fc.constantFrom("\n", "a", "\r"), maxLength: 20 });
  fc.assert(fc.property(texts, (text) => {
    assert.equal(withoutTrailing("\n", text), text.replace(/\n+$/, ""));
  }));
  // A pattern takes minutes.
  const long = `${"\n".repeat(500_000)}x`;
  assert.equal(withoutTrailing("\n", long), long);
});
