import assert from "node:assert/strict";
import type { ApiResource, WatchedObject } from "../actions/watch/watch.ts";
import { WatchRows } from "./watch_rows.ts";

const pods: ApiResource = {
  group: "",
  version: "v1",
  plural: "pods",
  kind: "Pod",
  namespaced: true,
};
const events = { ...pods, plural: "events", kind: "Event" };
const widgets = { ...pods, group: "example.com", plural: "widgets", kind: "Widget" };

/** Returns the titles and cells of an object with columns of texts. */
function rowOf(
  resource: ApiResource,
  cells: readonly (readonly [title: string, cell: string])[],
  ages?: NonNullable<WatchedObject["printed"]>["ages"],
) {
  const rows = new WatchRows({
    resources: [resource],
    showContext: false,
    showNamespace: false,
    showKind: true,
    isWide: false,
  });
  const row = rows.rowOf({
    key: "1",
    object: {
      context: "lab",
      resource,
      isRelated: false,
      fields: { metadata: { name: "a", creationTimestamp: "2026-01-01T00:00:00Z" } },
      printed: {
        columns: cells.map(([name], index) => ({
          name,
          type: "string",
          isName: index === 0,
          isWide: false,
        })),
        cells: cells.map(([, cell]) => cell),
        ...(ages === undefined ? {} : { ages }),
      },
    },
  });
  return row.cells;
}

Deno.test("a custom kind's columns show what the server prints, whatever their titles", () => {
  const cells = [
    ["Name", "a"],
    ["Name", "some value"],
    ["Age", "not an age"],
    ["Status", "Failed"],
    ["Ready", "1/3"],
    ["Restarts", "7"],
    ["Type", "Warning"],
  ] as const;
  assert.deepEqual(rowOf(widgets, cells), [
    { kind: "text", text: "widget/a", tone: "plain" },
    ...cells.slice(1).map(([, text]) => ({ kind: "text", text, tone: "plain" })),
  ]);
});

Deno.test("columns of Kubernetes' own kinds have tones, and restarts are sorted by their number", () => {
  const age = { sinceMs: 0, precisionMs: 0, before: "7 (", after: " ago)" };
  const cells = rowOf(pods, [
    ["Name", "a"],
    ["Status", "CrashLoopBackOff"],
    ["Ready", "1/3"],
    ["Restarts", "7 (5m ago)"],
    ["Type", "Warning"],
  ], [undefined, undefined, undefined, age]);
  assert.deepEqual(cells.slice(1), [
    { kind: "text", text: "CrashLoopBackOff", tone: "bad" },
    { kind: "text", text: "1/3", tone: "warn" },
    { kind: "age", ...age, tone: "warn", sortBy: 7 },
    { kind: "text", text: "Warning", tone: "plain" },
  ]);
  const [, type] = rowOf(events, [["Name", "a"], ["Type", "Warning"]]);
  assert.deepEqual(type, { kind: "text", text: "Warning", tone: "warn" });
});
