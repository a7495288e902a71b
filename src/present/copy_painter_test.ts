import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { bytesText, CopyRunProgress, filesText } from "./copy_painter.ts";

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

Deno.test("the line tells part, rate and time left; without a total, bytes and rate", async () => {
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
