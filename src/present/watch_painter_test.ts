import assert from "node:assert/strict";
import type { ObjectChange, WatchedEvent } from "../actions/watch/watch.ts";
import { KodamaError } from "../base/errors.ts";
import { WatchPainter, type WatchPainterOptions } from "./watch_painter.ts";

const pods = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };
const claims = { ...pods, plural: "persistentvolumeclaims", kind: "PersistentVolumeClaim" };
const atMs = Date.parse("2026-01-01T01:00:00Z");

const started: WatchedEvent = {
  kind: "started",
  resources: [pods, claims],
  contexts: ["lab"],
  namespaces: ["shop"],
};

function change(
  kind: ObjectChange["kind"],
  name: string,
  status: string,
  more: Partial<ObjectChange> = {},
): ObjectChange {
  return {
    kind,
    key: name,
    object: {
      context: "lab",
      resource: pods,
      isRelated: false,
      fields: { metadata: { name, namespace: "shop", creationTimestamp: "2026-01-01T00:00:00Z" } },
      printed: {
        columns: [
          { name: "Name", type: "string", isName: true, isWide: false },
          { name: "Status", type: "string", isName: false, isWide: false },
          { name: "Node", type: "string", isName: false, isWide: true },
          { name: "Age", type: "string", isName: false, isWide: false },
        ],
        cells: [name, status, "node-1", "60m"],
        ages: [undefined, undefined, undefined, {
          sinceMs: atMs - 3_600_000,
          precisionMs: 0,
          before: "",
          after: "",
        }],
      },
    },
    isInitial: false,
    changed: [],
    atMs,
    ...more,
  };
}

const changed = (...changes: ObjectChange[]): WatchedEvent => ({ kind: "changed", changes });

function painted(events: readonly WatchedEvent[], options: Partial<WatchPainterOptions> = {}) {
  const painter = new WatchPainter({
    format: "text",
    diff: false,
    rows: ({ resources }) => ({
      resources,
      showContext: false,
      showNamespace: true,
      showKind: true,
      isWide: false,
    }),
    ...options,
  });
  return [started, ...events].flatMap((event) => painter.paint(event))
    .map(({ stream, data }) => (stream === "stderr" ? "2> " : "") + data.join("")).join("");
}

Deno.test("changes are lines below a header of their kind, in columns that only widen", () => {
  const claim = change("added", "data-0", "Bound");
  const bare = { ...claim, object: { ...claim.object, resource: claims } };
  const { printed: _, ...object } = bare.object;
  assert.equal(
    painted([
      changed(change("added", "web-0", "Pending"), { ...bare, object }),
      changed(change("modified", "web-0", "ContainerCreating")),
      changed(change("deleted", "web-0", "Running\x1b[2J")),
    ]),
    `EVENT      NAMESPACE   NAME        STATUS    AGE
ADDED      shop        pod/web-0   Pending   60m
EVENT      NAMESPACE   NAME                           AGE
ADDED      shop        persistentvolumeclaim/data-0   60m
MODIFIED   shop        pod/web-0   ContainerCreating   60m
DELETED    shop        pod/web-0   Running             60m
`,
  );
});

Deno.test("a diff follows the line of its change", () => {
  const changes = [
    { path: "status.phase", before: "Pending", after: "Running\x1b[2J" },
    { path: "status.podIP", after: "10.0.0.1" },
  ];
  const text = painted([changed(change("modified", "web-0", "Running", { changed: changes }))], {
    diff: true,
  });
  assert.deepEqual(text.split("\n").slice(2), [
    String.raw`  status.phase: "Pending" -> "Running\u001b[2J"`,
    `  status.podIP: (none) -> "10.0.0.1"`,
    "",
  ]);
});

Deno.test("an outage and a gap are messages, and lines of the data", () => {
  const events: WatchedEvent[] = [
    { kind: "outOfSync", error: new KodamaError("unreachable", "cannot reach lab") },
    { kind: "inSync" },
    { kind: "gap", resource: pods },
  ];
  assert.equal(
    painted(events),
    "2> cannot reach lab; trying again\n" +
      "2> nothing matches yet: objects are shown as they come\n" +
      "2> the server no longer has all changes of pods: the differences follow, and states " +
      "between them are unknown\n",
  );
  assert.equal(
    painted(events, { format: "jsonl" }),
    '{"type":"outOfSync","error":"cannot reach lab"}\n{"type":"inSync"}\n' +
      '{"type":"gap","resource":"pods"}\n',
  );
});

Deno.test("the data of a change has its paths, and its values only with a diff", () => {
  const one = change("modified", "web-0", "Running", {
    changed: [{ path: "status.phase", before: "Pending", after: "Running" }],
  });
  const data = (diff: boolean) => JSON.parse(painted([changed(one)], { format: "jsonl", diff }));
  const { object: fields, ...plain } = data(false);
  assert.deepEqual(fields, one.object.fields);
  assert.deepEqual(plain, {
    type: "modified",
    time: "2026-01-01T01:00:00.000Z",
    context: "lab",
    resource: "pods",
    changed: ["status.phase"],
  });
  assert.deepEqual(data(true).diff, one.changed);
});

Deno.test("a watch that has nothing to show at first says so once", () => {
  const inSync: WatchedEvent = { kind: "inSync" };
  assert.equal(
    painted([inSync, changed(change("added", "web-0", "Pending")), inSync]),
    `2> nothing matches yet: objects are shown as they come
EVENT      NAMESPACE   NAME        STATUS    AGE
ADDED      shop        pod/web-0   Pending   60m
`,
  );
  assert.doesNotMatch(
    painted([changed(change("added", "web-0", "Running"), change("deleted", "web-0", "")), inSync]),
    /nothing matches/,
  );
});
