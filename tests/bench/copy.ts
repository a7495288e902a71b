// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:copy [--mib N] [--files N] [--rounds N]`: one large file and many small ones, into a pod and out
 * of it, by `kodama cp` and by `kubectl cp` in turn. On an embedded cluster, or on the one that
 * `KODAMA_TEST_KUBECONFIG` names.
 *
 * Every copy must be the same bytes as what was copied. kodama must not be slower than kubectl, though it compares.
 */
import { BenchStage } from "./bench_stage.ts";
import { hasMeter, measure, type Run } from "./measure.ts";
import { medianRatio, ratioRow, titleRow } from "./turns.ts";
import { numberAfter } from "./words.ts";

/** A copy that both programs make. */
interface Task {
  name: string;
  /** What is there on both sides. */
  source: "large" | "small";
  way: "into" | "out";
}

const pod = JSON.stringify({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "bench" },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{
      name: "main",
      image: "busybox:1.36",
      imagePullPolicy: "IfNotPresent",
      command: ["sleep", "2147483647"],
    }],
  },
});

/** One sum over all files of a path: here, or where a command line says. */
async function sumOf(stage: BenchStage, path: string, inPod = ""): Promise<string> {
  const script = `cd ${path} 2>/dev/null && find . -type f | sort | xargs sha256sum | sha256sum ` +
    `|| sha256sum <${path}`;
  return (await stage.run(inPod === "" ? script : `${inPod} sh -c '${script}'`)).trim();
}

/** Makes what is copied, here and by kodama in the pod; gives the sums. */
async function makeSources(
  stage: BenchStage,
  { mib, files }: { mib: number; files: number },
): Promise<Record<Task["source"], string>> {
  await stage.run(`head -c ${mib * 1024 * 1024} /dev/urandom >large`);
  const script = `mkdir small; cd small; for folder in $(seq 1 100); do mkdir $folder; ` +
    `for file in $(seq 1 ${Math.ceil(files / 100)}); do ` +
    `echo "$folder $file" >$folder/$file; done; done`;
  await stage.run(script);
  for (const source of ["large", "small"]) {
    await stage.run(`kodama cp -n ${stage.namespace} ${source} bench:/tmp/${source}`);
  }
  return { large: await sumOf(stage, "large"), small: await sumOf(stage, "small") };
}

/** One copy by one program. Throws where it isn't the same bytes. */
async function copy(
  stage: BenchStage,
  { source, way }: Task,
  { program, wanted, metered }: {
    program: "kubectl" | "kodama";
    wanted: string;
    metered: boolean;
  },
): Promise<Run> {
  const inPod = `kubectl -n ${stage.namespace} exec bench --`;
  const [from, to] = way === "into"
    ? [source, "bench:/tmp/copy"]
    : [`bench:/tmp/${source}`, "copy"];
  const command = `${program} -n ${stage.namespace} cp ${from} ${to}`;
  const run = await measure(stage.job(command), { metered });
  if (run.code !== 0) throw new Error(`${command}: exit code ${run.code}: ${run.stderr}`);
  const got = way === "into" ? await sumOf(stage, "/tmp/copy", inPod) : await sumOf(stage, "copy");
  if (got !== wanted) throw new Error(`${command}: not the same bytes`);
  await stage.run(way === "into" ? `${inPod} rm -rf /tmp/copy` : "rm -rf copy");
  return run;
}

async function main(words: readonly string[]): Promise<number> {
  const mib = numberAfter(words, "--mib", 2048);
  const files = numberAfter(words, "--files", 10_000);
  const rounds = numberAfter(words, "--rounds", 7);
  await using stage = await BenchStage.open();
  await stage.apply(pod);
  await stage.kubectl("wait --for=condition=Ready pod/bench --timeout=120s");
  const sums = await makeSources(stage, { mib, files });
  const metered = await hasMeter();
  const tasks: Task[] = [
    { name: `${mib} MiB into a pod`, source: "large", way: "into" },
    { name: `${mib} MiB out of it`, source: "large", way: "out" },
    { name: `${files} files into a pod`, source: "small", way: "into" },
    { name: `${files} files out of it`, source: "small", way: "out" },
  ];
  console.log(`a pod of ${stage.kind} cluster, ${rounds} rounds, medians\n\n${titleRow("copy")}`);
  let slower = 0;
  for (const task of tasks) {
    const runs: Record<"kubectl" | "kodama", Run[]> = { kubectl: [], kodama: [] };
    const wanted = sums[task.source];
    for (let round = 1; round <= rounds; round++) {
      // Who is first takes turns too: what one leaves behind is the other's beginning.
      const order = round % 2 === 0
        ? ["kodama", "kubectl"] as const
        : ["kubectl", "kodama"] as const;
      for (const program of order) {
        runs[program].push(await copy(stage, task, { program, wanted, metered }));
      }
    }
    for (const program of ["kubectl", "kodama"] as const) {
      console.log(ratioRow(`${task.name}: \`${program} cp\``, runs[program], runs.kubectl));
    }
    if ((medianRatio(runs.kodama, runs.kubectl) ?? 0) > 1) slower += 1;
  }
  return slower === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
