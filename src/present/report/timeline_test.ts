import assert from "node:assert/strict";
import type { ReportedTarget, RunReport } from "../../actions/runs/report.ts";
import { timeline, timelineDocument } from "./timeline.ts";

function target(name: string, startMs: number | undefined, more: Partial<ReportedTarget> = {}) {
  return {
    ...{ name, context: "c", namespace: "n", container: "m", node: "", error: null },
    ...{ outcome: "ok" as const, exitCode: 0 },
    ...(startMs === undefined ? {} : { span: { startMs, endMs: startMs + 100 } }),
    ...more,
  };
}

function report(targets: ReportedTarget[], durationMs: number | null = 1000): RunReport {
  return {
    ...{ id: "r", at: new Date(0), command: ["id"], shell: false, workflow: null, params: {} },
    ...{ rerunOf: null, outcome: "ok", reason: null, exitCode: 0, durationMs, outputs: {} },
    sections: [{
      step: "",
      title: "",
      outcome: "ok",
      reason: null,
      targets,
      folded: { sentence: "", differing: 0, groups: [] },
    }],
  };
}

const count = (source: string, part: string) => source.split(part).length - 1;

Deno.test("`timeline()` has a bar for each pod that started, within the chart", () => {
  const source = timeline(report([target("a", 0), target("b", 900), target("c", undefined)]))
    ?.source ?? "";
  assert.equal(count(source, 'class="bar'), 2);
  assert.match(source, /<rect class="bar ok" x="190" [^>]*width="75"/);
  assert.match(source, /<rect class="bar ok" x="865" [^>]*width="75"/);
  assert.match(source, /1 pods that took less time, or didn't start, aren't drawn/);
});

Deno.test("`timeline()` ends a bar without an end at the last known time", () => {
  const open = target("a", 500, { span: { startMs: 500 }, outcome: null });
  const source = timeline(report([open, target("b", 900)], null))?.source ?? "";
  assert.match(source, /<rect class="bar none open" x="565" [^>]*width="375"/);
  assert.match(source, /its end isn&#39;t recorded/);
});

Deno.test("`timeline()` draws the pods that took longest, if there are thousands", () => {
  const many = Array.from({ length: 5000 }, (_, at) => target(`p-${at}`, at % 900));
  const slow = target("slow", 0, { span: { startMs: 0, endMs: 1000 } });
  const source = timelineDocument(report([...many, slow]));
  assert.equal(count(source, 'class="bar'), 1500);
  assert.match(source, /<title>slow: ok, 1s<\/title>/);
  assert.match(source, /3501 pods/);
});

Deno.test("`timeline()` needs a recorded time", () => {
  assert.equal(timeline(report([target("a", undefined)])), undefined);
});
