// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:copy [--mib N] [--files N] [--rounds N] [--minutes N] [--embedded] [--out FILE]`: one large file
 * and many small ones, into a pod and out of it, by `kodama cp` and by `kubectl cp` in turn. The page that it writes,
 * `docs/benchmarks-copy.md` where `--out` names no other, says what is measured.
 *
 * On the cluster that `KODAMA_TEST_KUBECONFIG` names, or the rig of the tests; `--embedded`: on an embedded one, with
 * nothing written but to standard output. No round begins after so many minutes, but for the first.
 */
import { BenchStage } from "./bench_stage.ts";
import { copyPage, copyProgress, type CopyResult } from "./copy_report.ts";
import {
  type CopyProgram,
  type CopyRun,
  type CopyTask,
  makeCopy,
  makeSources,
  startPod,
} from "./copy_tasks.ts";
import { machineFacts } from "./machine.ts";
import { hasMeter } from "./measure.ts";
import { allKept, pageText, writePage } from "./page.ts";
import { openRealCluster } from "./real_cluster.ts";
import { numberAfter } from "./words.ts";

/** Where checksums cost next to nothing, and where each costs a second for every 256 MiB. */
const images = [
  { pod: "debian", image: "debian:12", rounds: Infinity },
  { pod: "busybox", image: "busybox:1.36", rounds: 2 },
] as const;

const embeddedImages = [{ pod: "busybox", image: "busybox:1.36", rounds: Infinity }] as const;

function tasksOf(pod: string, mib: number, files: number): CopyTask[] {
  return [
    { name: `${mib} MiB into ${pod}`, pod, source: "large", way: "into" },
    { name: `${mib} MiB out of ${pod}`, pod, source: "large", way: "out" },
    { name: `${files} files into ${pod}`, pod, source: "small", way: "into" },
    { name: `${files} files out of ${pod}`, pod, source: "small", way: "out" },
  ];
}

/** Who is first takes turns too: what one leaves behind is the other's beginning. So rounds are best even in number. */
function orderOf(round: number): readonly CopyProgram[] {
  return round % 2 === 0 ? ["kodama", "kubectl"] : ["kubectl", "kodama"];
}

async function main(words: readonly string[]): Promise<number> {
  const mib = numberAfter(words, "--mib", 2048);
  const files = numberAfter(words, "--files", 10_000);
  const rounds = numberAfter(words, "--rounds", 4);
  const limitMs = numberAfter(words, "--minutes", 6) * 60_000;
  const embedded = words.includes("--embedded");
  const began = performance.now();
  await using stack = new AsyncDisposableStack();
  const real = embedded ? undefined : await openRealCluster(stack);
  const stage = stack.use(await BenchStage.open(real?.kubeconfig));
  const sums = await makeSources(stage, { mib, files });
  const metered = await hasMeter();
  const results: CopyResult[] = [];
  for (const { pod, image, rounds: atMost } of embedded ? embeddedImages : images) {
    await startPod(stage, pod, image);
    const all = tasksOf(pod, mib, files).map((task) => ({
      task,
      runs: { kubectl: [] as CopyRun[], kodama: [] as CopyRun[] },
    }));
    for (let round = 1; round <= Math.min(rounds, atMost); round++) {
      if (round > 1 && performance.now() - began > limitMs) break;
      for (const { task, runs } of all) {
        for (const program of orderOf(round)) {
          const options = { program, round, wanted: sums[task.source], metered };
          runs[program].push(await makeCopy(stage, task, options));
        }
        console.error(copyProgress({ task, runs }));
      }
    }
    results.push(...all);
  }
  const facts = await machineFacts({ kubectl: "kubectl" });
  const page = copyPage(results, { facts, where: `${stage.kind} cluster on the same machine` });
  const text = pageText(page);
  console.log(text);
  if (!embedded) await writePage(text, "benchmarks-copy.md", words);
  console.error(`${Math.round((performance.now() - began) / 1000)} s`);
  return allKept(page.promises) ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
