// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:ui [--seconds N] [--launcher FILE] [--guard]`: `kodama ui` of 5,000 pods, from source or by an
 * installed launcher. How long its first frame takes, what it costs while nothing changes and while 100 pods change each
 * second, both in tmux, and how long a key takes to its frame while they do, in this process, alone and beside plugins
 * that misbehave. With `--guard` the exit code is 1 if a bound is exceeded.
 */
import { programOf as programNamed } from "../../src/cli/program.ts";
import { parseArgs } from "node:util";
import { run } from "../../src/cli/run.ts";
import { machineHost } from "../../src/host/host.ts";
import { dataOf, onCommand, pluginOf, renderImport } from "../../src/plugin/testing/modules.ts";
import { MemoryTerminal } from "../../src/terminal/testing/memory_terminal.ts";
import { processInvocation } from "../../src/wiring.ts";
import { PseudoTerminal } from "../harness/pseudo_terminal.ts";
import { ChangingCluster, costDuring, pidOf, programOf, waitMs } from "./changing_cluster.ts";

const pods = 5000;
const bounds = { firstFrameMs: 250, keyMs: 16, hostileKeyMs: 50, idlePercent: 2, memoryMb: 200 };

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
  const { words, env } = await programOf(folder, cluster.url, ["ui"], { launcher });
  const startMs = performance.now();
  await using terminal = await PseudoTerminal.open(words, { env, ...size });
  const openMs = performance.now() - startMs;
  while (!/━ pods/.test(await terminal.screen())) await waitMs(2);
  const firstFrameMs = performance.now() - startMs - openMs;
  await terminal.shows("all pods", / 5000 ━/);
  const pid = await pidOf(env.KUBECONFIG);
  await waitMs(3000);
  const cost = await costDuring(pid, seconds);
  await terminal.press("Q");
  return { firstFrameMs, ...cost };
}

/** As many lines as a rendering may have: 1 MiB. */
const large = JSON.stringify(Array.from({ length: 10_000 }, () => "x".repeat(100)));
const largeParts =
  large.match(/[^]{1,60000}/g)?.map((part, index) =>
    `(data (i32.const ${4096 + index * 60_000}) "${part.replaceAll('"', '\\"')}")`
  ) ?? [];
const renderLarge = `(call $render (i32.const 4096) (i32.const ${large.length}))`;

/** Plugins that take what they can get, in panes beside the list. */
const hostile: Readonly<Record<string, string>> = {
  "never-returns": onCommand("(loop $l (br $l))"),
  "grows": onCommand("(loop $l (drop (memory.grow (i32.const 1))) (br $l))"),
  "renders-on": `${renderImport}
    (import "kubetile" "list_pods" (func $ask (param i32 i32 i32 i32) (result i32)))
    ${dataOf("{}")} (data (i32.const 2048) "[\\"x\\"]")
    ${
    onCommand(`(loop $l (call $render (i32.const 2048) (i32.const 5))
      (drop (call $ask (i32.const 1024) (i32.const 2) (i32.const 3000) (i32.const 9))) (br $l))`)
  }`,
  "renders-a-lot": `${renderImport}
    (func (export "plugin_on_tick") ${renderLarge})
    ${onCommand(renderLarge)}
    (func (export "plugin_on_tick") ${renderLarge})
    ${largeParts.join("\n")}`,
};

/** Writes plugins and their configuration; returns the keys that open them. */
async function installPlugins(folder: string): Promise<string[]> {
  const entries = await Promise.all(
    Object.entries(hostile).map(async ([key, definitions], index) => {
      const path = `${folder}/${key}.wasm`;
      await Deno.writeFile(path, pluginOf(definitions, { pages: 32 }));
      return { key, path, keybinding: `f${5 + index}`, permissions: ["k8s:list:pods"] };
    }),
  );
  await Deno.writeTextFile(`${folder}/config.yaml`, JSON.stringify({ plugins: entries }));
  return ["\x1b[15~", "\x1b[17~", "\x1b[18~", "\x1b[19~"];
}

/** The times from a key to its frame, in milliseconds, in order. */
async function keyTimes(
  folder: string,
  keys: number,
  { beside }: { beside: "nothing" | "hostile plugins" },
): Promise<number[]> {
  await using cluster = new ChangingCluster({ pods, perSecond: 100, seconds: 3600 });
  const { env: own } = await programOf(folder, cluster.url, ["ui"]);
  const env = { ...own, KODAMA_CONFIG_DIR: folder };
  const opening = beside === "nothing" ? [] : await installPlugins(folder);
  const typed = new TransformStream<string, string>();
  const writer = typed.writable.getWriter();
  let onFrame = () => {};
  const terminal = new MemoryTerminal({
    terminals: ["stdin", "stdout", "stderr"],
    // Each plugin takes half of the list's columns, and its title has to fit.
    size: beside === "nothing" ? size : { ...size, columns: 300 },
    input: typed.readable,
    onWrite: () => onFrame(),
  });
  const environment = (name: string) => (env as Record<string, string | undefined>)[name];
  const running = run(["ui"], {
    ...processInvocation(programNamed("kodama")),
    terminal,
    environment,
    willDial: () => {},
    signals: { listen: () => ({ [Symbol.dispose]() {} }) },
    host: (options = {}) => Promise.resolve(machineHost({ ...options, terminal, environment })),
  });
  while (!/5000/.test(terminal.written("stderr"))) await waitMs(50);
  for (const key of opening) {
    await writer.write(key);
    // The list has the focus again.
    await writer.write("\x1b[1;3D");
  }
  for (const name of opening.length === 0 ? [] : Object.keys(hostile)) {
    while (!terminal.written("stderr").includes(name)) await waitMs(10);
  }
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
    const times = await keyTimes(folder, 500, { beside: "nothing" });
    const besidePlugins = await keyTimes(folder, 500, { beside: "hostile plugins" });
    console.log(
      `first frame: ${idle.firstFrameMs.toFixed(0)} ms, ${busy.firstFrameMs.toFixed(0)} ms`,
    );
    for (const [name, cost] of Object.entries({ "no change": idle, "100 changes/s": busy })) {
      console.log(
        `${name}: ${cost.percent.toFixed(1)} % of a core, ${cost.memoryMb.toFixed(0)} MB`,
      );
    }
    for (
      const [name, all] of [["key to frame", times], [
        "beside hostile plugins",
        besidePlugins,
      ]] as const
    ) {
      const [median, p99, most] = [0.5, 0.99, 1].map((part) => at(all, part).toFixed(1));
      console.log(`${name}: median ${median} ms, p99 ${p99} ms, most ${most} ms`);
    }
    const problems = [
      ...(at(times, 0.99) > bounds.keyMs ? ["a key takes too long"] : []),
      ...(at(besidePlugins, 1) > bounds.hostileKeyMs ? ["plugins hold a key up"] : []),
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
