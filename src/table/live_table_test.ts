import assert from "node:assert/strict";
import fc from "fast-check";
import { lineText, lineWidth } from "../terminal/grid.ts";
import {
  bodyRows,
  BufferedTable,
  type LiveTable,
  liveTable,
  markMs,
  parseFilter,
  press,
  type TableEvent,
  type TableRow,
  update,
} from "./live_table.ts";
import { tableView } from "./view.ts";

const groups = [
  { id: "a", columns: [{ title: "NAME" }, { title: "COUNT" }] },
  { id: "b", columns: [{ title: "NAME" }] },
];

const row = (name: string, count: number, group = "a"): TableRow => ({
  id: name,
  group,
  order: name,
  cells: [{ kind: "text", text: name }, { kind: "text", text: `${count}` }].slice(
    0,
    group === "a" ? 2 : 1,
  ) as TableRow["cells"],
});

const start = liveTable({ size: { columns: 20, rows: 6 }, nowMs: 0, caption: [], groups });

const changed = (upserts: TableRow[], removed: string[] = []): TableEvent => ({
  kind: "changed",
  upserts,
  removed,
  changes: upserts.length + removed.length,
});

const key = (table: LiveTable, name: string) =>
  press(
    table,
    name.length === 1 ? { kind: "text", text: name } : { kind: "key", key: name },
  ).table;

const names = (table: LiveTable) =>
  table.body.flatMap((line) => line.kind === "row" ? [line.entry.row.id] : []);

type Action = { kind: "key"; key: string } | { kind: "event"; event: TableEvent };

const name = fc.constantFrom("n1", "n2", "n3", "n10", "x");
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(name, fc.nat(20)).map(([id, count]): Action => ({
      kind: "event",
      event: changed([row(id, count, id === "x" ? "b" : "a")]),
    })),
  },
  name.map((id): Action => ({ kind: "event", event: changed([], [id]) })),
  fc.nat(10_000).map((nowMs): Action => ({ kind: "event", event: { kind: "clock", nowMs } })),
  fc.record({ columns: fc.integer({ min: 1, max: 40 }), rows: fc.integer({ min: 1, max: 12 }) })
    .map((size): Action => ({ kind: "event", event: { kind: "resize", size } })),
  fc.constantFrom("/", "1", "enter", "esc", " ", "<", ">", "r", "j", "G", "g", "page-down", "?")
    .map((one): Action => ({ kind: "key", key: one })),
);

const apply = (table: LiveTable, one: Action) =>
  one.kind === "key" ? key(table, one.key) : update(table, one.event);

Deno.test("after any events and keys, a frame fits the screen and shows matching rows alone", () => {
  fc.assert(fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
    const table = actions.reduce(apply, start);
    const { lines } = tableView(table);
    assert.equal(lines.length, table.size.rows);
    for (const line of lines) {
      assert.ok(lineWidth(line) <= table.size.columns, lineText(line));
    }
    assert.ok(table.offset >= 0 && table.offset <= table.body.length);
    const { filter } = table;
    for (const id of names(table)) {
      assert.ok(filter === undefined || !filter.text.includes("1") || /1/.test(rowText(table, id)));
    }
  }));
});

function rowText(table: LiveTable, id: string): string {
  const entry = (table.paused?.entries ?? table.entries).get(id);
  return entry?.row.cells.map((cell) => cell.kind === "text" ? cell.text : "").join(" ") ?? "";
}

Deno.test("a display that was paused shows what one without a pause shows", () => {
  const events = fc.array(action.filter(({ kind }) => kind === "event"), { maxLength: 20 });
  fc.assert(fc.property(events, events, (before, during) => {
    const started = before.reduce(apply, start);
    const paused = during.reduce(apply, key(started, " "));
    assert.deepEqual(names(paused).toSorted(), names(started).toSorted());
    const resumed = key(paused, " ");
    const straight = during.reduce(apply, started);
    assert.deepEqual(names(resumed), names(straight));
    assert.deepEqual(tableView(resumed), tableView({ ...straight, offset: resumed.offset }));
  }));
});

