import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import type { Host } from "../host.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { MetricsCollector } from "./metrics.ts";

const { signal } = new AbortController();
const at = "2026-01-01T00:00:00.000Z";
/** The record of a workflow with a step; the last line is its end. */
const lines = [
  {
    ...{ event: "workflow", version: 1, id: "run-1", at, workflow: "kwekash", path: "/w.yaml" },
    ...{ files: {}, params: {}, secrets: [], rerunOf: null, overrides: {} },
  },
  {
    ...{ kind: "workflowEnded", outcome: { kind: "failed", reason: "x" } },
    ...{ outputs: null, exitCode: 5, again: null, durationMs: 4000 },
  },
].map((line) => `${JSON.stringify(line)}\n`);

const forward = { toPod: 5, fromPod: 7, opened: 2, local: "127.0.0.1:1", target: "svc/web" };
const reports: Readonly<Record<string, unknown>> = {
  web: { phase: "running", state: { forwards: [{ ...forward, remote: "80" }] } },
  old: { phase: "stopped", state: { forwards: [{ ...forward, remote: "81" }] } },
};

function fixture(changes: Partial<Host> = {}) {
  const { host, files } = simulatedHost({});
  const control = {
    names: () => Promise.resolve(Object.keys(reports)),
    read: (name: string) => Promise.resolve(reports[name]),
  };
  const changed = {
    ...host,
    kube: () => Promise.reject(new KodamaError("unreachable", "no answer")),
    forwards: () => Promise.resolve(control),
    ...changes,
  } as unknown as Host;
  const collector = new MetricsCollector(changed, { allNamespaces: true });
  const collect = async () => {
    const { families, failures } = await collector.collect(signal);
    const value = (name: string, labels: Readonly<Record<string, string>> = {}) => {
      const family = families.find((one) => one.name === name);
      const sample = family?.samples.find((one) =>
        Object.entries(labels).every(([label, text]) => one.labels[label] === text)
      );
      return sample === undefined ? undefined : "sum" in sample ? sample.sum : sample.value;
    };
    return { value, failures: [...failures.keys()] };
  };
  return { files, collect };
}

Deno.test("a part that can't be read is reported, and the others are complete", async () => {
  const { collect } = fixture();
  const { value, failures } = await collect();
  assert.deepEqual(failures, ["sessions"]);
  assert.equal(value("kodama_collector_up", { collector: "sessions" }), 0);
  assert.equal(value("kodama_collector_up", { collector: "forwards" }), 1);
  assert.equal(value("kodama_sessions"), undefined);
  assert.equal(value("kodama_forwards", { phase: "stopped" }), 1);
  const labels = { name: "web", target: "svc/web:80" };
  assert.equal(value("kodama_forward_bytes", { ...labels, direction: "from_pod" }), 7);
  assert.equal(value("kodama_forward_connections", labels), 2);
  assert.equal(value("kodama_forward_connections", { name: "old" }), undefined);
});

Deno.test("`collect()` throws a defect, which is not a part that can't be read", async () => {
  const { collect } = fixture({ forwards: () => Promise.reject(new TypeError("a defect")) });
  await assert.rejects(collect(), new TypeError("a defect"));
});

Deno.test("a run counts once it has ended, and still when its record is removed", async () => {
  const { files, collect } = fixture();
  const path = "/config/runs/run-1.jsonl";
  files.set(path, lines.slice(0, -1).join(""));
  const active = await collect();
  assert.deepEqual([active.value("kodama_runs_unfinished"), active.value("kodama_runs")], [
    1,
    undefined,
  ]);
  files.set(path, lines.join(""));
  const labels = { kind: "workflow", workflow: "kwekash" };
  for (const isRemoved of [false, true]) {
    if (isRemoved) files.delete(path);
    const { value } = await collect();
    assert.equal(value("kodama_runs", { ...labels, result: "failed" }), 1);
    assert.equal(value("kodama_run_duration_seconds", labels), 4);
    assert.equal(value("kodama_runs_unfinished"), 0);
  }
});
