import assert from "node:assert/strict";
import fc from "fast-check";
import { KodamaError } from "../../base/errors.ts";
import { remainingTime } from "../../session/limits.ts";
import type { Host } from "../host.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { targetEnded } from "../../workflow/step_events.ts";
import { recordHeader } from "../../workflow/testing/record_header.ts";
import { lastUsed, MetricsCollector } from "./metrics.ts";

const { signal } = new AbortController();
const at = "2026-01-01T00:00:00.000Z";
/** The record of a workflow with a step; the last line is its end. */
const lines = [
  { ...recordHeader("run-1"), at, workflow: "kwekash" },
  {
    ...{ event: "runEnded", at, outcome: "failed", error: "x", counts: null },
    ...{ outputs: {}, exitCode: 5, again: null, durationMs: 4000 },
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

Deno.test("`lastUsed()` is what the pod's watcher saw, as long as the session isn't over its limit", () => {
  const nat = (max: number) => fc.integer({ min: 1, max });
  fc.assert(fc.property(nat(100_000), nat(100_000), nat(2e9), (idleSeconds, idle, now) => {
    const at = new Date(now * 1000);
    const limits = { idleSeconds };
    const state = { now, startedAt: now - 200_000, usedAt: now - idle, use: "" };
    const used = now - Math.min(idle, idleSeconds);
    assert.equal(lastUsed(at, limits, remainingTime(limits, state)), used);
    const other = { ttlSeconds: idleSeconds };
    assert.equal(lastUsed(at, other, { idleSeconds }), undefined);
    assert.equal(lastUsed(at, limits, undefined), undefined);
  }));
});

Deno.test("a run counts by its kind, its exit code and the outcomes of its pods", async () => {
  const { files, collect } = fixture();
  const none = { timeout: 0, forbidden: 0, unreachable: 0, unknown: 0, cancelled: 0, skipped: 0 };
  const record = (id: string, workflow: string | null, exitCode: number, ok: number) => {
    const lines: unknown[] = [{
      ...{ event: "record", version: 2, id, at, command: ["id"], redacted: false, shell: false },
      ...{ subst: false, workdir: null, env: [], stdin: false, tty: false, workflow },
      ...{ rerunOf: null, places: null, bounds: {} },
    }, {
      ...{ event: "runEnded", at, durationMs: 1500, exitCode, counts: { ...none, ok, failed: 1 } },
      ...{ outcome: null, error: null, outputs: {}, again: null },
    }];
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    files.set(`/config/runs/${id}.jsonl`, text);
  };
  record("a-ok", null, 0, 2);
  record("b-stopped", null, 130, 3);
  record("c-failed", null, 1, 4);
  record("c-stopped", null, 130, 0);
  record("d-short", "kwekash", 0, 5);
  const [header, end] = lines;
  const place = { context: "", namespace: "", pod: "", container: "", node: "", ip: "" };
  const output = { stdout: "", stderr: "", truncated: false, durationMs: 1 };
  const ends = (["ok", "ok", "cancelled"] as const).map((kind, index) => {
    const one = { target: place, name: `p-${index}`, outcome: { kind }, ...output };
    return `${JSON.stringify(targetEnded("s", one, new Date(at)))}\n`;
  });
  files.set("/config/runs/e-steps.jsonl", `${header}${ends.join("")}${end}`);
  const { value, failures } = await collect();
  assert.deepEqual(failures, ["sessions"]);
  const exec = { kind: "exec", workflow: "" };
  const workflow = { kind: "workflow", workflow: "kwekash" };
  for (const [result, count] of Object.entries({ ok: 1, cancelled: 2, failed: 1 })) {
    assert.equal(value("kodama_runs", { ...exec, result }), count, result);
  }
  assert.equal(value("kodama_runs", { ...workflow, result: "ok" }), 1);
  assert.equal(value("kodama_runs", { ...workflow, result: "failed" }), 1);
  assert.equal(value("kodama_run_duration_seconds", exec), 6);
  assert.equal(value("kodama_run_duration_seconds", workflow), 5.5);
  assert.equal(value("kodama_run_targets", { outcome: "ok" }), 16);
  assert.equal(value("kodama_run_targets", { outcome: "failed" }), 5);
  assert.equal(value("kodama_run_targets", { outcome: "cancelled" }), 1);
});
