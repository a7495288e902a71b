import assert from "node:assert/strict";
import { keyBytes } from "./key_bytes.ts";
import { KeyDecoder } from "./keys.ts";

const plain = { applicationCursorKeys: false, bracketedPaste: true };

/** Returns the inputs that the decoder reads from the bytes. */
function decoded(text: string) {
  const decoder = new KeyDecoder();
  return [...decoder.feed(new TextEncoder().encode(text)), ...decoder.flush()];
}

const keys =
  "enter tab shift-tab esc backspace f1 up down left right home end insert delete page-up page-down ctrl-a ctrl-c ctrl-z ctrl-space ctrl-\\ ctrl-] ctrl-^ ctrl-/ shift-up alt-left ctrl-right ctrl-delete alt-b alt-. f2 f3 f4 f5 f6 f9 f10 f11 f12"
    .split(" ");

for (const key of keys) {
  Deno.test(`the key ${key} is encoded as terminals send it`, () => {
    assert.deepEqual(decoded(keyBytes({ kind: "key", key }, plain)), [{ kind: "key", key }]);
  });
}

Deno.test("cursor keys have the form that the program has chosen", () => {
  const application = { ...plain, applicationCursorKeys: true };
  assert.equal(keyBytes({ kind: "key", key: "up" }, application), "\x1bOA");
  assert.equal(keyBytes({ kind: "key", key: "up" }, plain), "\x1b[A");
});

Deno.test("a paste has its brackets if the program wants them, and can't end itself", () => {
  const paste = { kind: "paste", text: "a\x1b[201~rm\nb" } as const;
  assert.equal(keyBytes(paste, plain), "\x1b[200~a[201~rm\rb\x1b[201~");
  assert.equal(keyBytes(paste, { ...plain, bracketedPaste: false }), "a[201~rm\rb");
});

Deno.test("text is sent as it is; the mouse isn't sent", () => {
  assert.equal(keyBytes({ kind: "text", text: "é日" }, plain), "é日");
  assert.equal(keyBytes({ kind: "mouse", action: "click", column: 1, row: 1 }, plain), "");
});
