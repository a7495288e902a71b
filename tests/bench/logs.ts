// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:logs [--pods N] [--lines N] [--rounds N]`: the logs of a fleet, by `kodama logs -o json` and
 * by `kubectl logs --prefix`, in turn, over the same pods.
 *
 * Every line of every pod must be there, once, in its pod's order. kodama must not be slower than kubectl,
 * though it merges by time and writes JSON.
 */
import { InstalledKodama } from "../harness/installed_kodama.ts";
import { median } from "./alternate.ts";
import { LogCheck } from "./log_lines.ts";

/** A program that prints logs into a file. */
interface Reader {
  name: string;
  command: string;
  /** Pod and number of a line; undefined for what is no line of a log. */
  read: (line: string) => { pod: string; number: number } | undefined;
}

function numberAfter(words: readonly string[], flag: string, otherwise: number): number {
  const at = words.indexOf(flag);
  return at < 0 ? otherwise : Number(words[at + 1]);
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

function readers(pods: number): Reader[] {
  return [
    {
      name: "kubectl logs --prefix",
      command: `kubectl logs --prefix --max-log-requests=${pods} -l app=bench --tail=-1`,
      read: (line) => {
        const match = /^\[pod\/([^/]+)\/main\] (\d+) request served/.exec(line);
        return match === null ? undefined : { pod: match[1] ?? "", number: Number(match[2]) };
      },
    },
    {
      name: "kodama logs -o json",
      command: `kodama logs -o json --max-log-requests=${pods} -l app=bench`,
      read: (line) => {
        if (!line.startsWith("{")) return undefined;
        const { pod, message } = JSON.parse(line.replace(/,$/, "")) as {
          pod: string;
          message: string;
        };
        return { pod, number: Number.parseInt(message, 10) };
      },
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

async function shell(kodama: InstalledKodama, command: string): Promise<void> {
  const { code, stderr } = await kodama.run("sh", ["-c", command]);
  if (code !== 0) throw new Error(`${command}: exit code ${code}: ${stderr.slice(0, 500)}`);
}

async function main(words: readonly string[]): Promise<number> {
  const pods = numberAfter(words, "--pods", 50);
  const lines = numberAfter(words, "--lines", 20_000);
  const rounds = numberAfter(words, "--rounds", 3);
  await using kodama = await InstalledKodama.open();
  await kodama.clusterUp("empty");
  await Deno.writeTextFile(`${kodama.workFolder}/pods.json`, manifest(pods, lines));
  await shell(kodama, "kubectl apply -f pods.json");
  await shell(kodama, "kubectl rollout status sts/bench --timeout=600s");
  const contenders = readers(pods);
  const times = contenders.map((): number[] => []);
  const complaints: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const [index, { name, command, read }] of contenders.entries()) {
      const start = performance.now();
      await shell(kodama, `${command} >out`);
      times[index]?.push(performance.now() - start);
      const check = new LogCheck(pods, lines);
      for await (const line of linesOf(`${kodama.workFolder}/out`)) check.take(read(line));
      complaints.push(...check.complaints().map((one) => `${name}, round ${round}: ${one}`));
    }
  }
  console.log(`${pods * lines} lines of ${pods} pods, ${rounds} rounds, medians`);
  for (const [index, { name }] of contenders.entries()) {
    console.log(`  ${name.padEnd(22)} ${(median(times[index] ?? []) / 1000).toFixed(2)} s`);
  }
  console.log(`  wrong                  ${complaints.length}`);
  for (const complaint of complaints.slice(0, 20)) console.log(`    ${complaint}`);
  const [kubectl, own] = times.map(median);
  return complaints.length === 0 && (own ?? Infinity) <= (kubectl ?? 0) ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
