import assert from "node:assert/strict";
import type { PickPod } from "../actions/pick/pods.ts";
import { KodamaError } from "../base/errors.ts";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { type PodChangesOptions, PodChangesPainter } from "./pods_table.ts";
import { target } from "./testing/run_events.ts";

const pod = (name: string, status = "Running"): PickPod => ({
  id: name,
  target: target(name),
  status,
  readyContainers: 1,
  totalContainers: 1,
  restarts: 0,
  createdMs: new ManualClock().now().getTime() - 60_000,
  containers: [],
});

function changes(format: PodChangesOptions["format"]) {
  const columns = { context: false, namespace: false, name: false };
  const painter = new PodChangesPainter({ format, columns, clock: new ManualClock() });
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

Deno.test("`PodChangesPainter` reports a context that fails", () => {
  const error = new KodamaError("unreachable", "no route");
  assert.equal(
    changes("status")({ kind: "contextFailed", context: "east", error }, { kind: "loaded" }),
    "context east: no route\nPOD   READY   STATUS   RESTARTS   AGE\n",
  );
});
