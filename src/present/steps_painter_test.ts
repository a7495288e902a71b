import assert from "node:assert/strict";
import { plainStyle } from "../terminal/style.ts";
import type { PlannedStep, StepsEvent } from "../actions/workflow/run_steps.ts";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { planLines, StepsPainter, StepsProgress } from "./steps_painter.ts";

function painter(quiet = false): StepsPainter {
  const style = { stdout: plainStyle, stderr: plainStyle };
  return new StepsPainter({ format: "text", quiet, style, rerunLine: () => "" });
}

const skipped = (step: string, reason: string) =>
  ({
    event: "podSkipped",
    step,
    ...{ context: null, namespace: "n", pod: "web-0", reason },
  }) as const;

Deno.test("a pod that several steps skip is reported once for each reason", () => {
  const painted = painter();
  const lines = [skipped("a", "is Pending"), skipped("b", "is Pending"), skipped("c", "is Failed")]
    .flatMap((event) => painted.paint(event));
  assert.deepEqual(lines, [
    { stream: "stderr", data: ["not ready: web-0 (Pending)\n"] },
    { stream: "stderr", data: ["not ready: web-0 (Failed)\n"] },
  ]);
  assert.deepEqual(painter(true).paint(skipped("a", "is Pending")), []);
});

Deno.test("a step that is ok names the pods that were allowed to fail; of attempts the last one counts", () => {
  const painted = painter();
  const ended = (name: string, kind: "ok" | "cancelled", pod = name) => {
    const target = { context: "c", namespace: "n", pod, container: "a", node: "", ip: "" };
    const output = { stdout: "", stderr: "", truncated: false, durationMs: 1 };
    const end = { target, name, outcome: { kind }, ...output };
    return painted.paint(targetEnded("a", kind, end));
  };
  for (const name of ["p", "q"]) ended(name, "cancelled");
  ended("p", "ok");
  // All pods of an unreachable context count as no pod.
  ended("east/*", "cancelled", "*");
  const lines = painted.paint({ ...over("a"), durationMs: 5 });
  assert.deepEqual(lines.flatMap(({ data }) => data), [
    "a  ok in 1 of 2 pods (q: cancelled), 5ms\n",
  ]);
});

const at = new Date(0);

const place = { context: "", namespace: "", pod: "p", container: "", node: "", ip: "" };

const began = (step: string): StepsEvent => ({
  ...{ event: "stepStarted", step, kind: "exec", title: "", at: at.toISOString() },
  record: { definition: "d" },
});
const over = (step: string): Extract<StepsEvent, { event: "stepEnded" }> => ({
  ...{ event: "stepEnded", step, outcome: "ok", error: null, tolerated: false, output: null },
  ...{ at: at.toISOString(), durationMs: 0 },
});
const target = (step: string, kind: "ok" | "cancelled"): StepsEvent => {
  const output = { stdout: "", stderr: "", truncated: false, durationMs: 0 };
  return targetEnded(step, kind, { target: place, name: "p", outcome: { kind }, ...output });
};

type Ended = Extract<StepsEvent, { event: "targetEnded" }>;

function targetEnded(step: string, outcome: Ended["outcome"], record: Ended["record"]): Ended {
  const { name, durationMs } = record;
  const end = { outcome, exitCode: null, signal: null, error: null, durationMs };
  return { event: "targetEnded", step, name, at: at.toISOString(), ...end, record };
}

Deno.test("the status line names the innermost steps, how far their pods are and how long", () => {
  const clock = new ManualClock();
  const progress = new StepsProgress(clock);
  const reports = (...events: StepsEvent[]) => {
    for (const event of events) progress.follow(event);
    return progress.statusLine();
  };
  assert.equal(progress.state(), undefined, "nothing is running yet");
  assert.equal(reports(began("each"), began("each[0]/wait-1")), "each[0]/wait-1: 1s");
  assert.equal(progress.state(), "each[0]/wait-1: 1s");
  assert.equal(reports(over("each[0]/wait-1"), over("each"), began("a")), "a: 1s");
  const pods = {
    event: "targetsAdded",
    step: "a",
    targets: ["p", "q", "r"].map((name) => ({ ...place, name, uid: null })),
    record: { scopes: [] },
  } as const;
  const ends = [target("a", "ok"), target("a", "cancelled")];
  assert.equal(reports(pods, ...ends), "a: 2 of 3 done, 1 not ok, 1s");
  assert.equal(reports(pods), "a: 1 of 3 done, 1s", "another attempt is for those that weren't ok");
  assert.equal(
    reports(...["b", "c", "d"].map(began)).replaceAll(/: [^;]*?1s/g, ""),
    "a; b; c and 1 more",
  );
});

Deno.test("`planLines()` marks what changes something, and names the pods of each step", () => {
  const step = (id: string, more: Partial<PlannedStep>) =>
    ({
      ...{ id, title: "", does: "", when: null, effect: "reads", steps: [] },
      ...{ targets: null, targetsNote: null, ...more },
    }) as PlannedStep;
  const names = Array.from({ length: 8 }, (_, index) => `web-${index}`);
  const lines = planLines({
    workflow: "restart",
    path: "/project/workflows/restart.yaml",
    params: { match: "web" },
    permissions: { cluster: [{ verbs: ["get"], namespaces: [] }] } as never,
    changes: ["stop"],
    steps: [
      step("look", { title: "a look", does: "exec uptime", targets: names }),
      step("stop", { title: "kubectl", does: "kubectl", effect: "changes", when: "params.x" }),
    ],
    finally: [step("last", { does: "print", title: "print", targets: [] })],
  });
  assert.deepEqual(lines, [
    "restart  /project/workflows/restart.yaml",
    'params       match="web"',
    "permissions  cluster get",
    "",
    "  look  a look: exec uptime",
    "    in 8 pods: web-0, web-1, web-2, web-3, web-4, web-5 and 2 more",
    "! stop  kubectl",
    "    when params.x",
    "finally",
    "    last  print",
    "      in no pod",
    "",
    "may change something: stop",
  ]);
});
