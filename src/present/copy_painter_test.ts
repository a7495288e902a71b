import assert from "node:assert/strict";
import type { CopyEvent } from "../actions/copy/events.ts";
import type { Outcome } from "../actions/exec/events.ts";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { plainStyle } from "../terminal/style.ts";
import {
  bytesText,
  CopyPainter,
  type CopyPainterOptions,
  CopyRunProgress,
  filesText,
} from "./copy_painter.ts";
import { at, runEnded, target } from "./testing/run_events.ts";

const names = ["web-0", "web-1"];
const failed: Outcome = { kind: "failed", exitCode: 1, reason: "no space" };

const ended = (index: number, outcome: Outcome): CopyEvent => ({
  kind: "targetEnded",
  target: index,
  outcome,
  at,
  durationMs: 5,
  copy: { from: "./a", to: `${names[index]}:/b` },
  totals: null,
});

const events: readonly CopyEvent[] = [
  { kind: "runStarted", targets: names.map(target), names, command: [], at },
  { kind: "targetStarted", target: 0, at },
  { kind: "note", target: 0, text: "resumed" },
  ended(0, { kind: "ok" }),
  ended(1, failed),
  { ...runEnded("1 ok, 1 failed", { kind: "ok" }, failed), files: 2, bytes: 2048 },
];

function painted(options: Partial<CopyPainterOptions> = {}) {
  const painter = new CopyPainter({
    format: "text",
    quiet: false,
    single: false,
    style: plainStyle,
    ...options,
  });
  const text = { stdout: "", stderr: "" };
  for (const { stream, data } of events.flatMap((event) => painter.paint(event))) {
    text[stream] += data.join("");
  }
  return text;
}

Deno.test("`CopyPainter` prints notes, failures and a summary; fewer of them for one pod or with quiet", () => {
  const note = "web-0: resumed\n";
  const failure = "web-1: not copied: no space\n";
  const summary = "1 ok, 1 failed: 2 files, 2.0 KiB in 1.2s\n";
  assert.deepEqual(painted(), { stdout: "", stderr: note + failure + summary });
  assert.deepEqual(painted({ single: true }), { stdout: "", stderr: note + failure });
  assert.deepEqual(painted({ quiet: true }), { stdout: "", stderr: failure });
});

Deno.test("`CopyPainter` prints an object for each target as JSON, with its notes", () => {
  const { stdout } = painted({ format: "json" });
  const reports = JSON.parse(stdout) as { pod: string; outcome: string; notes: string[] }[];
  assert.deepEqual(reports.map(({ pod, outcome, notes }) => [pod, outcome, notes]), [
    ["web-0", "ok", ["resumed"]],
    ["web-1", "failed", []],
  ]);
  const lines = painted({ format: "jsonl" }).stdout.trimEnd().split("\n");
  assert.deepEqual(lines.map((line) => JSON.parse(line)), reports);
});

Deno.test("bytes have three digits and a unit; files are counted as a person does", () => {
  const table: [number, string][] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [102_400, "100 KiB"],
    [1_048_064, "1.0 MiB"],
    [5 * 1024 ** 3, "5.0 GiB"],
  ];
  for (const [bytes, text] of table) assert.equal(bytesText(bytes), text);
  assert.deepEqual([filesText(1), filesText(10_000)], ["1 file", "10,000 files"]);
});

Deno.test("the line has part, rate and remaining time; without a total, bytes and rate", async () => {
  const clock = new ManualClock();
  const progress = new CopyRunProgress(clock);
  const mib = 1024 * 1024;
  assert.equal(progress.detail(), "");
  const take = async (movedBytes: number, doneBytes: number, totalBytes?: number) => {
    progress.follow({ kind: "progress", progress: { movedBytes, doneBytes, totalBytes } });
    await clock.runUntil(new Promise<void>((resolve) => clock.timer(1000, resolve)));
  };
  await take(0, 50 * mib, 200 * mib);
  assert.equal(progress.detail(), "[#####---------------] 25% of 200 MiB");
  await take(10 * mib, 60 * mib, 200 * mib);
  assert.equal(progress.detail(), "[######--------------] 30% of 200 MiB, 10.0 MiB/s, 14s left");
  await take(20 * mib, 70 * mib);
  assert.equal(progress.detail(), "70.0 MiB, 10.0 MiB/s");
});

Deno.test("the rate is that of the last seconds", async () => {
  const clock = new ManualClock();
  const progress = new CopyRunProgress(clock);
  for (const [afterMs, movedBytes] of [[0, 0], [1000, 100_000_000], [9000, 0], [1000, 1024]]) {
    if (afterMs !== 0) {
      await clock.runUntil(new Promise<void>((resolve) => clock.timer(afterMs ?? 0, resolve)));
    }
    progress.follow({
      kind: "progress",
      progress: { movedBytes: movedBytes ?? 0, doneBytes: 0, totalBytes: undefined },
    });
  }
  assert.match(progress.detail(), /, 1\.0 KiB\/s$/);
});
