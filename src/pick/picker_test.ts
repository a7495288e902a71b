import assert from "node:assert/strict";
import fc from "fast-check";
import { currentRow, emptyList, moved, searched, withChanges, withQuery } from "./list.ts";
import { rank } from "./match.ts";
import { parseQuery } from "./query.ts";
import { compareOrder, type Row, row } from "./row.ts";
import { activeLevel } from "./state.ts";
import { type PickEvent, step } from "./step.ts";
import { key, picker, podRow, typed } from "./testing/sample_picker.ts";
import { view } from "./view.ts";
import { lineWidth } from "../terminal/grid.ts";

const names = ["web-0", "web-1", "web-10", "db-0", "db-1", "cache", "api-web", "w", "b-1"];

const event: fc.Arbitrary<PickEvent> = fc.oneof(
  fc.record({
    kind: fc.constant("changed" as const),
    level: fc.constant("pods" as const),
    turn: fc.constant(0),
    changes: fc.record({
      upserts: fc.array(fc.constantFrom(...names).map((name) => podRow(name)), { maxLength: 4 }),
      removed: fc.array(fc.constantFrom(...names).map((name) => `uid-${name}`), { maxLength: 3 }),
    }),
  }),
  fc.constantFrom(..."wb01!^'$ |".split("")).map(typed),
  fc.constantFrom(
    ..."up down page-up page-down tab shift-tab backspace ctrl-u alt-a alt-t right ctrl-o ctrl-w"
      .split(" "),
  ).map(key),
  fc.constant<PickEvent>({ kind: "loaded", level: "pods", turn: 0 }),
  fc.record({
    kind: fc.constant("resize" as const),
    columns: fc.integer({ min: 1, max: 120 }),
    rows: fc.integer({ min: 1, max: 12 }),
  }),
  fc.constant<PickEvent>({ kind: "search", entries: 3 }),
);

Deno.test("property: the cursor is always on a row that fits and is shown, and the screen is as large as it is", () => {
  fc.assert(fc.property(fc.array(event, { maxLength: 40 }), (events) => {
    let state = picker([]);
    for (const one of events) {
      state = step(state, one);
      const { list, offset } = activeLevel(state);
      const { found } = list.search;
      assert.equal(list.cursor, found[list.index]);
      assert.equal(list.cursor === undefined, found.length === 0);
      if (list.cursor !== undefined) assert.ok(currentRow(list) !== undefined);
      assert.ok(offset <= list.index);
      const grid = view(state);
      assert.equal(grid.lines.length, state.rows);
      for (const line of grid.lines) assert.ok(lineWidth(line) <= state.columns);
    }
  }));
});

Deno.test("property: a chosen pod stays chosen as long as it is there, whatever comes and goes", () => {
  fc.assert(fc.property(fc.array(event, { maxLength: 40 }), (events) => {
    let state = picker(names);
    const kept = step(step(state, typed("cache")), key("tab"));
    assert.deepEqual([...kept.chosen.keys()], ["uid-cache"]);
    state = step(kept, key("ctrl-u"));
    for (const one of events) {
      // It is removed only when it is deleted, or by the person.
      if (one.kind === "input") continue;
      if (one.kind === "changed" && one.changes.removed.includes("uid-cache")) continue;
      state = step(state, one);
      assert.ok(state.chosen.has("uid-cache"));
    }
  }));
});

Deno.test("property: the cursor stays on its pod while others come and go", () => {
  fc.assert(fc.property(fc.array(event, { maxLength: 30 }), fc.nat(8), (events, index) => {
    let state = picker(names);
    for (let at = 0; at < index; at++) state = step(state, key("up"));
    const id = activeLevel(state).list.cursor?.entry.id ?? "";
    for (const one of events) {
      if (one.kind !== "changed" || one.changes.removed.includes(id)) continue;
      state = step(state, one);
      assert.equal(activeLevel(state).list.cursor?.entry.id, id);
    }
  }));
});

const line = fc.array(
  fc.constantFrom("w", "b", "1", "0", "-", " ", "!", "^", "'", "$", "|"),
  { maxLength: 8 },
);

Deno.test("property: a query typed letter by letter finds what it finds at once, in the same order", () => {
  fc.assert(
    fc.property(line, fc.uniqueArray(fc.constantFrom(...names)), (letters, some) => {
      const rows = some.map((name) => podRow(name));
      let list = withChanges(emptyList, { upserts: rows, removed: [] });
      for (let end = 1; end <= letters.length; end++) {
        list = withQuery(list, parseQuery(letters.slice(0, end).join("")));
      }
      const query = parseQuery(letters.join(""));
      const expected = rows.flatMap(({ entry }) => {
        const found = rank(query, entry);
        return found === undefined ? [] : [{ entry, rank: found }];
      }).sort((a, b) => a.rank - b.rank || compareOrder(a.entry, b.entry));
      const ids = searched(list).search.found.map(({ entry }) => entry.id);
      assert.deepEqual(ids, expected.map(({ entry }) => entry.id));
    }),
    { numRuns: 500 },
  );
});

