/** The copies' own judgement: what is slower or larger than promised is said, and what was lost is an error before. */
import assert from "node:assert/strict";
import { copyPage, copyPromises, type CopyResult } from "./copy_report.ts";
import type { CopyRun } from "./copy_tasks.ts";
import { pageText } from "./page.ts";

const run = (wallMs: number, memoryMb = 50, whole = true): CopyRun => ({
  ...{ code: 0, wallMs, cpuMs: 100, memoryMb },
  ...{ stdout: "", stderr: "", whole },
});

const result = (kubectl: CopyRun[], kodama: CopyRun[]): CopyResult => ({
  task: { name: "64 MiB into debian", pod: "debian", source: "large", way: "into" },
  runs: { kubectl, kodama },
});

Deno.test("the ratio is the median of the rounds' own, and the memory is the worst of them", () => {
  const kubectl = [run(1000), run(4000), run(1000)];
  const kodama = [run(900), run(3000, 151), run(5000)];
  const [wall, memory] = copyPromises([result(kubectl, kodama)]);
  assert.deepEqual([wall?.measured, memory?.measured], [0.9, 151]);
});

Deno.test("the page marks each target as met or missed", () => {
  const machine = { facts: [["machine", "one"]] as const, where: "a real cluster" };
  const page = pageText(copyPage([result([run(1000)], [run(1100, 151)])], machine));
  assert.match(page, /wall time ÷ kubectl's \| 1 \| 1\.10 \| \*\*missed\*\*/);
  assert.match(page, /memory in MB \| 150 \| 151 \| \*\*missed\*\*/);
  const good = pageText(copyPage([result([run(1000)], [run(1000, 150)])], machine));
  assert.equal(good.match(/\| met \|/g)?.length, 2);
  assert.match(good, /`kodama cp` \| 1 \| 1\.00 s \| 1\.00 \|/);
});

Deno.test("a silent omission is reported", () => {
  const kubectl = [run(1000), run(900, 50, false)];
  const { rows } = copyPage([result(kubectl, [run(1000), run(1000)])], { facts: [], where: "x" });
  assert.match(rows.join("\n"), /`kubectl cp`, \*\*not whole\*\* in 1 of 2 \|/);
  assert.match(rows.join("\n"), /`kodama cp` \|/);
});
