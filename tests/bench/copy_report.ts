/** The results of the copies as a page of Markdown. */
import type { CopyProgram, CopyRun, CopyTask } from "./copy_tasks.ts";
import type { Page, Promised } from "./page.ts";
import { medianRatio, medianRun, ratioRow, titleRow } from "./turns.ts";

/** A copy, and what each program took for it, round by round. */
export interface CopyResult {
  task: CopyTask;
  runs: Record<CopyProgram, readonly CopyRun[]>;
}

const mostMemoryMb = 150;

/** kodama is never the slower one, and its memory has a bound. */
export function copyPromises(results: readonly CopyResult[]): Promised[] {
  return results.flatMap(({ task, runs }) => {
    const ratio = medianRatio(runs.kodama, runs.kubectl);
    const memory = Math.max(...runs.kodama.map(({ memoryMb }) => memoryMb ?? 0));
    return [
      { text: `${task.name}: wall time ÷ kubectl's`, atMost: 1, measured: ratio ?? NaN },
      { text: `${task.name}: memory in MB`, atMost: mostMemoryMb, measured: memory },
    ];
  });
}

/** The page. */
export function copyPage(
  results: readonly CopyResult[],
  { facts, where }: { facts: Page["facts"]; where: string },
): Page {
  const rows = results.flatMap(({ task, runs }) =>
    (["kubectl", "kodama"] as const).map((program) =>
      ratioRow(
        `${task.name}: \`${program} cp\`${lossText(runs[program])}`,
        runs[program],
        runs.kubectl,
      )
    )
  );
  return {
    title: "Benchmarks of copying",
    introduction: introduction(where),
    facts,
    promises: copyPromises(results),
    rows: [titleRow("copy"), ...rows],
  };
}

/** What a program lost without a word. */
function lossText(runs: readonly CopyRun[]): string {
  const lost = runs.filter(({ whole }) => !whole).length;
  return lost === 0 ? "" : `, **not whole** in ${lost} of ${runs.length}`;
}

function introduction(where: string): string {
  return `Written by \`deno task bench:copy\`, on ${where}. The programs take turns, and take turns in being
the first; where the machine has other work, both have it, so the ratios say more than the times. After each copy
all of it is compared with what was copied (files that a program omitted without an error are reported); kodama compares by itself, too, which kubectl doesn't, and that time is in
its own.

- **wall** and **client CPU** (user and system, of the program and all that it starts) are medians over the rounds;
  the ratios are medians of the ratios within a round. What the cluster and the pod take is in the wall time alone.
- **memory** is the peak of the program's largest process.
- The large file has random bytes; the small ones have a line each, in a hundred folders.
- Copies of the small ones stay until all is measured: some file systems (ext4 without a journal) make every new file
  wait for those that were deleted in the last minutes, which would only slow down the second program.`;
}

/** A line of progress. */
export function copyProgress({ task, runs }: CopyResult): string {
  const of = (program: CopyProgram) => (medianRun(runs[program]).wallMs / 1000).toFixed(1);
  return `${task.name}: kubectl ${of("kubectl")} s, kodama ${of("kodama")} s`;
}
