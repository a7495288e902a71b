// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:logs [--pods N] [--lines N] [--rounds N]`: the logs of a fleet, by `kodama logs` as JSON and as
 * text and by `kubectl logs --prefix`, in turn, over the same pods. On an embedded cluster, or on the one that
 * `KODAMA_TEST_KUBECONFIG` names.
 *
 * Every line of every pod must be there, once, in its pod's order. kodama must not be slower than kubectl,
 * though it merges by time and writes JSON.
 */
import { BenchStage } from "./bench_stage.ts";
import { LogCheck } from "./log_lines.ts";
import { hasMeter, measure, type Run } from "./measure.ts";
import { medianRun, ratioRow, titleRow } from "./turns.ts";
import { numberAfter } from "./words.ts";

/** A program that prints logs into a file. */
interface Reader {
  name: string;
  command: string;
  /** Pod and number of a line; undefined for what is no line of a log. */
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

async function main(words: readonly string[]): Promise<number> {
  const pods = numberAfter(words, "--pods", 50);
  const lines = numberAfter(words, "--lines", 20_000);
  const rounds = numberAfter(words, "--rounds", 7);
  await using stage = await BenchStage.open();
  await stage.apply(manifest(pods, lines));
  await stage.kubectl(`rollout status sts/bench --timeout=600s`);
  const metered = await hasMeter();
  const contenders = readers(stage.namespace, pods);
  const runs = contenders.map((): Run[] => []);
  const complaints: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const [index, { name, command, read }] of contenders.entries()) {
      const run = await measure(stage.job(`${command} >out`), { metered });
      if (run.code !== 0) throw new Error(`${name}: exit code ${run.code}: ${run.stderr}`);
      runs[index]?.push(run);
      const check = new LogCheck(pods, lines);
      for await (const line of linesOf(`${stage.folder}/out`)) check.take(read(line));
      complaints.push(...check.complaints().map((one) => `${name}, round ${round}: ${one}`));
    }
  }
  console.log(
    `${pods * lines} lines of ${pods} pods of ${stage.kind} cluster, ${rounds} rounds, medians\n`,
  );
  console.log(titleRow("program"));
  const kubectl = runs[0] ?? [];
  for (const [index, { name }] of contenders.entries()) {
    console.log(ratioRow(`\`${name}\``, runs[index] ?? [], kubectl));
  }
  console.log(`\nlines lost, repeated or out of order: ${complaints.length}`);
  for (const complaint of complaints.slice(0, 20)) console.log(`  ${complaint}`);
  const own = runs.slice(1).map((one) => medianRun(one).wallMs);
  return complaints.length === 0 && own.every((one) => one <= medianRun(kubectl).wallMs) ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
