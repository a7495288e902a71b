/** What kodama promises of its speed, as ratios and bounds of a comparison. */
import type { ContenderName } from "./contenders.ts";
import type { Comparison, Row } from "./compare.ts";
import type { BenchCluster } from "./fleets.ts";

/** A bound on one number of one comparison. */
interface Bound {
  kind: "real" | "simulated";
  /** A token, where nothing is said. */
  credential?: BenchCluster["credential"];
  pods: number;
  text: string;
  /** Undefined if this machine couldn't measure it, or the contender didn't run. */
  measured(row: RowOf): number | undefined;
  /** The same number of the bare protocol, which does nothing else. Absent where it is what is compared with. */
  bare?(row: RowOf): number | undefined;
  atMost: number;
  /** Why it is missed, where that is known and can't be helped: a sentence. */
  hindrance?: string;
}

type RowOf = (name: ContenderName) => Row | undefined;

/** A promise, and what became of it. */
export interface Verdict {
  text: string;
  atMost: number;
  measured: number;
  bare: number | undefined;
  hindrance: string | undefined;
}

/** The bare protocol's wall time ÷ another program's: both are known by kodama's ratios to them. */
function bareWall(row: RowOf, other: ContenderName): number | undefined {
  const [toOther, toBare] = [row(other)?.wallRatio, row("floor")?.wallRatio];
  return toOther === undefined || toBare === undefined ? undefined : toOther / toBare;
}

const bounds: readonly Bound[] = [
  {
    kind: "real",
    pods: 1,
    text: "1 real pod: wall time ÷ kubectl's",
    measured: (row) => row("kubectl")?.wallRatio,
    bare: (row) => bareWall(row, "kubectl"),
    atMost: 1,
  },
  {
    kind: "real",
    credential: "client certificate",
    pods: 1,
    text: "1 real pod, by client certificate: wall time ÷ kubectl's",
    measured: (row) => row("kubectl")?.wallRatio,
    bare: (row) => bareWall(row, "kubectl"),
    atMost: 1,
    hindrance:
      "Deno's own TLS can't switch off Nagle's algorithm, which costs it 45 ms with the servers of \
Go 1.24 and later; so `node:tls` is loaded, in 16 ms.",
  },
  {
    kind: "real",
    pods: 50,
    text: "50 real pods: wall time ÷ `xargs -P16 kubectl`'s",
    measured: (row) => row("xargs")?.wallRatio,
    bare: (row) => bareWall(row, "xargs"),
    atMost: 0.4,
    hindrance:
      "The bare protocol takes more, too: on two cores it is the cluster that takes the time.",
  },
  {
    kind: "real",
    pods: 50,
    text: "50 real pods: wall time ÷ the bare protocol's",
    measured: (row) => row("floor")?.wallRatio,
    atMost: 1.15,
    hindrance:
      "0.05 to 0.09 of it is what the bare protocol hasn't: a shell in each pod that ends the command of a \
kodama that is gone, and the input over which it hears of that.",
  },
  {
    kind: "real",
    pods: 50,
    text: "50 real pods: client CPU ÷ `xargs -P16 kubectl`'s",
    measured: (row) => row("xargs")?.cpuRatio,
    atMost: 0.1,
  },
  {
    kind: "simulated",
    pods: 5000,
    text: "5,000 simulated pods, 1 KiB each: memory in MB",
    measured: (row) => row("kodama")?.memoryMb,
    bare: (row) => row("floor")?.memoryMb,
    atMost: 200,
  },
  {
    kind: "simulated",
    pods: 5000,
    text: "5,000 simulated pods, 1 KiB each: wall time ÷ the bare protocol's",
    measured: (row) => row("floor")?.wallRatio,
    atMost: 1.15,
    hindrance:
      "The bare protocol buffers unread data in memory. Connections that wait for their reader cost more: \
of Deno's TLS no more than 320 can be closed in a second, and those by `node:tls` take half as much processor time again.",
  },
];

/** The promises that these comparisons check. */
export function verdicts(comparisons: readonly Comparison[]): Verdict[] {
  return bounds.flatMap(({ kind, credential = "token", pods, ...bound }) => {
    const rows = comparisons.find(({ fleet, cluster }) =>
      fleet.kind === kind && cluster.credential === credential && fleet.pods.length === pods
    )?.rows;
    const row: RowOf = (name) => rows?.find((one) => one.name === name);
    const measured = bound.measured(row);
    if (measured === undefined) return [];
    const { text, atMost, hindrance } = bound;
    return [{ text, atMost, measured, bare: bound.bare?.(row), hindrance }];
  });
}
