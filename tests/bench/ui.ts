// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:ui [--seconds N] [--launcher FILE] [--guard]`: `kodama ui` of 5,000 pods, from source or by an
 * installed launcher. How long its first frame takes, what it costs while nothing changes and while 100 pods change each
 * second, both in tmux, and how long a key takes to its frame while they do, in this process. With `--guard` the exit
 * code is 1 if a bound is exceeded.
 */
import { parseArgs } from "node:util";
import { run } from "../../src/cli/run.ts";
import { machineHost } from "../../src/host/host.ts";
import { MemoryTerminal } from "../../src/terminal/testing/memory_terminal.ts";
import { processInvocation } from "../../src/wiring.ts";
import { PseudoTerminal } from "../harness/pseudo_terminal.ts";
import { ChangingCluster, costDuring, pidOf, programOf, waitMs } from "./changing_cluster.ts";

const pods = 5000;
const bounds = { firstFrameMs: 250, keyMs: 16, idlePercent: 2, memoryMb: 200 };

const size = { columns: 120, rows: 40 };

/** In a terminal: the first frame, and the cost. */
async function inTerminal(
  { folder, perSecond, seconds, launcher }: {
    folder: string;
    perSecond: number;
    seconds: number;
    launcher: string | undefined;
  },
) {
  await using cluster = new ChangingCluster({ pods, perSecond, seconds: 3600 });
  const { words, env } = await programOf(folder, cluster.url, ["ui"], launcher);
  const startMs = performance.now();
  await using terminal = await PseudoTerminal.open(words, { env, ...size });
  const openMs = performance.now() - startMs;
  while (!/━ pods/.test(await terminal.screen())) await waitMs(2);
  const firstFrameMs = performance.now() - startMs - openMs;
  await terminal.until("all pods", / 5000 ━/);
  const pid = await pidOf(env.KUBECONFIG);
  await waitMs(3000);
  const cost = await costDuring(pid, seconds);
  await terminal.press("Q");
  return { firstFrameMs, ...cost };
}

/** The times from a key to its frame, in milliseconds, in order. */
async function keyTimes(folder: string, keys: number): Promise<number[]> {
  await using cluster = new ChangingCluster({ pods, perSecond: 100, seconds: 3600 });
  const { env } = await programOf(folder, cluster.url, ["ui"]);
  const typed = new TransformStream<string, string>();
  const writer = typed.writable.getWriter();
  let onFrame = () => {};
  const terminal = new MemoryTerminal({
    terminals: ["stdin", "stdout", "stderr"],
    size,
    input: typed.readable,
    onWrite: () => onFrame(),
  });
  const environment = (name: string) => (env as Record<string, string | undefined>)[name];
  const running = run(["ui"], {
    ...processInvocation("kodama"),
    terminal,
    environment,
    willDial: () => {},
    signals: { listen: () => ({ [Symbol.dispose]() {} }) },
    host: (options = {}) => Promise.resolve(machineHost({ ...options, terminal, environment })),
  });
  while (!/5000/.test(terminal.written("stderr"))) await waitMs(50);
  const times: number[] = [];
  for (let index = 0; index < keys; index++) {
    // Between frames, at any moment of the changes.
    await waitMs(7 + index * 13 % 60);
    const frame = Promise.withResolvers<void>();
    const startMs = performance.now();
    await writer.write(index % 20 < 10 ? "j" : "k");
    onFrame = frame.resolve;
    await frame.promise;
    onFrame = () => {};
    times.push(performance.now() - startMs);
  }
  await writer.write("Q");
  await running;
  return times.sort((one, other) => one - other);
}

const at = (times: readonly number[], part: number) =>
  times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0;

async function main(args: readonly string[]): Promise<number> {
  const { values: { seconds: duration, launcher, guard } } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "20" },
      launcher: { type: "string" },
      guard: { type: "boolean", default: false },
    },
  });
  const seconds = Number(duration);
  const folder = await Deno.makeTempDir({ prefix: "kodama-bench-ui-" });
  try {
    const idle = await inTerminal({ folder, perSecond: 0, seconds, launcher });
    const busy = await inTerminal({ folder, perSecond: 100, seconds, launcher });
    const times = await keyTimes(folder, 500);
    console.log(
      `first frame: ${idle.firstFrameMs.toFixed(0)} ms, ${busy.firstFrameMs.toFixed(0)} ms`,
    );
    for (const [name, cost] of Object.entries({ "no change": idle, "100 changes/s": busy })) {
      console.log(
        `${name}: ${cost.percent.toFixed(1)} % of a core, ${cost.memoryMb.toFixed(0)} MB`,
      );
    }
    console.log(
      `key to frame: median ${at(times, 0.5).toFixed(1)} ms, p99 ${
        at(times, 0.99).toFixed(1)
      } ms, ` +
        `most ${at(times, 1).toFixed(1)} ms`,
    );
    const problems = [
      ...(at(times, 0.99) > bounds.keyMs ? ["a key takes too long"] : []),
      ...(idle.percent > bounds.idlePercent ? ["it costs too much while nothing changes"] : []),
      ...(busy.memoryMb > bounds.memoryMb ? ["it takes too much memory"] : []),
      ...(idle.firstFrameMs > bounds.firstFrameMs ? ["the first frame takes too long"] : []),
    ];
    for (const problem of problems) console.log(problem);
    return guard && problems.length > 0 ? 1 : 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.exit(await main(Deno.args));
