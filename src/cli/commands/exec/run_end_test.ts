/** The text for groups that differ, and for the end of a run. */
import assert from "node:assert/strict";
import type { ExecEvent, FoldedGroup, GroupDiff, Outcome } from "../../../actions/exec/events.ts";
import { KodamaError } from "../../../base/errors.ts";
import { styleFor } from "../../../terminal/style.ts";
import type { RunPainterOptions } from "../../../present/run_painter.ts";
import { painted, runEnded } from "../../../present/testing/run_events.ts";

/** Returns the output for one event, whatever the stream. */
function paintedOne(event: ExecEvent, options: Partial<RunPainterOptions> = {}): string {
  const { stdout, stderr } = painted([event], options);
  return stdout + stderr;
}

function folded(diff: GroupDiff, text = "b\n"): ExecEvent {
  const group: FoldedGroup = {
    targets: [3],
    names: "web-3",
    outcome: { kind: "ok" },
    stdout: new TextEncoder().encode(text),
    stderr: new Uint8Array(),
    omittedBytes: 0,
    diff,
  };
  return { kind: "folded", groups: [group] };
}

Deno.test("a group that differs is its heading and the lines of the difference", () => {
  const stdout = "--- web-[0-2]\n+++ web-3\n@@ -1,1 +1,1 @@\n-a\n+b\n";
  assert.equal(
    paintedOne(folded({ kind: "unified", stdout, stderr: "" })),
    "---- web-3 (1)\n@@ -1,1 +1,1 @@\n-a\n+b\n",
  );
  const both = paintedOne(folded({ kind: "unified", stdout: "", stderr: stdout }));
  assert.equal(both, "---- web-3 (1)\nstandard error:\n@@ -1,1 +1,1 @@\n-a\n+b\n");
  const coloured = { stdout: styleFor(true), stderr: styleFor(true) };
  const text = paintedOne(folded({ kind: "unified", stdout, stderr: "" }), { style: coloured });
  assert.ok(text.endsWith("\x1b[31m-a\x1b[39m\n\x1b[32m+b\x1b[39m\n"), text);
});

Deno.test("a pod can't steer the terminal out of a difference", () => {
  const stdout = "--- a\n+++ b\n@@ -1,1 +1,1 @@\n-a\n+b\x1b]0;title\x07\x1b[2J\n";
  const terminal = { stdout: true, stderr: true };
  const text = paintedOne(folded({ kind: "unified", stdout, stderr: "" }), { terminal });
  assert.equal(text, "---- web-3 (1)\n@@ -1,1 +1,1 @@\n-a\n+b\n");
});

Deno.test("the same output is said, and what isn't compared is shown whole", () => {
  assert.equal(paintedOne(folded({ kind: "same" })), "---- web-3 (1): the same output\n");
  const whole = paintedOne(folded({ kind: "notCompared", reason: "too long" }));
  assert.equal(whole, "---- web-3 (1) (not compared: too long)\nb\n");
});

function end(
  outcomes: readonly Outcome[],
  record?: { id: string; rerunnable: boolean },
): ExecEvent {
  const ended = { ...runEnded("so it went", ...outcomes), durationMs: 20 };
  return record === undefined ? ended : { ...ended, record };
}

Deno.test("the end says why pods were skipped, each reason once, and how to run the failed again", () => {
  const skipped: Outcome = { kind: "skipped", reason: "2 of 9 targets failed (--max-fail)" };
  const failed: Outcome = { kind: "failed", exitCode: 1 };
  const kept = { id: "r1", rerunnable: true };
  assert.equal(
    paintedOne(end([failed, skipped, skipped], kept)),
    "so it went in 20ms\nskipped because 2 of 9 targets failed (--max-fail)\n" +
      "Rerun the failed pods: kodama runs rerun r1 --failed\n",
  );
  assert.equal(paintedOne(end([{ kind: "ok" }], kept)), "so it went in 20ms\n");
  for (const record of [undefined, { id: "r1", rerunnable: false }]) {
    assert.equal(paintedOne(end([failed], record)), "so it went in 20ms\n");
  }
  assert.equal(paintedOne(end([failed], kept), { quiet: true }), "");
});

Deno.test("a run that isn't kept is said, unless nothing is to be said", () => {
  const error = new KodamaError("config", "cannot write /r: No space left on device");
  const event: ExecEvent = { kind: "notRecorded", error };
  assert.equal(
    paintedOne(event),
    "this run is not kept: cannot write /r: No space left on device\n",
  );
  assert.equal(paintedOne(event, { quiet: true }), "");
});

Deno.test("one pod whose command could not begin says why, with its exit code", () => {
  const failed: Outcome = { kind: "failed", exitCode: 127, reason: "the image has no sh" };
  assert.equal(
    paintedOne(end([failed]), { single: true }),
    "command not started: the image has no sh (exit code 127)\n",
  );
});
