/** The results as a page of Markdown. */
import type { Comparison, Row } from "./compare.ts";
import { contenderTitles, fanout } from "./contenders.ts";
import type { Verdict } from "./promises.ts";

/** Where and with what was measured. */
export interface Machine {
  /** Name and value, in order. */
  facts: readonly (readonly [string, string])[];
  /** What could not be had, each a sentence. */
  missing: readonly string[];
}

/** The page. */
export function report(
  { comparisons, verdicts, machine }: {
    comparisons: readonly Comparison[];
    verdicts: readonly Verdict[];
    machine: Machine;
  },
): string {
  const parts = [
    "# Benchmarks",
    introduction,
    table(["on", ""], machine.facts),
    ...machine.missing,
    "## Targets",
    table(
      ["", "at most", "measured", "", "the bare protocol"],
      verdicts.map(({ text, atMost, measured, bare }) => [
        text,
        String(atMost),
        rounded(measured),
        measured <= atMost ? "met" : "**missed**",
        bare === undefined ? "" : rounded(bare),
      ]),
    ),
    ...hindrances(verdicts),
    ...comparisons.flatMap(comparisonPart),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** What stands in the way of those that were missed. */
function hindrances(verdicts: readonly Verdict[]): string[] {
  const lines = verdicts.flatMap(({ text, atMost, measured, hindrance }) =>
    measured > atMost && hindrance !== undefined ? [`- ${text}: ${hindrance}`] : []
  );
  return lines.length === 0 ? [] : ["Reasons for missed targets:", lines.join("\n")];
}

const introduction =
  `Written by \`deno task bench\`. All numbers of a table come from one run, in which the programs took
turns; where the machine has other work, all of them have it, so the ratios say more than the times.

- **wall** is the median over the rounds; **kodama ÷** is the median of kodama's time divided by this
  program's in the same round: below 1, kodama is the faster one.
- **client CPU** is user and system time of the program and all that it starts, on this machine;
  what the cluster does is not in it. **memory** is the peak of its largest process: \`xargs\` has 16
  of them at a time, \`clush\` ${fanout} and itself.
- **lost** is the number of bytes that pods printed and the program didn't, over all rounds.
- \`kodama exec\` and the bare protocol have ${fanout} pods at a time. The bare protocol is a loop of
  Deno's own WebSocket (\`tests/bench/floor.ts\`): no list of pods, no prefix, no record of who failed;
  the names are given to it, as they are to all but kodama, which selects its pods itself.
- A simulated pod answers at once, over TLS and with a token, so the rest is the client's time.`;

function comparisonPart({ fleet, cluster, rows }: Comparison): string[] {
  const count = fleet.pods.length.toLocaleString("en");
  const pods = fleet.pods.length === 1 ? "pod" : "pods";
  const kind = fleet.kind === "real"
    ? `${pods} of ${cluster.version} on the same machine, by ${cluster.credential}`
    : `simulated ${pods}`;
  const head = [
    "program",
    "rounds",
    "wall",
    "kodama ÷",
    "client CPU",
    "kodama ÷",
    "memory",
    "lost",
  ];
  return [
    `## ${count} ${kind}: \`${fleet.command.join(" ")}\``,
    table(head, rows.map(cells)),
    ...rows.flatMap(remarks),
  ];
}

function cells(row: Row): string[] {
  const own = row.name === "kodama";
  return [
    contenderTitles[row.name],
    String(row.rounds),
    duration(row.wallMs),
    own ? "" : rounded(row.wallRatio),
    row.cpuMs === undefined ? "–" : duration(row.cpuMs),
    own || row.cpuRatio === undefined ? "" : rounded(row.cpuRatio),
    row.memoryMb === undefined ? "–" : `${row.memoryMb.toFixed(0)} MB`,
    String(row.lostBytes),
  ];
}

function remarks({ name, failures, failure, foreign }: Row): string[] {
  const title = contenderTitles[name];
  return [
    ...(failures === 0 ? [] : [`${title} failed ${failures} times: \`${failure}\``]),
    ...(foreign.length === 0 ? [] : [`${title} wrote what no pod printed: \`${foreign[0]}\``]),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A dash where every run failed. */
function duration(milliseconds: number): string {
  if (Number.isNaN(milliseconds)) return "–";
  return milliseconds < 1000
    ? `${milliseconds.toFixed(0)} ms`
    : `${(milliseconds / 1000).toFixed(2)} s`;
}

/** Two digits after the point, three below a tenth. */
function rounded(value: number): string {
  if (Number.isNaN(value)) return "–";
  return value >= 10 ? value.toFixed(0) : value.toFixed(value < 0.1 ? 3 : 2);
}
