import assert from "node:assert/strict";
import fc from "fast-check";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { KeyReader } from "./key_reader.ts";
import { KeyDecoder, maxPaste, type TerminalInput } from "./keys.ts";

const encoder = new TextEncoder();

/** Returns all inputs of the chunks, including those that only silence decides. */
function decoded(...chunks: readonly (string | Uint8Array)[]): TerminalInput[] {
  const decoder = new KeyDecoder();
  const inputs = chunks.flatMap((one) =>
    decoder.feed(typeof one === "string" ? encoder.encode(one) : one)
  );
  return [...inputs, ...decoder.flush()];
}

/** Returns the pieces between places of a stream. */
function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % bytes.length))].sort((a, b) => a - b);
  return [...at, bytes.length].map((end, index) => bytes.subarray(at[index - 1] ?? 0, end));
}

/** Returns the inputs of pieces that come in time, and of a `q` long after them. */
function read(pieces: readonly Uint8Array[], pausesMs: readonly number[]): TerminalInput[] {
  const clock = new ManualClock();
  const inputs: TerminalInput[] = [];
  using reader = new KeyReader(clock, (some) => inputs.push(...some));
  for (const [index, piece] of pieces.entries()) {
    reader.feed(piece);
    clock.advance(pausesMs[index % pausesMs.length] ?? 0);
  }
  while (clock.step());
  reader.feed(encoder.encode("q"));
  return inputs;
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
  ["\x1b[1;2Z", key("shift-tab")],
  ["\x1b[1;5Z", key("ctrl-shift-tab")],
  ["\x1b[1;6Z", key("ctrl-shift-tab")],
  ["\x1bOP", key("f1")],
  ["\x1b[11~", key("f1")],
  ["\x1bOR", key("f3")],
  ["\x1b[15~", key("f5")],
  ["\x1b[24~", key("f12")],
  ["\x1b[5~", key("page-up")],
  ["\x1b[3;5~", key("ctrl-delete")],
  ["\x1b[7~", key("home")],
  ["\x1bO5A", key("ctrl-up")],
  ["\x1bO1;2P", key("shift-f1")],
  ["\x8fP", key("f1")],
  ["\x9b1;5C", key("ctrl-right")],
  ["\x1b[[A", key("f1")],
  ["\x1b[[E", key("f5")],
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
  assert.equal(decoder.silenceMs, 50);
  assert.deepEqual(decoder.flush(), [key("esc")]);
  assert.equal(decoder.silenceMs, 1000, "the rest of a sequence may still come");
  assert.deepEqual(decoder.flush(), []);
  assert.equal(decoder.silenceMs, undefined);
  assert.deepEqual(decoded("\x1b\x1b"), [key("esc"), key("esc")]);
  assert.deepEqual(decoded("\x1b", "[A"), [key("up")]);
});

Deno.test("property: where a stream is cut makes no difference", () => {
  fc.assert(fc.property(
    fc.array(fc.constantFrom(...forms.map(([bytes]) => bytes)), { minLength: 1, maxLength: 6 }),
    fc.array(fc.nat(200), { maxLength: 8 }),
    (parts, places) => {
      const bytes = encoder.encode(parts.join(""));
      const chunks = cutAt(bytes, places);
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
    // An Esc, the late input after it, and the result.
    for (let silences = 0; silences < 4; silences++) decoder.flush();
    assert.equal(decoder.silenceMs, undefined);
    assert.deepEqual(decoder.feed(Uint8Array.of(3)).at(-1), key("ctrl-c"));
  }));
});

Deno.test("a paste beyond the limit is dropped as a whole, and the next key is read", () => {
  const decoder = new KeyDecoder();
  const block = encoder.encode("x\r".repeat(256 * 1024));
  const inputs: TerminalInput[] = decoder.feed(encoder.encode("\x1b[200~"));
  let sent = 0;
  for (; sent <= maxPaste; sent += block.length) inputs.push(...decoder.feed(block));
  assert.equal(inputs.length, 0);
  inputs.push(...decoder.feed(encoder.encode("\x1b[201~q")));
  assert.deepEqual(inputs, [
    { kind: "droppedPaste", characters: sent },
    text("q"),
  ]);
});

