/** Measuring programs side by side. */

/** A program with its words, and what stands for it in a table. */
export interface Contender {
  name: string;
  program: string;
  words: readonly string[];
}

/**
 * Runs the contenders in turn, `rounds` times, so that whatever else the machine does falls on all of them.
 * Returns each one's wall times in milliseconds, in order of the contenders. Throws where one fails: the
 * time of a failure says nothing.
 */
export async function alternate(
  contenders: readonly Contender[],
  options: { rounds: number; env: Readonly<Record<string, string>>; cwd: string },
): Promise<number[][]> {
  const times: number[][] = contenders.map(() => []);
  // The first round fills caches; it doesn't count.
  for (let round = 0; round <= options.rounds; round++) {
    for (const [index, { name, program, words }] of contenders.entries()) {
      const start = performance.now();
      const { code, stderr } = await new Deno.Command(program, {
        args: [...words],
        clearEnv: true,
        env: { ...options.env },
        cwd: options.cwd,
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).output();
      const elapsed = performance.now() - start;
      if (code !== 0) {
        throw new Error(`${name}: exit code ${code}: ${new TextDecoder().decode(stderr)}`);
      }
      if (round > 0) times[index]?.push(elapsed);
    }
  }
  return times;
}

/** The value in the middle; of an even count, the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[middle - (sorted.length % 2 === 0 ? 1 : 0)], sorted[middle]];
  if (low === undefined || high === undefined) throw new Error("no values, no median");
  return (low + high) / 2;
}

/** How much slower one contender was than another, by three measures. */
export interface Ratios {
  medians: number;
  /** The median of the ratios of runs that followed each other. */
  paired: number;
  fastest: number;
}

/**
 * Returns the ratios of the times of two contenders that ran in turn. Other work on the machine hits runs at random: it
 * seldom raises all three of them.
 */
export function ratios(ours: readonly number[], theirs: readonly number[]): Ratios {
  return {
    medians: median(ours) / median(theirs),
    paired: median(ours.map((ms, round) => ms / (theirs[round] ?? NaN))),
    fastest: Math.min(...ours) / Math.min(...theirs),
  };
}
