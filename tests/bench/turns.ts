/** Programs that took turns, as rows of a table: each beside the first of them. */
import { median } from "./alternate.ts";
import type { Run } from "./measure.ts";

/** The report of a program's runs. */
export interface MedianRun {
  wallMs: number;
  cpuMs: number | undefined;
  memoryMb: number | undefined;
}

/** The median of each part. */
export function medianRun(runs: readonly MedianRun[]): MedianRun {
  return {
    wallMs: median(runs.map(({ wallMs }) => wallMs)),
    cpuMs: knownMedian(runs.map(({ cpuMs }) => cpuMs)),
    memoryMb: knownMedian(runs.map(({ memoryMb }) => memoryMb)),
  };
}

function knownMedian(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((one) => one !== undefined);
  return known.length === 0 ? undefined : median(known);
}

/** The head of the table. */
export function titleRow(first: string): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const cells = [first, "rounds", "wall", "÷ kubectl's", "client CPU", "÷ kubectl's", "memory"];
  return `${line(cells)}\n${line(cells.map(() => "---"))}`;
}

/** A row: medians, and the median of the ratios to kubectl's run of the same round. */
export function ratioRow(
  name: string,
  runs: readonly Run[] | readonly MedianRun[],
  kubectl: readonly MedianRun[],
): string {
  const { wallMs, cpuMs, memoryMb } = medianRun(runs);
  const cells = [
    name,
    String(runs.length),
    seconds(wallMs),
    runs === kubectl ? "" : ratioOf(runs, kubectl, (one) => one.wallMs),
    seconds(cpuMs),
    runs === kubectl ? "" : ratioOf(runs, kubectl, (one) => one.cpuMs),
    memoryMb === undefined ? "–" : `${memoryMb.toFixed(0)} MB`,
  ];
  return `| ${cells.join(" | ")} |`;
}

/** The median of the rounds' ratios. */
export function medianRatio(
  runs: readonly MedianRun[],
  others: readonly MedianRun[],
  of: (run: MedianRun) => number | undefined = (run) => run.wallMs,
): number | undefined {
  const ratios = runs.flatMap((run, round) => {
    const other = others[round];
    const [own, its] = [of(run), other && of(other)];
    return own === undefined || its === undefined ? [] : [own / its];
  });
  return ratios.length === 0 ? undefined : median(ratios);
}

function ratioOf(...args: Parameters<typeof medianRatio>): string {
  return medianRatio(...args)?.toFixed(2) ?? "–";
}

function seconds(milliseconds: number | undefined): string {
  return milliseconds === undefined ? "–" : `${(milliseconds / 1000).toFixed(2)} s`;
}
