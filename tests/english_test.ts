/** The language of the sources and of the documentation: words that may only become fewer. */
import assert from "node:assert/strict";
import { deniedCounts, everything, limitsFile, readTree } from "../tools/english.ts";
import { CommentCounts, deniedIn, rates } from "../tools/english/language.ts";
import { identifierWords, readSource } from "../tools/english/source_text.ts";

Deno.test("denied expressions are used at most as often as tests/english.json allows", async () => {
  const limits = JSON.parse(await Deno.readTextFile(limitsFile)) as Record<string, number>;
  const counts = deniedCounts(await readTree(everything));
  const exceeded = [...counts].filter(([name, count]) => count > (limits[name] ?? 0))
    .map(([name, count]) => `${name}: ${count}, allowed ${limits[name] ?? 0}`);
  assert.deepEqual(exceeded, [], "deno task english --list prints the lines; reword them");
});

Deno.test("readSource() tells comments, texts and identifiers apart", () => {
  const source = [
    "/** Reads it.\n * Then stops. */",
    'const aB = "x // no comment"; // why',
    "const t = `a ${f({ b: `c` })} d` + /['\"]/.source;",
    "const half = (1 / 2) / 3; // rest",
  ].join("\n");
  const texts = (kind: string) =>
    readSource(source).filter((one) => one.kind === kind).map(({ text }) => text);
  assert.deepEqual(texts("comment"), ["Reads it. Then stops.", "why", "rest"]);
  assert.deepEqual(texts("text"), ['"x // no comment"', "a ", "c", " d"]);
  assert.deepEqual(
    texts("identifier"),
    ["const", "aB", "const", "t", "f", "b", "source", "const", "half"],
  );
  assert.deepEqual(readSource(source).map(({ line }) => line).at(-1), 5);
});

Deno.test("identifierWords() splits camelCase, snake_case and constants", () => {
  assert.deepEqual(identifierWords("farEnd"), ["far", "end"]);
  assert.deepEqual(identifierWords("#far_END2"), ["far", "end"]);
});

Deno.test("deniedIn() finds denied expressions outside code in backquotes", () => {
  const count = (kind: "comment" | "identifier" | "text", text: string) =>
    deniedIn({ kind, text, line: 1 }).length;
  assert.equal(count("comment", "Nobody is told so."), 2);
  assert.equal(count("comment", "`told` is a field"), 0);
  assert.equal(count("text", "a is no folder"), 1);
  assert.equal(count("text", "there is no folder, which is no longer used"), 0);
  assert.equal(count("identifier", "onTold"), 1);
  assert.equal(count("identifier", "farther"), 0);
  assert.equal(count("comment", "far away"), 0);
  assert.equal(count("comment", "Of a cell."), 1);
  assert.equal(count("comment", "By default it is empty."), 0);
});

Deno.test("CommentCounts.per10k() is relative to the words of all comments", () => {
  const counts = new CommentCounts();
  assert.equal(counts.per10k(rates[0]!), 0);
  counts.add("Returns it if there");
  const rate = rates.find(({ name }) => name === "if")!;
  assert.equal(counts.per10k(rate), 2500);
});
