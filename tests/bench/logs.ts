// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:logs [--pods N] [--lines N] [--rounds N] [--embedded] [--out FILE]`: the logs of a fleet, by
 * `kodama logs` as JSON and as text and by `kubectl logs --prefix`, in turn, over the same pods. The page that it
 * writes, `docs/benchmarks-logs.md` where `--out` names no other, says what is measured.
 *
 * On the cluster that `KODAMA_TEST_KUBECONFIG` names, or the rig of the tests; `--embedded`: on an embedded one, with
 * nothing written but to standard output.
 */
import { BenchStage } from "./bench_stage.ts";
import { LogCheck } from "./log_lines.ts";
import { machineFacts } from "./machine.ts";
import { hasMeter, measure, type Run } from "./measure.ts";
import { allKept, type Page, pageText, type Promised, writePage } from "./page.ts";
import { openRealCluster } from "./real_cluster.ts";
import { medianRatio, ratioRow, titleRow } from "./turns.ts";
import { numberAfter } from "./words.ts";

/** A program that prints logs into a file. */
interface Reader {
  name: string;
  command: string;
  /** Pod and number of a line; undefined if it isn't a line of a log. */
  read: (line: string) => { pod: string; number: number } | undefined;
}

/** Pods whose lines begin with their numbers; ready when all are written. */
function manifest(pods: number, lines: number): string {
  const text = "request served in 12 ms path=/api/v1/things status=200 user=somebody";
  return JSON.stringify({
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "bench" },
    spec: {
      replicas: pods,
      serviceName: "bench",
      podManagementPolicy: "Parallel",
      selector: { matchLabels: { app: "bench" } },
      template: {
        metadata: { labels: { app: "bench" } },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{
            name: "main",
            image: "busybox:1.36",
            imagePullPolicy: "IfNotPresent",
            command: [
              "sh",
              "-c",
              `seq 1 ${lines} | sed 's|$| ${text}|'; touch /tmp/done; exec sleep 2147483647`,
            ],
            readinessProbe: { exec: { command: ["cat", "/tmp/done"] }, periodSeconds: 2 },
          }],
        },
      },
    },
  });
}

function readers(namespace: string, pods: number): Reader[] {
  const of = `-n ${namespace} --max-log-requests=${pods} -l app=bench`;
  const prefixed = (line: string, pattern: RegExp) => {
    const [, pod, number] = pattern.exec(line) ?? [];
    return pod === undefined ? undefined : { pod, number: Number(number) };
  };
  return [
    {
      name: "kubectl logs --prefix",
      command: `kubectl logs --prefix --tail=-1 ${of}`,
      read: (line) => prefixed(line, /^\[pod\/([^/]+)\/main\] (\d+) request served/),
    },
    {
      name: "kodama logs -o json",
      command: `kodama logs -o json ${of}`,
      read: (line) => {
        if (!line.startsWith("{")) return undefined;
        const { pod, message } = JSON.parse(line.replace(/,$/, "")) as {
          pod: string;
          message: string;
        };
        return { pod, number: Number.parseInt(message, 10) };
      },
    },
    {
      name: "kodama logs",
      command: `kodama logs ${of}`,
      read: (line) => prefixed(line, /^([\w-]+): +(\d+) request served/),
    },
  ];
}

async function* linesOf(path: string): AsyncGenerator<string> {
  using file = await Deno.open(path);
  let rest = "";
  for await (const text of file.readable.pipeThrough(new TextDecoderStream())) {
    const [first = "", ...others] = text.split("\n");
    rest += first;
    for (const next of others) {
      yield rest;
      rest = next;
    }
  }
}

/** What the readers took, round by round, and what was wrong with what they printed. */
interface Measured {
  runs: readonly (readonly Run[])[];
  complaints: readonly string[];
}

async function takeTurns(
  stage: BenchStage,
  contenders: readonly Reader[],
  { pods, lines, rounds }: { pods: number; lines: number; rounds: number },
): Promise<Measured> {
  const metered = await hasMeter();
  const runs = contenders.map((): Run[] => []);
  const complaints: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    // Who is first takes turns too: what one leaves behind is the next one's beginning.
    for (const step of contenders.keys()) {
      const index = (round + step) % contenders.length;
      const { name, command, read } = contenders[index] as Reader;
      const run = await measure(stage.job(`${command} >out`), { metered });
      if (run.code !== 0) throw new Error(`${name}: exit code ${run.code}: ${run.stderr}`);
      runs[index]?.push(run);
      const check = new LogCheck(pods, lines);
      for await (const line of linesOf(`${stage.folder}/out`)) check.take(read(line));
      complaints.push(...check.complaints().map((one) => `${name}, round ${round}: ${one}`));
      console.error(`round ${round}: ${name}: ${(run.wallMs / 1000).toFixed(1)} s`);
    }
  }
  return { runs, complaints };
}

function promisesOf(contenders: readonly Reader[], { runs, complaints }: Measured): Promised[] {
  const [kubectl = [], ...own] = runs;
  return [
    { text: "lines lost, repeated or out of order", atMost: 0, measured: complaints.length },
    ...own.map((one, index) => ({
      text: `\`${contenders[index + 1]?.name}\`: wall time ÷ kubectl's`,
      atMost: 1,
      measured: medianRatio(one, kubectl) ?? NaN,
    })),
  ];
}

function introduction(total: number, pods: number, where: string): string {
  return `Written by \`deno task bench:logs\`: ${total} lines of ${pods} pods of ${where}, read to their
ends. The programs take turns; where the machine has other work, all have it, so the ratios say more than the times.
Of each pod every line must come, once, and in its order. kodama merges the logs by the servers' times; kubectl prints
them as they come.

- **wall** and **client CPU** (user and system, of the program and all that it starts) are medians over the rounds;
  the ratios are medians of the ratios within a round. What the cluster takes is in the wall time alone.
- **memory** is the peak of the program's largest process.`;
}

async function main(words: readonly string[]): Promise<number> {
  const pods = numberAfter(words, "--pods", 50);
  const lines = numberAfter(words, "--lines", 20_000);
  const rounds = numberAfter(words, "--rounds", 5);
  const embedded = words.includes("--embedded");
  await using stack = new AsyncDisposableStack();
  const real = embedded ? undefined : await openRealCluster(stack);
  const stage = stack.use(await BenchStage.open(real?.kubeconfig));
  await stage.apply(manifest(pods, lines));
  await stage.kubectl(`rollout status sts/bench --timeout=600s`);
  const contenders = readers(stage.namespace, pods);
  const measured = await takeTurns(stage, contenders, { pods, lines, rounds });
  const [kubectl = []] = measured.runs;
  const page: Page = {
    title: "Benchmarks of logs",
    introduction: introduction(pods * lines, pods, `${stage.kind} cluster on the same machine`),
    facts: await machineFacts({ kubectl: "kubectl" }),
    promises: promisesOf(contenders, measured),
    rows: [
      titleRow("program"),
      ...contenders.map(({ name }, index) =>
        ratioRow(`\`${name}\``, measured.runs[index] ?? [], kubectl)
      ),
    ],
  };
  for (const complaint of measured.complaints.slice(0, 20)) console.error(complaint);
  const text = pageText(page);
  console.log(text);
  if (!embedded) await writePage(text, "benchmarks-logs.md", words);
  return allKept(page.promises) ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
