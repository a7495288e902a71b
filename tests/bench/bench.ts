// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench [--quick] [--simulated] [--out FILE]`: kodama beside other ways to run one command in many
 * pods. The page that it writes, `docs/benchmarks.md` where `--out` names no other, says what is measured.
 *
 * `--quick`: few simulated pods, one round, nothing written but to standard output: whether all of it works.
 * `--simulated`: leaves the real cluster out. `KODAMA_TEST_KUBECONFIG` names a cluster to use.
 */
import { InstalledKodama } from "../harness/installed_kodama.ts";
import { kubectlMissing } from "../harness/kubectl.ts";
import { findClush } from "./clustershell.ts";
import { compare, type Comparison, type Rounds, type Stage } from "./compare.ts";
import { contenderTitles } from "./contenders.ts";
import type { BenchCluster } from "./fleets.ts";
import { machineFacts } from "./machine.ts";
import { hasMeter } from "./measure.ts";
import { writePage } from "./page.ts";
import { verdicts } from "./promises.ts";
import { realClusterMissing } from "./real_cluster.ts";
import { startRealFleet } from "./real_fleet.ts";
import { report } from "./report.ts";
import { startSimulatedCluster } from "./simulated_fleet.ts";

/** A fleet's size with the rounds on it, and what each pod prints where that isn't its name. */
interface Plan {
  pods: number;
  rounds: Rounds;
  bytes?: number;
}

const realPlans: readonly Plan[] = [
  { pods: 1, rounds: { kodama: 15, floor: 15, kubectl: 15, xargs: 3, clush: 3 } },
  { pods: 10, rounds: { kodama: 7, floor: 7, kubectl: 3, xargs: 5, clush: 3 } },
  { pods: 50, rounds: { kodama: 7, floor: 7, kubectl: 1, xargs: 5, clush: 3 } },
  { pods: 200, rounds: { kodama: 3, floor: 3, kubectl: 1, xargs: 1, clush: 1 } },
];

/** Above 300, programs that start a process for each pod take minutes, and show nothing new. */
const simulatedPlans: readonly Plan[] = [
  { pods: 300, rounds: { kodama: 7, floor: 7, kubectl: 1, xargs: 1, clush: 1 } },
  { pods: 1000, rounds: { kodama: 5, floor: 5 } },
  { pods: 5000, bytes: 1024, rounds: { kodama: 3, floor: 3 } },
];

const quickPlans: readonly Plan[] = [
  { pods: 3, rounds: { kodama: 1, floor: 1, kubectl: 1, xargs: 1 } },
  { pods: 3, bytes: 1024, rounds: { kodama: 1, floor: 1 } },
];

async function runPlans(
  cluster: BenchCluster,
  plans: readonly Plan[],
  stage: Stage,
): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const { pods, bytes, rounds } of plans) {
    const fleet = cluster.fleet(pods, bytes === undefined ? {} : { bytes });
    console.error(`${pods} ${fleet.kind} pods`);
    // Caches of kubectl and Deno fill in a round that doesn't count; the first fleet's serves all of them.
    if (comparisons.length === 0) {
      const once = Object.fromEntries(Object.keys(rounds).map((name) => [name, 1]));
      const first = cluster.fleet(1);
      await compare({ cluster, fleet: first, rounds: once }, stage);
    }
    comparisons.push(await compare({ cluster, fleet, rounds }, stage));
  }
  return comparisons;
}

/** What is there to be measured on this machine, and a sentence for each that isn't. */
async function openStage(
  kodama: InstalledKodama,
  { quick }: { quick: boolean },
): Promise<{ stage: Stage; missing: string[] }> {
  const clush = quick ? { missing: "it isn't asked for" } : await findClush();
  const kubectlReason = await kubectlMissing();
  const metered = await hasMeter();
  return {
    stage: {
      tools: {
        kodama: kodama.command("kodama"),
        ...(kubectlReason === undefined ? { kubectl: "kubectl" } : {}),
        ...("path" in clush ? { clush: clush.path } : {}),
      },
      env: kodama.env,
      folder: kodama.workFolder,
      metered,
    },
    missing: [
      ...(kubectlReason === undefined ? [] : [`kubectl is missing: ${kubectlReason}.`]),
      ...("missing" in clush ? [`${contenderTitles.clush} is missing: ${clush.missing}.`] : []),
      ...(metered ? [] : ["CPU and memory are missing: there is no GNU time at /usr/bin/time."]),
    ],
  };
}

async function onRealPods(stage: Stage): Promise<Comparison[]> {
  console.error("starting real pods");
  const sizes = realPlans.map(({ pods }) => pods);
  await using fleet = await startRealFleet(sizes, stage.folder);
  const { byToken, byCertificate } = fleet;
  const single = realPlans.filter(({ pods }) => pods === 1);
  return [
    ...await runPlans(byToken, realPlans, stage),
    ...(byCertificate === undefined ? [] : await runPlans(byCertificate, single, stage)),
  ];
}

async function onSimulatedPods(stage: Stage, plans: readonly Plan[]): Promise<Comparison[]> {
  await using cluster = await startSimulatedCluster(stage.folder);
  return await runPlans(cluster, plans, stage);
}

async function main(args: readonly string[]): Promise<number> {
  const quick = args.includes("--quick");
  await using kodama = await InstalledKodama.open({ fresh: !quick });
  const { stage, missing } = await openStage(kodama, { quick });
  const simulatedOnly = quick || args.includes("--simulated");
  const noReal = simulatedOnly ? "it isn't asked for" : realClusterMissing();
  if (noReal !== undefined) missing.push(`A real cluster is missing: ${noReal}.`);
  // Real pods come last: a cluster is busy with them long after they are gone.
  const comparisons = [
    ...await onSimulatedPods(stage, quick ? quickPlans : simulatedPlans),
    ...(noReal === undefined ? await onRealPods(stage) : []),
  ];
  const machine = { facts: await machineFacts(stage.tools), missing };
  const text = report({ comparisons, verdicts: verdicts(comparisons), machine });
  console.log(text);
  if (!quick) await writePage(text, "benchmarks.md", args);
  // What is slow is for a reader to judge; what is wrong is wrong.
  return comparisons.flatMap(({ rows }) => rows).some(isWrong) ? 1 : 0;
}

/** Of the others it is a result; of kodama and the floor it is an error. */
function isWrong({ name, failures, lostBytes, foreign }: Comparison["rows"][number]): boolean {
  const ours = name === "kodama" || name === "floor";
  return ours && (failures > 0 || lostBytes > 0 || foreign.length > 0);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
