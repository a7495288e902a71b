/** States of the picker and the keys that lead there: each has a picture in `tests/screens/pick/`. */
import { span } from "../src/terminal/grid.ts";
import { row } from "../src/pick/row.ts";
import { initialState, type PickState } from "../src/pick/state.ts";
import { type PickEvent, step } from "../src/pick/step.ts";
import { key, picker, podRow, sampleSettings, typed } from "../src/pick/testing/sample_picker.ts";
import { view } from "../src/pick/view.ts";
import type { Screens } from "./screens.ts";

const names = ["api-0", "web-0", "web-1", "web-2", "web-10", "db-0", "cache-0", "cache-1"];

const after = (state: PickState, ...events: PickEvent[]) => events.reduce(step, state);
const type = (text: string) => [...text].map(typed);

const preview: readonly PickEvent[] = [
  { kind: "previewing", id: "uid-api-0" },
  {
    kind: "previewed",
    id: "uid-api-0",
    lines: Array.from({ length: 14 }, (_, index) => [span(`line ${index + 1}`)]),
  },
];

const changed = (upserts: string[], removed: string[]): PickEvent => ({
  kind: "changed",
  level: "pods",
  turn: 0,
  changes: { upserts: upserts.map((one) => podRow(one)), removed },
});

const notice = (text: string): PickEvent => ({ kind: "notice", text });

/** The first page is there, and more are on their way. */
const loading = (names: readonly string[], size = { columns: 60, rows: 10 }): PickState =>
  after(
    initialState(sampleSettings, { ...size, query: "", nowMs: 0, preview: false }),
    changed([...names], []),
  );

/** Namespaces or contexts, as they come. */
const places = (level: "namespaces" | "contexts"): readonly PickEvent[] => {
  const cell = { kind: "text", text: "current", tone: "dim" } as const;
  const rows = ["default", "storage"].map((name, index) =>
    row({ id: name, text: name, order: name, cells: index === 0 ? [cell] : [] })
  );
  return [
    { kind: "changed", level, turn: 0, changes: { upserts: rows, removed: [] } },
    { kind: "loaded", level, turn: 0 },
  ];
};

/** More than are searched for one key. */
const many = Array.from({ length: 2500 }, (_, index) => `web-${index}`);

const small = { columns: 20, rows: 8 };
const wide = { columns: 100, rows: 10 };

const states: Readonly<Record<string, () => PickState>> = {
  "empty": () => picker([]),
  "loading": () => loading([]),
  "loading-more": () => loading(names.slice(0, 3)),
  "list": () => picker(names),
  "hints": () => picker(names, {}, wide),
  "one-of-them": () => picker(names, { multi: false, switches: false }, wide),
  "purpose": () => picker(names, { purpose: "rm -rf /data/old in prod/shop" }, wide),
  "purpose-clipped": () => picker(names, { purpose: "rm -rf /data/old in prod/shop" }),
  "search": () => after(picker(names), ...type("web !10")),
  "nothing": () => after(picker(names), ...type("xyz")),
  "chosen": () => after(picker(names), key("tab"), key("up"), key("up"), key("tab")),
  "scrolled": () => after(picker(names, {}, { columns: 60, rows: 6 }), ...Array(5).fill(key("up"))),
  "reverse": () => after(picker(names, { layout: "reverse" }), key("down")),
  "containers": () => after(picker(names), key("right"), key("up")),
  "containers-chosen": () =>
    after(picker(names), key("right"), key("tab"), key("left"), key("up"), key("tab")),
  "namespaces": () => after(picker(names), key("ctrl-s")),
  "namespaces-loaded": () => after(picker(names), key("ctrl-s"), ...places("namespaces")),
  "contexts-loaded": () => after(picker(names), key("ctrl-x"), ...places("contexts")),
  "another-namespace": () =>
    after(picker(names), key("tab"), key("ctrl-s"), ...places("namespaces"), key("enter")),
  "searching": () => after(picker(many), ...type("web")),
  "containers-gone": () => after(picker(names), key("right"), changed([], ["uid-api-0"])),
  "containers-asked": () => after(picker(names, { asksContainer: true }), key("enter")),
  "contexts": () => after(picker(names), key("ctrl-x")),
  "error": () => after(picker(names), notice("context dead: cannot reach https://10.0.0.1:6443")),
  "error-narrow": () => after(picker(names, {}, small), notice("context dead: cannot reach it")),
  "error-empty": () => after(picker([]), notice("context dead: connection refused")),
  "vanished": () => after(picker(names), key("tab"), changed(["api-9"], ["uid-api-0"])),
  "trouble": () =>
    after(picker(names), {
      ...changed([], []),
      changes: {
        upserts: [podRow("web-0", { status: "CrashLoopBackOff", tone: "bad" })],
        removed: [],
      },
    } as PickEvent),
  "narrow": () => picker(["weka-drive-with-a-long-name-0", "web-0"], {}, small),
  "two-rows": () => picker(names, {}, { columns: 30, rows: 2 }),
  "wide-characters": () => after(picker(["木霊-0", "web-0"], {}, small), ...type("木")),
  "preview-loading": () => after(picker(names, {}, wide), key("ctrl-/")),
  "preview": () => after(picker(names, {}, wide), key("ctrl-/"), ...preview),
  "preview-scrolled": () =>
    after(picker(names, {}, wide), key("ctrl-/"), ...preview, key("alt-down")),
  "preview-narrow": () =>
    after(picker(names, {}, { columns: 20, rows: 16 }), key("ctrl-/"), ...preview),
  "preview-no-room": () => after(picker(names, {}, small), key("ctrl-/"), ...preview),
  "preview-above": () =>
    after(picker(names, {}, { columns: 60, rows: 16 }), key("ctrl-/"), ...preview),
  "help": () => after(picker(names, {}, { columns: 80, rows: 24 }), typed("?")),
  "help-scrolled": () =>
    after(picker(names, {}, { columns: 80, rows: 24 }), typed("?"), key("page-down"), key("up")),
  "help-narrow": () => after(picker(names, {}, small), key("f1"), key("down")),
  "help-one-of-them": () =>
    after(picker(names, { multi: false, switches: false }, { columns: 60, rows: 20 }), typed("?")),
  "editing": () => after(picker(names), ...type("web db"), key("alt-b"), key("ctrl-b")),
};

/** By the name of the picture. */
export const pickScreens: Screens = Object.fromEntries(
  Object.entries(states).map(([name, state]) => [name, () => view(state())]),
);
