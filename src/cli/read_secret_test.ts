/** Secrets at the terminal: which keys end one, and what a paste is in it. */
import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { MemoryTerminal } from "../terminal/testing/memory_terminal.ts";
import { readSecret } from "./read_secret.ts";

const typed = (text: string) => ({ kind: "typed", text });

const table: [name: string, chunks: readonly string[], end: unknown][] = [
  ["keys until Enter", ["hun", "x", "\x7f", "ter2", "\r"], typed("hunter2")],
  ["a line of a program, sent at once", ["hunter2\r"], typed("hunter2")],
  ["no sequences of keys", ["a", "\x1b[D", "\x1bOP", "b", "\r"], typed("ab")],
  ["Ctrl-U, which begins it again", ["wrong", "\x15", "right", "\r"], typed("right")],
  [
    "a pasted key of several lines, whole",
    ["\x1b[200~-----BEGIN\rabc\r", "-----END\r\x1b[201~", "\r"],
    typed("-----BEGIN\nabc\n-----END\n"),
  ],
  [
    "the same without marks",
    ["-----BEGIN\rabc\r-----END\r", "\r"],
    typed("-----BEGIN\nabc\n-----END\n"),
  ],
  ["Ctrl-C", ["secret", "\x03"], { kind: "interrupted" }],
  ["Ctrl-D", ["\x04"], { kind: "ended" }],
];

for (const [name, input, end] of table) {
  Deno.test(`readSecret() reads ${name}`, async () => {
    const shown: string[] = [];
    const terminal: MemoryTerminal = new MemoryTerminal({
      terminals: ["stdin", "stderr"],
      input,
      onWrite: (_stream, bytes) => {
        if (new TextDecoder().decode(bytes).includes("token: ")) shown.push(...terminal.modes);
      },
    });
    const on = { clock: new ManualClock(), signal: new AbortController().signal };
    assert.deepEqual(await readSecret(terminal, "token: ", on), end);
    await terminal.stderr.flush();
    const around = ["\x1b[?2004htoken: ", "\x1b[?2004l\n"];
    assert.equal(terminal.written("stderr"), around.join(""), "nothing of it is shown");
    assert.deepEqual(shown, ["raw"], "the terminal hides keys before it asks for them");
    assert.deepEqual(terminal.modes, ["raw", "cooked"]);
  });
}

Deno.test("readSecret() refuses a secret that is too long", async () => {
  const input = [`\x1b[200~${"x".repeat(20_000)}\x1b[201~`];
  const terminal = new MemoryTerminal({ terminals: ["stdin", "stderr"], input });
  const { signal } = new AbortController();
  await assert.rejects(readSecret(terminal, "token: ", { clock: new ManualClock(), signal }), {
    message: "the secret has more than 16,384 characters",
  });
  assert.deepEqual(terminal.modes, ["raw", "cooked"]);
});