Deno.test("a pause counts the changes that wait", () => {
  const paused = key(update(start, changed([row("n1", 1)])), " ");
  const later = update(paused, changed([row("n1", 2), row("n2", 1)], ["n3"]));
  assert.equal(later.paused?.changes, 3);
  assert.deepEqual(names(later), ["n1"]);
});

Deno.test("a deleted row stays for a while, and isn't counted", () => {
  const both = update(start, changed([row("n1", 1), row("n2", 1)]));
  const deleted = update(both, changed([], ["n1"]));
  assert.deepEqual([names(deleted), deleted.total], [["n1", "n2"], 1]);
  const over = update(deleted, { kind: "clock", nowMs: markMs });
  assert.deepEqual(names(over), ["n2"]);
});

Deno.test("a row that comes again after its deletion is marked as new", () => {
  const deleted = update(update(start, changed([row("n1", 1)])), changed([], ["n1"]));
  const again = update(update(deleted, { kind: "clock", nowMs: 100 }), changed([row("n1", 1)]));
  assert.deepEqual(again.entries.get("n1"), { row: row("n1", 1), addedAtMs: 100 });
});

Deno.test("a row that comes again after its deletion is marked as new, even within a frame", () => {
  const events = [changed([], ["n1"]), changed([row("n1", 2)]), changed([row("n2", 1)])];
  const shown = update(start, changed([row("n1", 1)]));
  const buffered = new BufferedTable(shown);
  for (const event of events) buffered.update(event);
  const { entries, body } = events.reduce(update, shown);
  assert.deepEqual([buffered.current.entries, buffered.current.body], [entries, body]);
});

Deno.test("a filter doesn't search ages, which change every second", () => {
  const aged: TableRow = {
    ...row("n1", 1),
    cells: [{ kind: "text", text: "n1" }, { kind: "age", sinceMs: 777 }],
  };
  const table = liveTable({ size: start.size, nowMs: 0, caption: [], groups, filter: "777" });
  assert.deepEqual(names(update(table, changed([aged]))), []);
});

Deno.test("columns are sorted as numbers with units, texts after them, equal ones by name", () => {
  const cell = (id: string, text: string): TableRow => ({
    ...row(id, 0),
    cells: [{ kind: "text", text: id }, { kind: "text", text }],
  });
  const rows = ["10", "9", "1Gi", "512Mi", "500m", "<none>", "3 (5m ago)", "9"]
    .map((text, index) => cell(`n${index}`, text));
  const by = (descending: boolean) =>
    names(update(
      { ...start, sort: { title: "COUNT", descending } },
      changed(rows),
    )).map((id) => Number(id.slice(1)));
  assert.deepEqual(by(false), [4, 6, 1, 7, 0, 3, 2, 5]);
  assert.deepEqual(by(true), [5, 2, 3, 0, 1, 7, 6, 4]);
});

for (
  const [text, matching] of [
    ["web", "web-0"],
    ["^WEB", ""],
    ["web-[01]", "web-0"],
    ["!web", "db-0"],
    ["(", "a(b"],
    ["!(", "web-0"],
  ] as const
) {
  Deno.test(`the filter ${text} matches ${matching === "" ? "nothing" : matching}`, () => {
    const filter = parseFilter(text);
    const all = ["web-0", "db-0", "a(b"];
    assert.equal(all.find((one) => filter?.matches(one)) ?? "", matching);
  });
}

Deno.test("the end of the list can be scrolled to on any screen", () => {
  const rows = Array.from({ length: 50 }, (_, index) => row(`n${100 + index}`, index));
  for (let height = 2; height < 12; height++) {
    const sized = update(start, { kind: "resize", size: { columns: 20, rows: height } });
    const end = key(update(sized, changed(rows)), "G");
    if (bodyRows(end) < 2) continue;
    assert.ok(
      tableView(end).lines.some((line) => lineText(line).startsWith("n149")),
      `${height} rows`,
    );
  }
});

