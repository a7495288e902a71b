import assert from "node:assert/strict";
import fc from "fast-check";
import type { Outcome, OutcomeKind } from "../../exec/outcome.ts";
import type { FoundRun, PastRun, RecordedTarget } from "../../runs/past_run.ts";
import { readWorkflowRecord } from "../../workflow/record.ts";
import { targetEnded } from "../../workflow/step_events.ts";
import { recordHeader } from "../../workflow/testing/record_header.ts";
import type { Pod } from "../../kube/types.ts";
import { partOf, type RunPart, successors } from "./run_pods.ts";

/** A target that answered; one of an unknown end if there is no outcome. */
function target(pod: string, outcome: OutcomeKind | undefined, stdout = ""): RecordedTarget {
  const place = { context: "c", namespace: "n", pod, container: "m", node: "", ip: "" };
  const exitCode = outcome === "ok" ? 0 : outcome === "failed" ? 1 : null;
  return {
    target: { ...place, uid: `uid-${pod}` },
    name: `n/${pod}`,
    position: { index: 0, total: 1 },
    output: { id: stdout, stdout, stderr: "", omittedBytes: 0 },
    ...outcome === undefined ? {} : {
      end: {
        event: "targetEnded",
        step: "",
        ...{ target: 0, name: pod, at: "", outcome, exitCode, signal: null },
        ...{ durationMs: 1, error: null },
      },
    },
  };
}

const run = (targets: RecordedTarget[], notRun: string[] = []): FoundRun => ({
  kind: "run",
  run: {
    header: { id: "r" } as PastRun["header"],
    targets,
    notRun: notRun.map((pod) => ({ context: "c", namespace: "n", pod, reason: "is Pending" })),
  },
});

const mixed = run([
  target("a", "ok", "1"),
  target("b", "ok", "1"),
  target("c", "ok", "2"),
  target("d", "failed", "1"),
  target("e", "skipped"),
  target("f", undefined),
  target("g", "unreachable"),
], ["h"]);

Deno.test("partOf() chooses the pods of a run by their ends and answers", () => {
  const names = (part: RunPart) => partOf(mixed, part).map(({ pod }) => pod).join("");
  const rows: [RunPart, string][] = [
    [{}, "abcdefg"],
    [{ failed: true }, "dfg"],
    [{ skipped: true }, "eh"],
    [{ failed: true, skipped: true }, "defgh"],
    [{ differing: true }, "cdg"],
    [{ sameAs: "b" }, "ab"],
    [{ sameAs: "n/c" }, "c"],
    [{ sameAs: "a", failed: true }, "abdfg"],
    [{ failed: false }, "abcdefg"],
  ];
  for (const [part, expected] of rows) assert.equal(names(part), expected, JSON.stringify(part));
  for (const sameAs of ["e", "f", "x"]) assert.throws(() => names({ sameAs }), { kind: "noMatch" });
});

Deno.test("partOf() takes the steps of a workflow together", () => {
  const step = (key: string, ...outcomes: [pod: string, outcome: OutcomeKind][]) => {
    const at = "2026-01-01T00:00:00.000Z";
    const lines = outcomes.map(([name, kind]) =>
      targetEnded(key, {
        ...{ target: { ...target(name, undefined).target, pod: name }, name, durationMs: 1 },
        outcome: (kind === "failed" ? { kind, exitCode: 1 } : { kind, reason: "r" }) as Outcome,
        ...{ stdout: "", stderr: "", truncated: false },
      }, new Date(at))
    );
    const record = { definition: "d" };
    return [{ event: "stepStarted", step: key, kind: "exec", title: "", at, record }, ...lines];
  };
  const lost = {
    ...{ event: "targetStarted", step: "two", name: "d", at: "2026-01-01T00:00:00.000Z" },
    record: { target: target("d", undefined).target },
  };
  const lines = [
    recordHeader("r"),
    ...step("one", ["a", "ok"], ["b", "failed"], ["c", "ok"], ["east/*", "unreachable"]),
    ...step("two", ["a", "ok"], ["b", "ok"], ["c", "skipped"]),
    lost,
  ].map((line) => `${JSON.stringify(line).replace('"pod":"east/*"', '"pod":"*"')}\n`);
  const found: FoundRun = { kind: "workflow", run: readWorkflowRecord("r", lines.join("")) };
  const names = (part: RunPart) => partOf(found, part).map(({ pod }) => pod).join("");
  assert.equal(names({}), "abcd");
  assert.equal(names({ failed: true }), "bd");
  assert.equal(names({ skipped: true }), "c");
  assert.equal(names({ sameAs: "a" }), "a");
});

Deno.test("partOf() splits the pods of a run completely: each is ok, failed or skipped", () => {
  const kinds = fc.constantFrom<OutcomeKind | undefined>(
    ...[
      "ok",
      "failed",
      "timeout",
      "forbidden",
      "unreachable",
      "unknown",
      "cancelled",
      "skipped",
    ] as const,
    undefined,
  );
  fc.assert(fc.property(fc.array(kinds), (outcomes) => {
    const all = run(outcomes.map((outcome, index) => target(`p${index}`, outcome)));
    const part = (part: RunPart) => partOf(all, part).length;
    const ok = outcomes.filter((one) => one === "ok").length;
    assert.equal(part({}), outcomes.length);
    assert.equal(part({ failed: true }) + part({ skipped: true }), outcomes.length - ok);
    assert.equal(part({ failed: true, skipped: true }), outcomes.length - ok);
  }));
});

Deno.test("successors() replaces a pod by those of its workload that the run didn't have", () => {
  const owned = {
    ownerReferences: [{ apiVersion: "", kind: "", name: "", uid: "", controller: true }],
  };
  const pod = (name: string, changes: Pod["metadata"] = owned): Pod => ({
    metadata: { name, uid: `uid-${name}`, ...changes },
  });
  const known = new Set([
    "uid-web-5d8f9c7b6-bcdfg",
    "uid-web-5d8f9c7b6-hjklm",
    "uid-db-0",
    "uid-lone",
  ]);
  const then = (name: string) => ({ context: "c", namespace: "n", pod: name, uid: `uid-${name}` });
  const names = (pods: string[], now: Pod[]) =>
    successors(pods.map(then), now, known).map(({ pod }) => pod);
  const next = ["web-7c9d8f6b5-npqrs", "web-7c9d8f6b5-tvwxz"];
  const others = [pod("webby-7c9d8f6b5-npqrs"), pod("web-7c9d8f6b5-bbbbb", {})];
  const leaving = pod("web-7c9d8f6b5-ccccc", { ...owned, deletionTimestamp: "now" });
  assert.deepEqual(
    names(["web-5d8f9c7b6-bcdfg"], [...next.map((name) => pod(name)), ...others, leaving]),
    next,
  );
  // The other pods of the run aren't successors.
  assert.deepEqual(names(["web-5d8f9c7b6-bcdfg"], [pod("web-5d8f9c7b6-hjklm")]), [
    "web-5d8f9c7b6-bcdfg",
  ]);
  // A pod that still exists, or was made again under its name, stays.
  assert.deepEqual(
    names(["web-5d8f9c7b6-bcdfg"], ["web-5d8f9c7b6-bcdfg", ...next].map((name) => pod(name))),
    [
      "web-5d8f9c7b6-bcdfg",
    ],
  );
  assert.deepEqual(names(["db-0", "lone"], [pod("db-1")]), ["db-0", "lone"]);
});
