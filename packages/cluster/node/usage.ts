/**
 * What containers use, from the times and sizes of their processes in proc(5), which Linux alone has.
 *
 * Processor time is counted since a process started, so usage is the difference of two measurements; a container that
 * is measured for the first time gets its mean since its start.
 */
import type { Clock } from "../../../src/base/clock.ts";
import type { ProcessUsage, UsageReport } from "../model.ts";
import type { ProcessSet } from "./listeners.ts";
import { systemPath } from "./tools.ts";

/** A container to measure. */
export interface MeasuredContainer {
  /** The uid of its pod. */
  uid: string;
  container: string;
  /** Distinguishes it from the same container before a restart. */
  id: string;
  startedAt: Date;
  processes: ProcessSet;
}

/** Processor time since the start, and memory now. */
interface Sample {
  atMs: number;
  cpuMs: number;
  memoryBytes: number;
}

/** A measurement that is younger is the base of the next one too: a shorter window shows only chance. */
const leastWindowMs = 1_000;

/** Measures containers, and remembers what it has measured. */
export class UsageMeter {
  /** The first samples, by the id of the container; the machine's has an empty id. */
  #bases = new Map<string, Sample>();

  constructor(
    private readonly clock: Clock,
    private readonly read: typeof readProcesses = readProcesses,
  ) {
  }

  /** Returns undefined on machines without proc(5). */
  async measure(containers: readonly MeasuredContainer[]): Promise<UsageReport | undefined> {
    if (Deno.build.os !== "linux") return undefined;
    const text = await this.read(containers.map(({ processes }) => processes));
    const atMs = this.clock.elapsedMs();
    const now = this.clock.now();
    const { machine, sets } = parseProcesses(text);
    const bases = new Map<string, Sample>();
    let windowMs = 0;
    const usageOf = (id: string, sample: Sample, ageMs: number): ProcessUsage => {
      const base = this.#bases.get(id);
      const isFirst = base === undefined || base.cpuMs > sample.cpuMs;
      const elapsedMs = isFirst ? ageMs : atMs - base.atMs;
      bases.set(id, isFirst || elapsedMs >= leastWindowMs ? sample : base);
      windowMs = Math.max(windowMs, elapsedMs);
      const usedMs = sample.cpuMs - (isFirst ? 0 : base.cpuMs);
      return { cores: usedMs / Math.max(elapsedMs, 1), memoryBytes: sample.memoryBytes };
    };
    const pods = new Map<string, Map<string, ProcessUsage>>();
    for (const [index, { uid, container, id, startedAt }] of containers.entries()) {
      const used = sets[index];
      // Its last process has just ended.
      if (used === undefined || used.memoryBytes === 0) continue;
      const ageMs = now.getTime() - startedAt.getTime();
      const usage = usageOf(id, { atMs, ...used }, ageMs);
      pods.set(uid, (pods.get(uid) ?? new Map<string, ProcessUsage>()).set(container, usage));
    }
    const ofMachine = usageOf("", { atMs, ...machine }, machine.ageMs);
    this.#bases = bases;
    return { timestamp: now, windowMs, machine: ofMachine, pods };
  }
}

interface Used {
  cpuMs: number;
  memoryBytes: number;
}

/** USER_HZ: proc(5) counts in these on every architecture that Deno runs on. */
const tickMs = 10;

/**
 * Reads the output of {@link readProcesses}: the page size, uptime, the machine's processor time, its memory, then the
 * stat lines of each set's processes behind a line `set`.
 */
export function parseProcesses(
  text: string,
): { machine: Used & { ageMs: number }; sets: Used[] } {
  const [head = "", ...sets] = text.split(/^set$/m);
  const [page = "", uptime = "", cpu = "", ...memory] = head.split("\n");
  const pageBytes = Number(page);
  // user, nice, system, then idle and iowait, then irq, softirq and steal.
  const ticks = cpu.trim().split(/\s+/).slice(1).map(Number);
  const busy = ticks.slice(0, 8).reduce(
    (sum, one, at) => at === 3 || at === 4 ? sum : sum + one,
    0,
  );
  const kib = (name: string) =>
    Number(memory.find((line) => line.startsWith(`${name}:`))?.match(/\d+/)?.[0] ?? 0);
  return {
    machine: {
      ageMs: Number.parseFloat(uptime) * 1000,
      cpuMs: busy * tickMs,
      memoryBytes: (kib("MemTotal") - kib("MemAvailable")) * 1024,
    },
    sets: sets.map((lines) => {
      const used = { cpuMs: 0, memoryBytes: 0 };
      for (const line of lines.split("\n")) {
        // A program's name may contain anything, even a parenthesis.
        const fields = line.slice(line.lastIndexOf(")") + 2).split(" ").map(Number);
        if (fields.length < 22) continue;
        // utime, stime, and those of children that have ended; rss. Fields 14 to 17 and 24 of proc(5).
        const [user = 0, system = 0, ended = 0, endedSystem = 0] = fields.slice(11, 15);
        used.cpuMs += (user + system + ended + endedSystem) * tickMs;
        used.memoryBytes += (fields[21] ?? 0) * pageBytes;
      }
      return used;
    }),
  };
}

const script = `
getconf PAGESIZE 2>&3 || echo 4096
cat /proc/uptime
head -n 1 /proc/stat
grep -E '^Mem(Total|Available):' /proc/meminfo
while [ $# -gt 0 ]; do
  echo set
  case $1 in
    procFolder) cat "$2"/[0-9]*/stat ;;
    environment) grep -lszxF -e "$2" /proc/[0-9]*/environ | while IFS= read -r environ; do
        cat "\${environ%environ}stat"
      done ;;
  esac
  shift 2
done 2>&3
`;

/** Reads the processes by a program: Deno opens /proc only with all permissions. */
async function readProcesses(sets: readonly ProcessSet[]): Promise<string> {
  const args = sets.flatMap((set) => [set.kind, set.kind === "procFolder" ? set.path : set.entry]);
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `exec 3>/dev/null; ${script}`, "sh", ...args],
    clearEnv: true,
    env: { PATH: systemPath, LC_ALL: "C" },
    stdin: "null",
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}