Deno.test("keys that come in one piece are taken one by one, and none after a request", () => {
  const { table, request } = press(start, { kind: "text", text: "/web" });
  assert.equal(table.typing?.edit.text, "web");
  assert.equal(request, undefined);
  assert.deepEqual(press(start, { kind: "text", text: "rq/" }).request, { kind: "quit" });
});

Deno.test("a file name is requested only from a table that can be saved", () => {
  assert.deepEqual(press(start, { kind: "text", text: "s" }).request, { kind: "key", key: "s" });
  const savable = { ...start, saveName: "f.jsonl" };
  assert.deepEqual(press(key(savable, "s"), { kind: "key", key: "enter" }).request, {
    kind: "save",
    file: "f.jsonl",
  });
  assert.deepEqual(press({ ...savable, isSaving: true }, { kind: "text", text: "s" }).request, {
    kind: "endSave",
  });
});

Deno.test("an age moves in its texts, and isn't marked as changed within its precision", () => {
  const restarts = (sinceMs: number): TableRow => ({
    ...row("n1", 0),
    cells: [
      { kind: "text", text: "n1" },
      { kind: "age", sinceMs, precisionMs: 1000, before: "3 (", after: " ago)", sortBy: 3 },
    ],
  });
  const at = (table: LiveTable, nowMs: number) => update(table, { kind: "clock", nowMs });
  const count = (table: LiveTable) => {
    const shown = tableView(table).lines.flat().find(({ text }) => text.includes("ago"));
    return `${shown?.tone} ${/3 .*/.exec(shown?.text ?? "")}`;
  };
  const wide = update(start, { kind: "resize", size: { columns: 40, rows: 6 } });
  const first = update(at(wide, 60_000), {
    kind: "changed",
    upserts: [restarts(0)],
    removed: [],
    changes: 1,
    isInitial: true,
  });
  assert.equal(count(first), "plain 3 (60s ago)");
  assert.equal(count(at(first, 300_000)), "plain 3 (5m ago)");
  const same = update(at(first, 70_000), changed([restarts(900)]));
  assert.equal(count(same), "plain 3 (69s ago)");
  const other = update(at(first, 70_000), changed([restarts(30_000)]));
  assert.equal(count(other), "changed 3 (40s ago)");
});

Deno.test("a paste is typed into a line, or is refused with the reason, and does nothing else", () => {
  const paste = { kind: "paste", text: "q\ra" } as const;
  assert.deepEqual(press(start, paste), { table: start });
  const dropped = { kind: "droppedPaste", characters: 20_000_000 } as const;
  for (const table of [start, key(start, "/")]) {
    assert.match(press(table, dropped).table.notice ?? "", /^paste of 20,000,000 characters/);
  }
  const refused = press(key(start, "/"), paste).table;
  assert.equal(refused.typing?.edit.text, "");
  assert.match(tableView(refused).lines.map(lineText).join("\n"), /several lines were p/);
  const typed = press(refused, { kind: "paste", text: "web\r" }).table;
  assert.deepEqual([typed.typing?.edit.text, typed.notice], ["web", undefined]);
});

Deno.test("a name of any length stays on a screen of any width, with the column of its status", () => {
  const columns = [
    { title: "NAMESPACE", importance: 2 },
    { title: "NAME", isName: true },
    { title: "READY", importance: 2 },
    { title: "STATUS", importance: 3 },
    { title: "AGE" },
  ];
  const shown = (length: number, width: number) => {
    const cells = ["shop", "x".repeat(length), "1/1", "Running", "3d"];
    const long: TableRow = {
      ...{ id: "long", group: "pods", order: "0" },
      cells: cells.map((text) => ({ kind: "text", text })),
    };
    const size = { columns: width, rows: 8 };
    const table = liveTable({ size, nowMs: 0, caption: [], groups: [{ id: "pods", columns }] });
    return tableView(update(table, changed([long]))).lines.map(lineText).join("\n");
  };
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 253 }),
    fc.integer({ min: 12, max: 250 }),
    (length, width) => assert.match(shown(length, width), new RegExp(`x{${Math.min(length, 11)}}`)),
  ));
  for (const width of [40, 80, 100, 120]) assert.match(shown(86, width), /x{11}.*Running/);
});