const noise = [
  "\x1bP>|xterm(390)\x1b\\",
  "\x1b]11;rgb:0000/0000/0000\x1b\\",
  "\x1b]0;a title\x07",
  "\x1b_Gi=31;OK\x1b\\",
  "\x90>|y\x9c",
  "\x9d4;1;rgb:y/D/x\x07",
  "\x1bP1$r0;1m\x18",
  "\x1b[?1;2c",
  "\x1b[?2026;2$y",
  "\x9b?1;2c",
  "\x1b[=1;2D",
  `\x1b[${"1;".repeat(200)}D`,
  "\x1b[99~",
  "\x1b[1;9u",
];

/** Sequences that no terminal sends: after a pause within its introducer, such a sequence is taken for typed text. */
const unsent = ["\x1b^private\x9c", "\x1bXstart\x1b\\", `\x1b[${" ".repeat(200)}D`];

Deno.test("property: no key and no text comes out of what a terminal sends, wherever it is cut", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...noise, ...unsent),
      fc.array(fc.nat(500), { maxLength: 5 }),
      (sequence, places) => {
        const decoder = new KeyDecoder();
        const inputs = cutAt(encoder.encode(sequence), places)
          .flatMap((piece) => decoder.feed(piece));
        assert.deepEqual([...inputs, ...decoder.feed(encoder.encode("q"))], [text("q")]);
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("property: on a slow link a sequence is its key or dropped, and never typed", () => {
  const keys = forms.filter(([bytes, { kind }]) =>
    // deno-lint-ignore no-control-regex -- introducers
    kind !== "text" && /^[\x1b\x80-\x9f]./.test(bytes)
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...keys.map(([bytes]) => bytes), ...noise),
      fc.array(fc.nat(500), { maxLength: 5 }),
      fc.array(fc.nat(999), { minLength: 1, maxLength: 6 }),
      (sequence, places, pausesMs) => {
        const wholly = forms.find(([bytes]) => bytes === sequence)?.[1];
        const inputs = read(cutAt(encoder.encode(sequence), places), pausesMs);
        // The key that a pause made comes before the sequence: an Esc, or a key with Alt.
        const isEarly = (input: TerminalInput) =>
          input.kind === "key" && input.key !== "q" &&
          /^(?:esc|alt-[\]P_]|alt-\\)$/.test(input.key);
        const rest = inputs.filter((input) => !isEarly(input));
        const isAltKey = wholly?.kind === "key" && wholly.key.startsWith("alt-");
        if (wholly === undefined) assert.deepEqual(rest, [text("q")]);
        else if (!isAltKey) assert.deepEqual(rest, [wholly, text("q")]);
      },
    ),
    { numRuns: 5000 },
  );
});

Deno.test("a sequence that stays unfinished is dropped, never typed", () => {
  const decoder = new KeyDecoder();
  const feed = (bytes: string) => decoder.feed(encoder.encode(bytes));
  for (
    const begun of [
      "\x1b[",
      "\x1b[20",
      "\x1bO",
      "\x1bO5",
      "\x1b]11;rgb",
      "\x1bP>|x",
      "\x9b1",
      "\x8f",
    ]
  ) {
    assert.deepEqual(feed(begun), [], begun);
    assert.equal(decoder.silenceMs, 1000, begun);
    assert.deepEqual(decoder.flush(), [], begun);
    assert.deepEqual(feed("D"), [text("D")], begun);
  }
});

