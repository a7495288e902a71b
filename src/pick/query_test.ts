import assert from "node:assert/strict";
import fc from "fast-check";
import { matchedPlaces, rank, searchText } from "./match.ts";
import { narrows, parseQuery, ranks } from "./query.ts";

/** Queries, their matches and the excluded texts: https://github.com/junegunn/fzf#search-syntax */
const table: readonly (readonly [query: string, fits: string[], others: string[]])[] = [
  ["", ["web-0", ""], []],
  ["wb0", ["web-0", "my-web-10"], ["0-bew", "web-1"]],
  ["WEB", ["WEB-0"], ["web-0"]],
  ["'web", ["web-0", "my-web"], ["wxeb"]],
  ["^web", ["web-0"], ["my-web"]],
  ["web$", ["my-web"], ["web-0"]],
  ["^web$", ["web"], ["web-0", "my-web"]],
  ["!web", ["db-0", "wxeb"], ["web-0"]],
  ["!^web", ["my-web"], ["web-0"]],
  ["!web$", ["web-0"], ["my-web"]],
  ["!'wb", ["bw"], ["web-0"]],
  ["web 0", ["web-0"], ["web-1"]],
  ["web | db", ["web-0", "db-0"], ["api-0"]],
  ["^web 0$ | 1$", ["web-0", "web-1"], ["web-2", "db-0"]],
  ["web | !0", ["web-0", "db-1"], ["db-0"]],
  ["| web", ["a|web"], ["web"]],
  ["web |", ["web-0"], ["db"]],
  ["!", ["anything"], []],
  ["^", ["anything"], []],
  ["$", ["a$b"], ["ab"]],
  ["a\\ b", ["a b", "xa  by"], ["ab"]],
  ["  web  ", ["web-0"], ["db"]],
];

for (const [query, fits, others] of table) {
  Deno.test(`query ${JSON.stringify(query)}`, () => {
    const parsed = parseQuery(query);
    for (const text of fits) assert.notEqual(rank(parsed, searchText(text)), undefined, text);
    for (const text of others) assert.equal(rank(parsed, searchText(text)), undefined, text);
  });
}

Deno.test("a query that only rules out leaves the order as it is", () => {
  assert.equal(ranks(parseQuery("!a !b$")), false);
  assert.equal(ranks(parseQuery("!a b")), true);
  assert.equal(rank(parseQuery("!a"), searchText("web")), 0);
});

Deno.test("a word's beginning is better than its middle, and a short text than a long one", () => {
  const best = (query: string, texts: string[]) =>
    texts.toSorted((a, b) =>
      (rank(parseQuery(query), searchText(a)) ?? NaN) -
      (rank(parseQuery(query), searchText(b)) ?? NaN)
    );
  assert.deepEqual(best("drive", ["overdrive-0", "weka-drive-0"]), ["weka-drive-0", "overdrive-0"]);
  assert.deepEqual(best("'api", ["rapid-0", "my-api-0", "api"]), ["api", "my-api-0", "rapid-0"]);
  assert.deepEqual(best("web", ["web-10", "web-1"]), ["web-1", "web-10"]);
});

Deno.test("what fits is known by its places", () => {
  const places = (query: string, text: string) =>
    [
      ...matchedPlaces(parseQuery(query), searchText(text)),
    ].sort((a, b) => a - b);
  assert.deepEqual(places("'web !db", "my-web-0"), [3, 4, 5]);
  assert.deepEqual(places("0$ ^my", "my-web-0"), [0, 1, 7]);
  assert.deepEqual(places("w0", "web-0"), [0, 4]);
  assert.deepEqual(places("!x", "web-0"), []);
});

/** Lines that use the language: terms of few letters with its operators, so that many match. */
const word = fc.tuple(
  fc.constantFrom("", "", "'", "^", "!", "!^", "!'"),
  fc.string({ unit: fc.constantFrom("a", "b", "A", "-", "1"), minLength: 0, maxLength: 3 }),
  fc.constantFrom("", "", "$"),
).map((parts) => parts.join(""));
const line = fc.array(fc.oneof({ weight: 4, arbitrary: word }, fc.constant("|")), { maxLength: 4 })
  .map((words) => words.join(" "));
const text = fc.string({ unit: fc.constantFrom("a", "b", "A", "B", "-", "1"), maxLength: 8 });

Deno.test("property: what fits a query that narrows another fits that one too", () => {
  fc.assert(
    fc.property(line, fc.string({ maxLength: 2 }), text, (before, typed, name) => {
      const [old, next] = [parseQuery(before), parseQuery(before + typed)];
      fc.pre(narrows(old, next));
      const subject = searchText(name);
      if (rank(next, subject) !== undefined) assert.notEqual(rank(old, subject), undefined);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("property: fuzzy fits exactly the texts that hold its letters in order", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "1"), minLength: 1, maxLength: 4 });
  fc.assert(fc.property(letters, text, (term, name) => {
    const pattern = new RegExp([...term].join(".*"), "i");
    assert.equal(rank(parseQuery(term), searchText(name)) !== undefined, pattern.test(name));
  }));
});

Deno.test("property: every place that is shown is one of the text's", () => {
  fc.assert(fc.property(line, text, (query, name) => {
    const parsed = parseQuery(query);
    const subject = searchText(name);
    fc.pre(rank(parsed, subject) !== undefined);
    for (const place of matchedPlaces(parsed, subject)) {
      assert.ok(place >= 0 && place < name.length);
    }
  }));
});
