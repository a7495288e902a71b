// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:watch [--seconds N] [--guard]`: `kodama watch` of 2,000 pods that change 200 times a second, for a
 * minute as `-o jsonl` and a minute as the live table in tmux. What is printed is compared with what the server has
 * sent; processor time and memory are the kernel's, of kodama's process. Its growth is what remains after a collection
 * of all garbage: the kernel's count varies by a fifth with V8's, at any time. With `--guard` the exit code is 1 if a
 * change is missing, or a bound is exceeded.
 *
 * The server sends tables with whole objects, as an API server does, of pods with 4 KB.
 */
import { PseudoTerminal } from "../harness/pseudo_terminal.ts";
import { LiveMemory } from "./live_memory.ts";
import { ChangingCluster, costDuring, pidOf, programOf, waitMs } from "./changing_cluster.ts";

const pods = 2000;
const perSecond = 200;
/** Of one core, in percent, and the growth of the live memory after the first third, in percent. */
const bounds = { displayPercent: 30, growthPercent: 5 };

async function asData(folder: string, seconds: number): Promise<string[]> {
  await using cluster = new ChangingCluster({ pods, perSecond, seconds });
  const live = new LiveMemory();
  const command = ["watch", "pods", "-o", "jsonl"];
  const { words, env } = await programOf(folder, cluster.url, command, { flags: [live.flag] });
  const [program = "", ...args] = words;
  const child = new Deno.Command(program, {
    args,
    env,
    clearEnv: true,
    stdout: "piped",
  }).spawn();
  const changes: number[] = [];
  let [initial, text] = [0, ""];
  const reading = (async () => {
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (text + chunk).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        const { type, object } = JSON.parse(line);
        if (type === "added") initial += 1;
        if (type === "modified") changes.push(Number(object.metadata.annotations.change));
      }
    }
  })();
  while (cluster.sent === 0) await waitMs(50);
  const cost = await costDuring(child.pid, seconds, () => live.afterCollection());
  await waitMs(1000);
  child.kill("SIGINT");
  await Promise.all([reading, child.status]);
  const inOrder = changes.every((change, index) => change === index + 1);
  console.log(
    `jsonl: ${initial} pods, ${cluster.sent} changes sent, ${changes.length} received, ` +
      `${inOrder ? "in order" : "NOT in order"}; ${line(cost)}`,
  );
  return [
    ...(initial === pods ? [] : ["pods are missing"]),
    ...(changes.length === cluster.sent && inOrder ? [] : ["changes are missing"]),
    ...(cost.growthPercent <= bounds.growthPercent ? [] : ["memory grows"]),
  ];
}

async function asTable(folder: string, seconds: number): Promise<string[]> {
  await using cluster = new ChangingCluster({ pods, perSecond, seconds });
  const live = new LiveMemory();
  const flags = [live.flag];
  const { words, env } = await programOf(folder, cluster.url, ["watch", "pods"], { flags });
  await using terminal = await PseudoTerminal.open(words, { env, columns: 120, rows: 40 });
  await terminal.shows("the table", /web-1 /);
  const pid = await pidOf(env.KUBECONFIG);
  const cost = await costDuring(pid, seconds, () => live.afterCollection());
  const screen = await terminal.screen();
  await terminal.press("q");
  console.log(`live table: ${cluster.sent} changes sent; ${line(cost)}`);
  return [
    ...(/^pods in bench .*2000$/m.test(screen) ? [] : ["the table isn't complete"]),
    ...(cost.percent <= bounds.displayPercent ? [] : ["the display costs too much"]),
    ...(cost.growthPercent <= bounds.growthPercent ? [] : ["memory grows"]),
  ];
}

function line(cost: { percent: number; growthPercent: number; memoryMb: number }): string {
  return `${cost.percent.toFixed(1)} % of a core, ${cost.memoryMb.toFixed(0)} MB, ` +
    `live memory ${cost.growthPercent.toFixed(1)} % larger than after a third`;
}

async function main(args: readonly string[]): Promise<number> {
  const at = args.indexOf("--seconds");
  const seconds = at < 0 ? 60 : Number(args[at + 1]);
  const folder = await Deno.makeTempDir({ prefix: "kodama-bench-watch-" });
  try {
    const problems = [...await asData(folder, seconds), ...await asTable(folder, seconds)];
    for (const problem of problems) console.log(problem);
    return args.includes("--guard") && problems.length > 0 ? 1 : 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.exit(await main(Deno.args));
