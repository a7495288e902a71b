import assert from "node:assert/strict";
import fc from "fast-check";
import { KeyDecoder, type TerminalInput } from "./keys.ts";

const encoder = new TextEncoder();

/** Returns all inputs of the chunks, including those that only silence decides. */
function decoded(...chunks: readonly (string | Uint8Array)[]): TerminalInput[] {
  const decoder = new KeyDecoder();
  const inputs = chunks.flatMap((one) =>
    decoder.feed(typeof one === "string" ? encoder.encode(one) : one)
  );
  return [...inputs, ...decoder.flush()];
}

const key = (name: string): TerminalInput => ({ kind: "key", key: name });
const text = (typed: string): TerminalInput => ({ kind: "text", text: typed });

/** Sequences that terminals send. */
const forms: readonly (readonly [string, TerminalInput])[] = [
  ["a", text("a")],
  ["木霊", text("木霊")],
  ["\r", key("enter")],
  ["\t", key("tab")],
  ["\x7f", key("backspace")],
  ["\x08", key("ctrl-h")],
  ["\x00", key("ctrl-space")],
  ["\x03", key("ctrl-c")],
  ["\x1f", key("ctrl-/")],
  ["\x1b[A", key("up")],
  ["\x1bOA", key("up")],
  ["\x1b[1;5C", key("ctrl-right")],
  ["\x1b[1;2B", key("shift-down")],
  ["\x1b[Z", key("shift-tab")],
  ["\x1bOP", key("f1")],
  ["\x1b[11~", key("f1")],
  ["\x1bOR", key("f3")],
  ["\x1b[15~", key("f5")],
  ["\x1b[24~", key("f12")],
  ["\x1b[5~", key("page-up")],
  ["\x1b[3;5~", key("ctrl-delete")],
  ["\x1b[7~", key("home")],
  ["\x1ba", key("alt-a")],
  ["\x1b\x7f", key("alt-backspace")],
  ["\x1b[200~two\nlines\x1b[201~", { kind: "paste", text: "two\nlines" }],
  ["\x1b[<0;5;7M", { kind: "mouse", action: "click", column: 4, row: 6 }],
  ["\x1b[<0;5;7m", { kind: "mouse", action: "release", column: 4, row: 6 }],
  ["\x1b[<64;1;1M", { kind: "mouse", action: "wheelUp", column: 0, row: 0 }],
  ["\x1b[<65;1;1M", { kind: "mouse", action: "wheelDown", column: 0, row: 0 }],
  ["\x1b[<2;1;1M", { kind: "mouse", action: "other", column: 0, row: 0 }],
  ["\x1b[12;34R", { kind: "position", column: 33, row: 11 }],
];

for (const [bytes, input] of forms) {
  Deno.test(`${JSON.stringify(bytes)} is ${JSON.stringify(input)}`, () => {
    assert.deepEqual(decoded(bytes), [input]);
  });
}

Deno.test("an Esc is a key of its own only when nothing follows", () => {
  const decoder = new KeyDecoder();
  assert.deepEqual(decoder.feed(encoder.encode("\x1b")), []);
  assert.ok(decoder.undecided);
  assert.deepEqual(decoder.flush(), [key("esc")]);
  assert.ok(!decoder.undecided);
  assert.deepEqual(decoded("\x1b\x1b"), [key("esc"), key("esc")]);
  assert.deepEqual(decoded("\x1b", "[A"), [key("up")]);
});

Deno.test("property: where a stream is cut makes no difference", () => {
  fc.assert(fc.property(
    fc.array(fc.constantFrom(...forms.map(([bytes]) => bytes)), { minLength: 1, maxLength: 6 }),
    fc.array(fc.nat(200), { maxLength: 8 }),
    (parts, places) => {
      const bytes = encoder.encode(parts.join(""));
      const at = [...new Set(places.map((place) => place % bytes.length))].sort((a, b) => a - b);
      const chunks = [...at, bytes.length].map((end, index) =>
        bytes.subarray(at[index - 1] ?? 0, end)
      );
      const joined = (inputs: readonly TerminalInput[]) =>
        inputs.reduce<TerminalInput[]>((all, one) => {
          const last = all.at(-1);
          return one.kind === "text" && last?.kind === "text"
            ? [...all.slice(0, -1), text(last.text + one.text)]
            : [...all, one];
        }, []);
      assert.deepEqual(joined(decoded(...chunks)), joined(decoded(bytes)));
    },
  ));
});

Deno.test("property: whatever comes is bounded, taken to its end, and throws nothing", () => {
  const wild = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      fc.constantFrom("\x1b[", "\x1b[<", "\x1b[200~", "\x1bO", "\x1b[9;9;9;9", "é").map((one) =>
        encoder.encode(one)
      ),
    ),
    { maxLength: 30 },
  );
  fc.assert(fc.property(wild, (chunks) => {
    const decoder = new KeyDecoder();
    for (const chunk of chunks) decoder.feed(chunk);
    decoder.flush();
    assert.ok(!decoder.undecided);
  }));
});

Deno.test("a paste without an end isn't kept for ever, and its control characters are no keys", () => {
  const [input] = decoded(`\x1b[200~${"x\x03".repeat(4000)}`);
  assert.equal(input?.kind, "paste");
  assert.equal(input.text.length, 4096);
});

Deno.test("an unknown sequence is ignored, and the next key is read", () => {
  assert.deepEqual(decoded("\x1b[?1;2c", "\x1b[99~", "\x1bOx", "a"), [text("a")]);
});