Deno.test("what a person types after an Esc is text, at the latest after a second", () => {
  const table: [typed: readonly string[], inputs: readonly TerminalInput[]][] = [
    [["j"], [text("j")]],
    [["O"], [text("O")]],
    [["O", "hello"], [text("Ohello")]],
    [["[", "[", "m"], [text("[[m")]],
    [["[0-9]"], [text("[0-9]")]],
    [["P", "j"], [text("Pj")]],
    [["["], [text("[")]],
    [["]", "l"], [text("]l")]],
    [["\x03"], [key("ctrl-c")]],
  ];
  for (const [typed, inputs] of table) {
    const pieces = ["\x1b", ...typed].map((one) => encoder.encode(one));
    assert.deepEqual(read(pieces, [100]), [key("esc"), ...inputs, text("q")], typed.join(" "));
  }
});

Deno.test("a program gets letters after an Esc at once, and a paste that a slow link has cut whole", () => {
  const clock = new ManualClock();
  const inputs: TerminalInput[] = [];
  using reader = new KeyReader(clock, (some) => inputs.push(...some), () => true);
  for (const piece of ["\x1b", "O", "A", "\x1b", "P", "\x1b", "[", "200~rm\r", "\x1b[201", "~"]) {
    reader.feed(encoder.encode(piece));
    clock.advance(60);
  }
  const esc = key("esc");
  const typed = [esc, text("O"), text("A"), esc, text("P"), esc];
  assert.deepEqual(inputs, [...typed, { kind: "paste", text: "rm\r" }]);
});

Deno.test("a key with Alt that begins a string is the key after a pause, and the next keys are read", () => {
  for (const letter of ["]", "P", "X", "^", "_"]) {
    const alt = key(`alt-${letter}`);
    const pieces = (...typed: string[]) => typed.map((one) => encoder.encode(one));
    assert.deepEqual(read(pieces(`\x1b${letter}`, "j"), [60]), [alt, text("j"), text("q")]);
    assert.deepEqual(decoded(`\x1b${letter}\r`), [alt, key("enter")]);
  }
});

Deno.test("Ctrl-C comes out of every state, and ends it", () => {
  for (
    const begun of [
      ...[
        "\x1b",
        "\x1b[",
        "\x1b[1;",
        "\x1bO",
        "\x1bO5",
        "\x1bP",
        "\x1bP>|x",
        "\x1b]11;rgb",
        "\x9b",
      ],
      ...["\x9d4;", `\x1b[${"1;".repeat(200)}`, "\x1b]1;\x1b", "\x1b[["],
    ]
  ) {
    const inputs = decoded(begun, "\x03", "D").filter((one) =>
      one.kind !== "key" || one.key !== "esc"
    );
    assert.deepEqual(inputs.slice(-2), [key("ctrl-c"), text("D")], begun);
  }
  const decoder = new KeyDecoder();
  const feed = (bytes: string) => decoder.feed(encoder.encode(bytes));
  assert.deepEqual([...feed("\x1b[200~lost"), ...feed("\x03")], [], "it is pasted with the rest");
  assert.equal(decoder.silenceMs, 2000);
  assert.deepEqual(decoder.flush(), []);
  assert.deepEqual(feed("\x03"), [key("ctrl-c")], "the end of the paste is missing");
  assert.deepEqual(feed("y\x1b[201~"), [{ kind: "paste", text: "lost\x03y" }]);
});

Deno.test("a paste ends in the form in which it began", () => {
  const paste = (pasted: string) => [{ kind: "paste", text: pasted }];
  assert.deepEqual(decoded("\x9b200~a\x9b201~"), paste("a"));
  assert.deepEqual(decoded("\x9b200~a\x1b[201~"), paste("a"));
  assert.deepEqual(decoded("\x1b[200~a\x9b201~y\x1b[201~"), paste("a\x9b201~y"));
});

Deno.test("an unknown sequence is ignored, and the next key is read", () => {
  assert.deepEqual(decoded("\x1b[?1;2c", "\x1b[99~", "\x1bOx", "\x1b[0-9;1m", "a"), [text("a")]);
});
