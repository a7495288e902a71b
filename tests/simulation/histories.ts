/** Runs histories by their seeds, and shrinks one that contradicts an invariant. */
import fc from "fast-check";

/** A kind of histories. */
export interface Subject {
  /** As the task names it. */
  readonly name: string;
  /** Runs the one history of a seed. Returns the shortest that contradicts an invariant; undefined if all is well. */
  find(seed: number): Promise<Finding | undefined>;
}

/** A history that contradicts an invariant, as short as it could be made. */
export interface Finding {
  seed: number;
  history: unknown;
  contradictions: readonly string[];
}

/** @param judge lets a history happen; returns what contradicts the invariants. */
export function subject<H>(
  name: string,
  histories: fc.Arbitrary<H>,
  judge: (history: H) => Promise<readonly string[]>,
): Subject {
  const property = fc.asyncProperty(histories, async (history) => {
    const found = await judge(history);
    if (found.length > 0) throw new Error(found.join("\n"));
  });
  return {
    name,
    async find(seed) {
      const { counterexample } = await fc.check(property, { seed, numRuns: 1 });
      if (counterexample === null) return undefined;
      const [history] = counterexample;
      return { seed, history, contradictions: await judge(history) };
    },
  };
}

/** Returns the text of a finding: what is contradicted, the history, and the command that repeats it. */
export function findingText({ name }: Subject, finding: Finding): string {
  return [
    ...finding.contradictions,
    Deno.inspect(finding.history, { depth: 8, compact: true, breakLength: 100 }),
    `deno task simulate ${name} --seed ${finding.seed}`,
  ].join("\n");
}

/**
 * Runs the histories of successive seeds; stops at the first finding.
 *
 * @returns it, and the number of histories.
 */
export async function search(
  subject: Subject,
  { firstSeed, count }: { firstSeed: number; count: number },
): Promise<{ finding: Finding | undefined; histories: number }> {
  for (let index = 0; index < count; index++) {
    const finding = await subject.find(firstSeed + index);
    if (finding !== undefined) return { finding, histories: index + 1 };
  }
  return { finding: undefined, histories: count };
}