Deno.test("property: rows that come in any order and any pieces stand in one order, each once", () => {
  fc.assert(fc.property(fc.array(fc.array(fc.constantFrom(...names))), (pages) => {
    let list = withChanges(emptyList, { upserts: [], removed: [] });
    for (const page of pages) {
      list = withChanges(list, { upserts: page.map((name) => podRow(name)), removed: [] });
    }
    const ids = list.rows.map(({ entry }: Row) => entry.id);
    assert.deepEqual(
      ids,
      [...new Set(pages.flat())].map((name) => podRow(name))
        .sort((a, b) => compareOrder(a.entry, b.entry)).map(({ entry }) => entry.id),
    );
    assert.deepEqual(searched(list).search.found.map(({ entry }) => entry.id), ids);
  }));
});

Deno.test("a search in pieces ends as one that is done at once, whatever comes meanwhile", () => {
  const many = Array.from(
    { length: 5000 },
    (_, index) =>
      row({
        id: `id-${index}`,
        text: `web-${index}`,
        order: String(index).padStart(5, "0"),
        cells: [],
      }),
  );
  const first = withQuery(
    withChanges(emptyList, { upserts: many.slice(0, 4000), removed: [] }),
    parseQuery("web 7"),
  );
  const later = withChanges(first, {
    upserts: many.slice(4000),
    removed: ["id-7", "id-3777"],
  });
  const ids = searched(later).search.found.map(({ entry }) => entry.id);
  const expected = many.filter(({ entry }) =>
    entry.text.includes("7") && !["id-7", "id-3777"].includes(entry.id)
  );
  assert.equal(ids.length, expected.length);
  assert.equal(new Set(ids).size, ids.length);
});

Deno.test("the cursor's pod vanishes: the cursor stays at its height", () => {
  const rows = names.map((name) => podRow(name));
  const list = moved(searched(withChanges(emptyList, { upserts: rows, removed: [] })), 3);
  const id = list.cursor?.entry.id ?? "";
  const next = withChanges(list, { upserts: [], removed: [id] });
  assert.equal(next.index, 3);
  assert.notEqual(next.cursor?.entry.id, id);
});

Deno.test("marking all while the search goes on marks all that it finds, or does it before the next key", () => {
  const state = picker([]);
  const many = Array.from({ length: 3000 }, (_, index) => podRow(`web-${index}`));
  const changes = { upserts: many, removed: [] };
  const filled = step(state, { kind: "changed", level: "pods", turn: 0, changes });
  const asked = step(filled, key("alt-a"));
  assert.equal(asked.chosen.size, 0);
  let done = asked;
  while (done.marking !== undefined) done = step(done, { kind: "search", entries: 1000 });
  assert.equal(done.chosen.size, 3000);
  assert.equal(step(asked, key("down")).chosen.size, 3000);
  const chosen = step(asked, key("enter")).outcome;
  assert.equal(chosen.kind === "accepted" && chosen.entries.length, 3000);
});

Deno.test("turning all around leaves what is chosen elsewhere, and the order of choosing", () => {
  const marked = [key("up"), key("tab"), typed("b"), key("alt-t")].reduce(step, picker(names));
  assert.deepEqual(
    [...marked.chosen.keys()].filter((id) => !/b/.test(id)),
    [],
  );
  const all = [key("alt-a"), key("alt-t")].reduce(step, picker(names));
  assert.equal(all.chosen.size, 0);
  const mixed = [key("tab"), typed("w"), key("alt-t")].reduce(step, picker(["a", "w-0", "w-1"]));
  assert.deepEqual([...mixed.chosen.keys()], ["uid-a", "uid-w-0", "uid-w-1"]);
});

Deno.test("a paste is a part of the query, or is refused with the reason, and never accepts", () => {
  const pasted = (text: string): PickEvent => ({
    kind: "input",
    input: { kind: "paste", text },
    atMs: 0,
  });
  const inserted = step(picker(names), pasted(" web-1\r"));
  assert.equal(activeLevel(inserted).line.text, "web-1");
  const several = step(inserted, pasted("c\rc\r"));
  assert.match(several.notice ?? "", /^several lines were pasted/);
  const dropped = step(inserted, {
    kind: "input",
    input: { kind: "droppedPaste", characters: 20_000_000 },
    atMs: 0,
  });
  assert.match(dropped.notice ?? "", /^paste of 20,000,000 characters dropped/);
  const ahead = step(inserted, typed("\n"));
  for (const state of [several, dropped, ahead]) {
    assert.equal(activeLevel(state).line.text, "web-1");
    assert.equal(state.outcome.kind, "open");
  }
});
