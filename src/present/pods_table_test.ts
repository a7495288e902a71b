import assert from "node:assert/strict";
import type { PickPod } from "../actions/pick/pods.ts";
import { KodamaError } from "../base/errors.ts";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { type Selection, wholeSelection } from "../actions/exec/events.ts";
import { type PodChangesOptions, PodChangesPainter, scopeColumns } from "./pods_table.ts";
import { target } from "./testing/run_events.ts";

const pod = (name: string, status = "Running"): PickPod => ({
  id: name,
  target: target(name),
  status,
  readyContainers: 1,
  totalContainers: 1,
  restarts: 0,
  restartedMs: NaN,
  createdMs: new ManualClock().now().getTime() - 60_000,
  containers: [],
});

function changes(format: PodChangesOptions["format"], hasHeader = true) {
  const columns = { context: false, namespace: false, name: false };
  const painter = new PodChangesPainter({ format, columns, hasHeader, clock: new ManualClock() });
  return (...events: Parameters<typeof painter.paint>[0][]) =>
    events.flatMap((event) => painter.paint(event)).flatMap(({ data }) => data).join("");
}

const changed = (upserts: PickPod[], removed: string[] = []) =>
  ({ kind: "changed", upserts, removed }) as const;

Deno.test("`PodChangesPainter` prints all pods once they are known, then each that changes", () => {
  const shown = changes("status");
  assert.equal(shown(changed([pod("web-0")]), changed([pod("web-1", "Pending")])), "");
  assert.equal(
    shown({ kind: "loaded" }),
    "POD     READY   STATUS    RESTARTS   AGE\n" +
      "web-0   1/1     Running   0          60s\n" +
      "web-1   1/1     Pending   0          60s\n",
  );
  assert.equal(shown(changed([pod("web-0")])), "", "its row is the same");
  assert.equal(
    shown(changed([pod("web-1")], ["web-0"])),
    "web-1   1/1     Running   0          60s\n" +
      "web-0   1/1     Deleted   0          60s\n",
  );
});

Deno.test("`PodChangesPainter` prints names and objects without a header", () => {
  const [names, objects] = [changes("name"), changes("jsonl")];
  const events = [changed([pod("web-0")]), { kind: "loaded" }, changed([], ["web-0"])] as const;
  assert.equal(names(...events), "pod/web-0\npod/web-0\n");
  const lines = objects(...events).trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ pod, status }) => [pod, status]), [
    ["web-0", "Running"],
    ["web-0", "Deleted"],
  ]);
});

Deno.test("`PodChangesPainter` prints restarts with the time of the last, and no header if that isn't wanted", () => {
  const restarted = { restarts: 2, restartedMs: new ManualClock().now().getTime() - 30_000 };
  const events = [changed([{ ...pod("web-0"), ...restarted }]), { kind: "loaded" }] as const;
  assert.equal(
    changes("status", false)(...events),
    "web-0   1/1     Running   2 (30s ago)   60s\n",
  );
});

Deno.test("scopeColumns() names namespaces if there may be several, as kubectl does", () => {
  const columns = (changes: Partial<Selection>) =>
    scopeColumns({ contexts: [], selection: { ...wholeSelection, ...changes } }).namespace;
  const named = (...names: string[]) => ({ namespaces: { kind: "named" as const, names } });
  const operands = (...namespaces: string[]) => ({
    operands: namespaces.map((namespace) => ({ kind: "pod" as const, name: "p", namespace })),
  });
  assert.deepEqual(
    [{}, named("a"), named("a", "b"), operands("a"), operands("a", "b")].map(columns),
    [false, false, true, false, true],
  );
  assert.equal(columns({ namespaces: { kind: "all" } }), true);
});

Deno.test("`PodChangesPainter` reports a context that fails", () => {
  const error = new KodamaError("unreachable", "no route");
  assert.equal(
    changes("status")({ kind: "contextFailed", context: "east", error }, { kind: "loaded" }),
    "context east: no route\nPOD   READY   STATUS   RESTARTS   AGE\n",
  );
});
