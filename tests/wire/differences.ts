/** The differences from a real cluster that are known, each with its reason. */
import { textDiff } from "../harness/same_text.ts";

/** A command whose answer is another one here. */
export interface Difference {
  /** A file of `recorded/`. */
  file: string;
  command: string;
  /** As FIDELITY.md says it. */
  reason: string;
  /** The lines that differ: `-` a real cluster's, `+` those of the embedded one. */
  lines: string[];
}

/** The file in which they stand. */
export const differencesPath = new URL("differences.json", import.meta.url).pathname;

/** Reads the known differences. */
export async function readDifferences(): Promise<Difference[]> {
  return JSON.parse(await Deno.readTextFile(differencesPath)) as Difference[];
}

/** The changed lines of a diff, without what stands around them. */
export function changedLines(expected: string, actual: string): string[] {
  return textDiff(expected, actual).split("\n").filter((line) => /^[-+](?![-+]{2} )/.test(line));
}

/** The section of FIDELITY.md that lists them. */
export function fidelityRows(differences: readonly Difference[]): string[] {
  const byReason = Map.groupBy(differences, ({ reason }) => reason);
  return [...byReason].map(([reason, all]) => {
    const commands = all.map(({ command }) => `\`${shortened(command).replaceAll("|", "\\|")}\``);
    return `| ${[...new Set(commands)].join(", ")} | ${reason} |`;
  });
}

function shortened(command: string): string {
  const whole = command.replaceAll("`", "'");
  return whole.length <= 60 ? whole : `${whole.slice(0, 59)}…`;
}
