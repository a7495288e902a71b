/** Maps outcomes to summaries, exit codes and reports. */
import assert from "node:assert/strict";
import { Capture } from "./capture.ts";
import { exitCodeOfRun, SummaryBuilder } from "./summary.ts";
import type { Outcome } from "./outcome.ts";
import { targetReport } from "./target_report.ts";
import { nameParts, targetName } from "./target_names.ts";

const ok: Outcome = { kind: "ok" };
const failed = (exitCode: number): Outcome => ({ kind: "failed", exitCode });
const timeout: Outcome = { kind: "timeout", limit: "command", afterMs: 5000 };
const forbidden: Outcome = { kind: "forbidden", reason: "no" };
const unreachable: Outcome = { kind: "unreachable", reason: "no route" };
const unknown: Outcome = { kind: "unknown", reason: "link broke" };
const cancelled: Outcome = { kind: "cancelled" };
const skipped: Outcome = { kind: "skipped", reason: "the run was cancelled" };

Deno.test("`exitCodeOfRun()` is the gravest outcome's, or a single target's own", () => {
  const table: [Outcome[], number][] = [
    [[], 0],
    [[ok, ok], 0],
    [[ok, failed(7)], 5],
    [[failed(7)], 7],
    [[failed(7), timeout], 3],
    [[failed(7), timeout, unknown], 4],
    [[ok, unreachable], 4],
    [[forbidden], 1],
    [[forbidden, failed(7)], 1],
    [[forbidden, cancelled], 3],
    [[forbidden, unreachable], 4],
    [[ok, cancelled], 3],
    [[ok, skipped], 3],
    [[failed(1), skipped], 5],
  ];
  for (const [outcomes, code] of table) assert.equal(exitCodeOfRun(outcomes), code);
  for (const codes of [[7, 9], [9, 7]]) {
    assert.equal(exitCodeOfRun([...codes.map(failed), ok], { maxExitCode: true }), 9);
  }
  for (const code of [-1, 256, 2 ** 32, -1073741819]) {
    assert.equal(exitCodeOfRun([failed(code)]), 255, "no failure is 0 for a shell");
    assert.equal(exitCodeOfRun([failed(code), ok]), 5);
  }
  assert.equal(exitCodeOfRun([ok], { failedContexts: 1 }), 4);
  assert.equal(exitCodeOfRun([failed(7), cancelled], { failedContexts: 1, stopped: true }), 130);
});

Deno.test("`SummaryBuilder` groups failed targets by exit code, the first failure first", () => {
  const names = Array.from({ length: 10 }, (_, index) => `weka-drive-${index}`);
  const builder = new SummaryBuilder();
  // In the order in which they ended.
  builder.ended(7, failed(1));
  for (let target = 0; target < 7; target++) {
    builder.ended(target, target === 3 ? failed(1) : ok);
  }
  builder.ended(9, failed(127));
  builder.ended(8, timeout);
  const { text, counts, failures } = builder.build(names);
  assert.equal(
    text,
    "6 ok, 3 failed (exit 1: weka-drive-[3,7]; exit 127: weka-drive-9), 1 timed out",
  );
  assert.equal(counts.ok, 6);
  assert.deepEqual(failures[0]?.targets, [3, 7]);
  assert.equal(new SummaryBuilder().build([]).text, "0 ok");
});

Deno.test("`targetReport()` marks replaced and omitted output, and has null for no exit code", () => {
  const target = { context: "c", namespace: "n", pod: "p", container: "a", node: "", ip: "" };
  const report = (bytes: number[], limit: number, outcome: Outcome) => {
    const stdout = new Capture(limit);
    stdout.push(Uint8Array.from(bytes));
    const ended = { target, outcome, startedAt: undefined, durationMs: 3 };
    return targetReport({ ...ended, stdout, stderr: new Capture() });
  };
  assert.deepEqual(report([104, 105], 10, ok), {
    context: "c",
    namespace: "n",
    pod: "p",
    container: "a",
    node: "",
    outcome: "ok",
    exitCode: 0,
    signal: null,
    startedAt: null,
    durationMs: 3,
    stdout: "hi",
    stderr: "",
    truncated: false,
    replaced: false,
    error: null,
  });
  assert.equal(report([104, 255], 10, ok).stdout, "h\ufffd");
  assert.equal(report([104, 255], 10, ok).replaced, true);
  // The limit cuts é in two: the half is dropped, not replaced.
  const cut = report([104, 0xc3, 0xa9], 2, unknown);
  assert.deepEqual([cut.stdout, cut.truncated, cut.replaced], ["h", true, false]);
  assert.deepEqual([cut.exitCode, cut.error], [null, "link broke"]);
});

Deno.test("`nameParts()` are those that distinguish the targets", () => {
  const target = (context: string, namespace: string, pod: string, container: string) => ({
    context,
    namespace,
    pod,
    container,
    node: "",
    ip: "",
  });
  const table: [ReturnType<typeof target>[], string[]][] = [
    [[target("c", "n", "p", "a"), target("c", "n", "q", "a")], ["p", "q"]],
    [[target("c", "n", "p", "a"), target("c", "m", "p", "a")], ["n/p", "m/p"]],
    [[target("c", "n", "p", "a"), target("d", "n", "p", "a")], ["c/p", "d/p"]],
    [[target("c", "n", "p", "a"), target("c", "n", "p", "b")], ["p/a", "p/b"]],
  ];
  for (const [targets, names] of table) {
    assert.deepEqual(targets.map((one) => targetName(one, nameParts(targets))), names);
  }
});
