/** One fleet, all contenders: alternating rounds, and what they come to. */
import { account } from "./account.ts";
import { median } from "./alternate.ts";
import { type ContenderName, contenderNames, fanout, type Tools, words } from "./contenders.ts";
import type { BenchCluster, Fleet } from "./fleets.ts";
import type { FloorJob } from "./floor.ts";
import { measure, type Run } from "./measure.ts";

/** How often each contender runs; none where it isn't named. Slow ones run in the first rounds only. */
export type Rounds = Partial<Record<ContenderName, number>>;

/** One contender on one fleet. */
export interface Row {
  name: ContenderName;
  rounds: number;
  /** Medians. CPU and memory are undefined if they can't be measured. */
  wallMs: number;
  cpuMs: number | undefined;
  memoryMb: number | undefined;
  /** Medians of what kodama took, divided by what this contender took in the same round. */
  wallRatio: number;
  cpuRatio: number | undefined;
  /** Of all rounds together. */
  lostBytes: number;
  /** Lines that no pod printed. */
  foreign: readonly string[];
  /** Runs that ended with an exit code, and what the last of them said. Their times don't count. */
  failures: number;
  failure: string | undefined;
}

/** All contenders on one fleet. */
export interface Comparison {
  fleet: Fleet;
  cluster: Pick<BenchCluster, "version" | "credential">;
  rows: Row[];
}

/** What a comparison needs of the machine. */
export interface Stage {
  tools: Omit<Tools, "namesFile" | "jobFile">;
  env: Readonly<Record<string, string>>;
  folder: string;
  metered: boolean;
}

type Runs = Map<ContenderName, Run[]>;

/** Runs the contenders in turn. Every second round goes backwards, so that none always follows the same one. */
export async function compare(
  { cluster, fleet, rounds }: { cluster: BenchCluster; fleet: Fleet; rounds: Rounds },
  stage: Stage,
): Promise<Comparison> {
  const tools = { ...stage.tools, ...await describeFleet(fleet, cluster, stage) };
  const env = { ...stage.env, KUBECONFIG: cluster.kubeconfig };
  const runs: Runs = new Map();
  const present = contenderNames.filter((name) => words(name, fleet, tools) !== undefined);
  for (let round = 0; round < Math.max(...Object.values(rounds)); round++) {
    const due = present.filter((name) => round < (rounds[name] ?? 0));
    for (const name of round % 2 === 0 ? due : due.toReversed()) {
      const [program = "", ...args] = words(name, fleet, tools) ?? [];
      const job = { program, words: args, env, cwd: stage.folder };
      const run = await measure(job, { metered: stage.metered });
      runs.set(name, [...runs.get(name) ?? [], run]);
    }
  }
  const rows = present.flatMap((name) => rowOf(name, runs, fleet) ?? []);
  const { version, credential } = cluster;
  return { fleet, cluster: { version, credential }, rows };
}

/** Writes the files that describe the fleet to the contenders. */
async function describeFleet(
  fleet: Fleet,
  { access }: BenchCluster,
  { folder }: Stage,
): Promise<Pick<Tools, "namesFile" | "jobFile">> {
  const { namespace, pods, command } = fleet;
  const files = { namesFile: `${folder}/names`, jobFile: `${folder}/job.json` };
  const job: FloorJob = { ...access, namespace, pods: [...pods], command: [...command], fanout };
  await Deno.writeTextFile(files.namesFile, pods.map((pod) => `${pod}\n`).join(""));
  await Deno.writeTextFile(files.jobFile, JSON.stringify(job), { mode: 0o600 });
  return files;
}

function rowOf(name: ContenderName, all: Runs, { lines }: Fleet): Row | undefined {
  const own = all.get(name) ?? [];
  const good = own.filter((run) => run.code === 0);
  const failed = own.filter((run) => run.code !== 0);
  if (own.length === 0) return undefined;
  const accounts = own.map((run) => account(run.stdout, lines));
  const of = (measure: (run: Run) => number | undefined) => medianOf(good.map(measure));
  const ratio = (measure: (run: Run) => number | undefined) =>
    medianOf(own.map((run, round) => {
      const kodama = all.get("kodama")?.[round];
      if (kodama === undefined || kodama.code !== 0 || run.code !== 0) return undefined;
      const [mine, theirs] = [measure(kodama), measure(run)];
      return mine === undefined || !theirs ? undefined : mine / theirs;
    }));
  return {
    name,
    rounds: own.length,
    wallMs: of((run) => run.wallMs) ?? NaN,
    cpuMs: of((run) => run.cpuMs),
    memoryMb: of((run) => run.memoryMb),
    wallRatio: ratio((run) => run.wallMs) ?? NaN,
    cpuRatio: ratio((run) => run.cpuMs),
    lostBytes: accounts.reduce((sum, { lostBytes }) => sum + lostBytes, 0),
    foreign: accounts.flatMap(({ foreign }) => foreign),
    failures: failed.length,
    failure: failed.at(-1)?.stderr.trim().split("\n", 1)[0],
  };
}

function medianOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : median(known);
}
