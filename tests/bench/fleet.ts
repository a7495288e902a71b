// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:fleet [--pods N] [--runs N]`: `hostname` in every pod of a fleet, again and again.
 *
 * In each run every pod must answer, once, with its own name in its own line: no line lost, none mixed
 * with another. The largest memory of a run must stay within 150 MB, as the system counts what a process
 * holds (VmHWM).
 */
import { InstalledKodama } from "../harness/installed_kodama.ts";
import { median } from "./alternate.ts";
import { checkLines } from "./fleet_lines.ts";

const memoryBoundMb = 150;

/** What one run was. */
interface FleetRun {
  milliseconds: number;
  memoryMb: number;
  /** What is wrong with its output; empty where nothing is. */
  complaints: string[];
}

/** The peak of a process's memory in megabytes, so far; 0 once it is gone. */
async function peakMemoryMb(pid: number): Promise<number> {
  // Deno itself gives /proc only to a program that may do everything.
  const { stdout } = await new Deno.Command("cat", {
    args: [`/proc/${pid}/status`],
    stderr: "null",
  }).output();
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(new TextDecoder().decode(stdout))?.[1];
  return Number(kilobytes ?? 0) / 1024;
}

async function runOnce(kodama: InstalledKodama, pods: number): Promise<FleetRun> {
  const start = performance.now();
  const words = [
    "exec",
    "-n",
    "weka-operator-system",
    "-m",
    "weka-drive",
    "--yes",
    "--",
    "hostname",
  ];
  const child = new Deno.Command(kodama.command("kodama"), {
    args: words,
    clearEnv: true,
    env: { ...kodama.env },
    cwd: kodama.workFolder,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let ended = false;
  const output = child.output().finally(() => ended = true);
  let memoryMb = 0;
  while (!ended) memoryMb = Math.max(memoryMb, await peakMemoryMb(child.pid));
  const { code, stdout, stderr } = await output;
  const milliseconds = performance.now() - start;
  const decoder = new TextDecoder();
  const complaints = checkLines(decoder.decode(stdout), pods);
  if (code !== 0) complaints.push(`exit code ${code}: ${decoder.decode(stderr).slice(0, 500)}`);
  return { milliseconds, memoryMb, complaints };
}

function numberAfter(words: readonly string[], flag: string, otherwise: number): number {
  const at = words.indexOf(flag);
  return at < 0 ? otherwise : Number(words[at + 1]);
}

async function main(words: readonly string[]): Promise<number> {
  const pods = numberAfter(words, "--pods", 300);
  const count = numberAfter(words, "--runs", 100);
  await using kodama = await InstalledKodama.open({ fresh: true });
  await kodama.clusterUp(`fleet:drives=${pods}`);
  const runs: FleetRun[] = [];
  while (runs.length < count) runs.push(await runOnce(kodama, pods));
  const complaints = runs.flatMap((run, index) =>
    run.complaints.map((complaint) => `run ${index + 1}: ${complaint}`)
  );
  const memoryMb = Math.max(...runs.map((run) => run.memoryMb));
  console.log(`${count} runs of hostname in ${pods} pods`);
  console.log(`  median    ${(median(runs.map((run) => run.milliseconds)) / 1000).toFixed(2)} s`);
  console.log(`  memory    ${memoryMb.toFixed(0)} MB at most (bound: ${memoryBoundMb})`);
  console.log(`  wrong     ${complaints.length} lines`);
  for (const complaint of complaints.slice(0, 20)) console.log(`    ${complaint}`);
  return complaints.length === 0 && memoryMb <= memoryBoundMb ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
