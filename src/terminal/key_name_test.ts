import assert from "node:assert/strict";
import fc from "fast-check";
import { arrivingKey, keyProblem, normalKey } from "./key_name.ts";
import { KeyDecoder } from "./keys.ts";

const spellings = {
  "ctrl+p": "ctrl-p",
  "Ctrl+P": "ctrl-p",
  "C-x": "ctrl-x",
  "M-x": "alt-x",
  "alt+shift+left": "alt-shift-left",
  "shift-alt-ctrl-up": "ctrl-alt-shift-up",
  "alt-shift-x": "alt-X",
  "shift+a": "A",
  "F5": "f5",
  "Page-Up": "page-up",
  "+": "+",
  "alt-+": "alt-+",
  "ctrl-w +": "ctrl-w +",
  "c": "c",
  "s-": "s-",
};

for (const [typed, key] of Object.entries(spellings)) {
  Deno.test(`the key ${typed} is ${key}`, () => assert.equal(normalKey(typed), key));
}

const problems = {
  "ctrl-shift-p": "no terminal sends the key ctrl-shift-p",
  "ctrl-1": "no terminal sends the key ctrl-1",
  "super-x": "no terminal sends the key super-x",
  "pgup": "no terminal sends the key pgup",
  "shift-enter": "no terminal sends the key shift-enter",
  "ctrl-i": "terminals send the key ctrl-i as tab",
  "ctrl-m": "terminals send the key ctrl-m as enter",
  "ctrl-w ctrl-[": "no terminal sends the key ctrl-[",
  "": "no terminal sends the key ",
};

for (const [key, problem] of Object.entries(problems)) {
  Deno.test(`the key "${key}" can't be bound`, () => assert.equal(keyProblem(key), problem));
}

Deno.test("property: what the decoder reads can be bound, under the same name and however it is spelt", () => {
  const part = fc.constantFrom("\x1b", "[", "O", "1;3", "1;5", "1;6", "A", "P", "Z", "5~", "24~");
  const bytes = fc.array(fc.oneof(part, fc.string({ unit: "grapheme", maxLength: 2 })), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(bytes, (parts) => {
      const decoder = new KeyDecoder();
      const inputs = [
        ...decoder.feed(new TextEncoder().encode(parts.join(""))),
        ...decoder.flush(),
      ];
      for (const input of inputs) {
        if (input.kind !== "key" || /\s/.test(input.key)) continue;
        assert.equal(arrivingKey(input.key), input.key);
        assert.equal(normalKey(input.key), input.key);
      }
    }),
    { numRuns: 1000 },
  );
});
