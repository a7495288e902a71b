/** States of a live table and the keys that lead there: each has a picture in `tests/screens/table/`. */
import { span } from "../src/terminal/grid.ts";
import {
  type LiveTable,
  liveTable,
  press,
  type TableEvent,
  type TableGroup,
  type TableRow,
  update,
} from "../src/table/live_table.ts";
import { tableView } from "../src/table/view.ts";
import type { Screens } from "./screens.ts";

const pods: TableGroup = {
  id: "pods",
  columns: [
    { title: "NAME" },
    { title: "READY", importance: 2 },
    { title: "STATUS", importance: 3 },
    { title: "RESTARTS", align: "right" },
    { title: "AGE" },
  ],
};

const claims: TableGroup = {
  id: "claims",
  columns: [{ title: "NAME" }, { title: "STATUS" }, { title: "CAPACITY" }],
};

const startMs = Date.UTC(2026, 0, 1);

const pod = (name: string, status = "Running", restarts = 0, ageMs = 3_600_000): TableRow => ({
  id: name,
  group: "pods",
  order: name,
  cells: [
    { kind: "text", text: name },
    { kind: "text", text: status === "Running" ? "1/1" : "0/1" },
    { kind: "text", text: status, tone: status === "Running" ? "good" : "bad" },
    { kind: "text", text: String(restarts) },
    { kind: "age", sinceMs: startMs - ageMs },
  ],
});

const claim = (name: string, status: string): TableRow => ({
  id: name,
  group: "claims",
  order: name,
  cells: [name, status, "1Gi"].map((text) => ({ kind: "text", text })),
});

const changed = (upserts: TableRow[], removed: string[] = [], changes = 1): TableEvent => ({
  kind: "changed",
  upserts,
  removed,
  changes,
});

const several = [
  pod("api-0", "Running", 0, 90_000),
  pod("db-0", "CrashLoopBackOff", 12),
  pod("web-0"),
  pod("web-1", "Running", 3),
  pod("web-10", "Pending"),
];

const table = (
  rows: TableRow[] = several,
  { size = { columns: 64, rows: 10 }, groups = [pods], saveName }: {
    size?: LiveTable["size"];
    groups?: TableGroup[];
    saveName?: string;
  } = {},
): LiveTable =>
  update(
    liveTable({
      size,
      nowMs: startMs,
      caption: [span("pods in shop")],
      groups,
      ...(saveName === undefined ? {} : { saveName }),
    }),
    { kind: "changed", upserts: rows, removed: [], changes: 0, isInitial: true },
  );

/** Keys by name, or texts that are typed. */
const keys = (state: LiveTable, ...names: string[]): LiveTable =>
  names.reduce((one, name) =>
    press(
      one,
      /^.$|^text:/.test(name)
        ? { kind: "text", text: name.replace(/^text:/, "") }
        : { kind: "key", key: name },
    ).table, state);

const after = (state: LiveTable, ...events: TableEvent[]) => events.reduce(update, state);

const later = (ms: number): TableEvent => ({ kind: "clock", nowMs: startMs + ms });

const fleet = Array.from(
  { length: 30 },
  (_, index) => pod(`web-${String(index).padStart(2, "0")}`),
);

const changes = [
  changed([pod("db-0", "Running", 13), pod("web-2", "Pending")], ["web-0"], 3),
];

const states: Readonly<Record<string, () => LiveTable>> = {
  "rows": () => table(),
  "none": () => table([]),
  "none-before-columns": () => table([], { groups: [] }),
  "changes": () => after(table(), ...changes, later(1000)),
  "changes-over": () => after(table(), ...changes, later(3000)),
  "filter-typed": () => keys(table(), "/", "text:^web-1"),
  "filter": () => keys(table(), "/", "text:!running", "enter"),
  "filter-cleared": () => keys(table(), "/", "text:web", "enter", "esc"),
  "filter-as-text": () => keys(table(), "/", "text:web(", "enter"),
  "filter-without-match": () => keys(table(), "/", "text:xyz", "enter"),
  "sorted": () => keys(table(), ">", ">", ">", ">", "r"),
  "sorted-by-age": () => keys(table(), "<"),
  "paused": () => after(keys(table(), " "), ...changes, later(1000)),
  "paused-filter": () => keys(after(keys(table(), " "), ...changes, later(1000)), "/", "text:web"),
  "resumed": () => keys(after(keys(table(), " "), ...changes, later(1000)), " "),
  "scrolled": () => keys(table(fleet), "page-down", "down"),
  "scrolled-to-end": () => keys(table(fleet), "G"),
  "groups": () =>
    table([...several, claim("data-0", "Bound"), claim("data-1", "Pending")], {
      groups: [pods, claims],
      size: { columns: 64, rows: 14 },
    }),
  "groups-scrolled": () =>
    keys(
      table([...several, claim("data-0", "Bound"), claim("data-1", "Pending")], {
        groups: [pods, claims],
        size: { columns: 64, rows: 6 },
      }),
      "G",
    ),
  "saving-asked": () => keys(table(several, { saveName: "watch.jsonl" }), "s"),
  "status": () => after(table(), { kind: "status", line: [span("out of sync", "warn")] }),
  "notice": () => after(table(), { kind: "notice", text: "saved 12 events to watch.jsonl" }),
  "narrow": () => table(several, { size: { columns: 30, rows: 8 } }),
  "very-narrow": () => table(several, { size: { columns: 20, rows: 3 } }),
  "help": () => keys(table(several, { size: { columns: 80, rows: 16 } }), "?"),
};

/** By the name of the picture. */
export const tableScreens: Screens = Object.fromEntries(
  Object.entries(states).map(([name, state]) => [name, () => tableView(state())]),
);
