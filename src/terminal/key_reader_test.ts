/** Keys in time: slow input keeps its meaning, and only a key that comes alone decides something. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { KeyReader, rawKeys, readKeys } from "./key_reader.ts";
import type { TerminalInput } from "./keys.ts";
import { MemoryTerminal } from "./testing/memory_terminal.ts";

const encoder = new TextEncoder();

/** Texts that would be keys, answers, or the marks of a paste, if they were typed. */
const fragment = fc.constantFrom(
  ...["y", "\r", "c\r", "D", "q", "\n", " ", "\x03", "é", "木霊", "😀", "\ufeff", "\x00"],
  ...[
    "\x1b",
    "\x1b[D",
    "\x1b[A\r",
    "\x1bP>|",
    "\x1b]11;",
    "\x1b[200~",
    "\x1b[201",
    "\x9b",
    "\x9b201",
    "01~",
  ],
);
const size = fc.oneof(
  { weight: 990, arbitrary: fc.integer({ min: 1, max: 200 }) },
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 20_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 1_000_000 }) },
);
const pieceBytes = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 4096 }));

Deno.test("property: a paste of any length, in any pieces and with any pauses, is that paste and nothing else", () => {
  fc.assert(
    fc.property(
      fc.array(fragment, { minLength: 1, maxLength: 8 }),
      size,
      fc.boolean(),
      fc.array(pieceBytes, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(500), { minLength: 1, maxLength: 6 }),
      (fragments, length, is8Bit, sizes, pausesMs) => {
        const [start, end] = is8Bit ? ["\x9b200~", "\x9b201~"] : ["\x1b[200~", "\x1b[201~"];
        const block = fragments.join("");
        let pasted = block.repeat(Math.ceil(length / block.length)).slice(0, length).toWellFormed();
        // A terminal takes the markers out of a paste.
        for (const mark of ["\x1b[201~", "\x9b201~", "\x1b[201~"]) {
          while (pasted.includes(mark)) pasted = pasted.replaceAll(mark, "");
        }
        const bytes = encoder.encode(start + pasted + end);
        const clock = new ManualClock();
        const inputs: TerminalInput[] = [];
        const alone: TerminalInput[] = [];
        using reader = new KeyReader(clock, (some, isAlone) => {
          inputs.push(...some);
          if (isAlone) alone.push(...some);
        });
        // Large pastes in larger pieces: the number of pieces makes the duration of the test.
        const least = Math.ceil(bytes.length / 2000);
        for (let at = 0, index = 0; at < bytes.length; index++) {
          const next = at + Math.max(least, sizes[index % sizes.length] ?? 1);
          reader.feed(bytes.subarray(at, next));
          at = next;
          clock.advance(pausesMs[index % pausesMs.length] ?? 0);
        }
        while (clock.step());
        // If a pause follows the Esc of the first mark, the Esc was a key: nothing distinguishes the two.
        const isEarly = !is8Bit && sizes[0] === 1 && least <= 1 && (pausesMs[0] ?? 0) >= 50;
        const early: TerminalInput[] = isEarly ? [{ kind: "key", key: "esc" }] : [];
        assert.deepEqual(alone, early);
        assert.deepEqual(inputs, [...early, { kind: "paste", text: pasted }]);
      },
    ),
    { numRuns: 20_000 },
  );
});

Deno.test("Enter that comes with other keys is the text of a line feed, and only a lone key is alone", () => {
  const calls: unknown[] = [];
  using reader = new KeyReader(new ManualClock(), (...call) => calls.push(call));
  const text = (typed: string) => ({ kind: "text", text: typed });
  const enter = { kind: "key", key: "enter" };
  const paste = { kind: "paste", text: "y\r" };
  const position = { kind: "position", column: 0, row: 1 };
  const table: [bytes: string, inputs: readonly unknown[], isAlone: boolean][] = [
    ["\r", [enter], true],
    ["y", [text("y")], true],
    ["😀", [text("😀")], true],
    ["\x1b[2;1R\r", [position, enter], true],
    ["yy", [text("yy")], false],
    ["Dy", [text("Dy")], false],
    ["\x1b[Ay", [{ kind: "key", key: "up" }, text("y")], false],
    ["ls\r", [text("ls"), text("\n")], false],
    ["\x1b[200~y\r\x1b[201~", [paste], false],
    ["\x1b[200~y\r\x1b[201~\r", [paste, text("\n")], false],
  ];
  for (const [bytes] of table) reader.feed(encoder.encode(bytes));
  assert.deepEqual(calls, table.map(([, inputs, isAlone]) => [inputs, isAlone]));
});

Deno.test("raw mode and marked pastes begin and end together", async () => {
  const terminal = new MemoryTerminal({ terminals: ["stdin", "stderr"] });
  {
    using _modes = rawKeys(terminal, terminal.stdin);
    assert.deepEqual([terminal.modes, terminal.finalOutput()], [["raw"], "\x1b[?2004l"]);
  }
  await terminal.stderr.flush();
  assert.deepEqual([terminal.modes, terminal.finalOutput()], [["raw", "cooked"], ""]);
  assert.equal(terminal.written("stderr"), "\x1b[?2004h\x1b[?2004l");
});

Deno.test("an Esc that ends the reading ends it without another key", async () => {
  const clock = new ManualClock();
  const never = Promise.withResolvers<string>();
  const terminal = new MemoryTerminal({
    terminals: ["stdin"],
    input: (async function* () {
      yield "\x1b";
      yield await never.promise;
    })(),
  });
  const { signal } = new AbortController();
  const inputs: TerminalInput[] = [];
  const reading = readKeys(terminal.stdin, {
    clock,
    signal,
    onInputs: (some) => inputs.push(...some) === 0,
  });
  await clock.waitedFor(50);
  clock.advance(50);
  await reading;
  assert.deepEqual(inputs, [{ kind: "key", key: "esc" }]);
});
