// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:copy [--mib N] [--files N] [--rounds N]`: one large file and many small ones, into a pod and out
 * of it, by `kodama cp` and by `kubectl cp` in turn. On an embedded cluster, or on the one that
 * `KODAMA_TEST_KUBECONFIG` names.
 *
 * Every copy must be the same bytes as what was copied. kodama must not be slower than kubectl, though it compares.
 */
import { InstalledKodama } from "../harness/installed_kodama.ts";
import { openRealStage, realKubeconfig } from "../harness/real_stage.ts";
import { median } from "./alternate.ts";

/** A copy that both programs make. */
interface Task {
  name: string;
  /** What is there on both sides. */
  source: string;
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

function numberAfter(words: readonly string[], flag: string, otherwise: number): number {
  const at = words.indexOf(flag);
  return at < 0 ? otherwise : Number(words[at + 1]);
}

/** A shell in the folder of the benchmark. */
class Shell {
  constructor(private readonly kodama: InstalledKodama) {}

  async run(command: string): Promise<string> {
    const { code, stdout, stderr } = await this.kodama.run("sh", ["-c", command]);
    if (code === 0) return stdout;
    throw new Error(`${command}: exit code ${code}: ${stderr.slice(0, 500)}`);
  }

  /** One sum over all files of a path, wherever it is. */
  async sum(path: string, where: string): Promise<string> {
    const script =
      `cd ${path} 2>/dev/null && find . -type f | sort | xargs sha256sum | sha256sum ` +
      `|| sha256sum <${path}`;
    return (await this.run(where === "" ? script : `${where} sh -c '${script}'`)).trim();
  }
}

async function makeSources(shell: Shell, mib: number, files: number): Promise<void> {
  await shell.run(`head -c ${mib * 1024 * 1024} /dev/urandom >large`);
  const script = `mkdir small; cd small; for folder in $(seq 1 100); do mkdir $folder; ` +
    `for file in $(seq 1 ${Math.ceil(files / 100)}); do ` +
    `echo "$folder $file" >$folder/$file; done; done`;
  await shell.run(script);
}

/** One copy by one program: how long it took. Throws where it isn't the same bytes. */
async function copy(
  shell: Shell,
  { source, way }: Task,
  { program, inPod, name }: { program: string; inPod: string; name: string },
): Promise<number> {
  const [from, to] = way === "into"
    ? [source, `bench:/tmp/${name}`]
    : [`bench:/tmp/${source}`, name];
  const start = performance.now();
  await shell.run(`${program} cp ${from} ${to}`);
  const elapsedMs = performance.now() - start;
  const wanted = await shell.sum(source, "");
  const [got, remove] = way === "into"
    ? [await shell.sum(`/tmp/${name}`, inPod), `${inPod} rm -rf /tmp/${name}`]
    : [await shell.sum(name, ""), `rm -rf ${name}`];
  if (got !== wanted) throw new Error(`${program} cp ${from} ${to}: not the same bytes`);
  await shell.run(remove);
  return elapsedMs;
}

async function main(words: readonly string[]): Promise<number> {
  const mib = numberAfter(words, "--mib", 256);
  const files = numberAfter(words, "--files", 2000);
  const rounds = numberAfter(words, "--rounds", 3);
  await using stack = new AsyncDisposableStack();
  const kodama = stack.use(await InstalledKodama.open());
  const real = realKubeconfig();
  let namespace = "default";
  if (real === undefined) await kodama.clusterUp("empty");
  else {
    const stage = stack.use(await openRealStage(real));
    namespace = stage.namespace;
    await Deno.writeTextFile(`${kodama.folder}/kubeconfig`, stage.kubeconfig, { mode: 0o600 });
    kodama.env = { ...kodama.env, KUBECONFIG: `${kodama.folder}/kubeconfig` };
  }
  const shell = new Shell(kodama);
  const inNamespace = `-n ${namespace}`;
  const inPod = `kubectl ${inNamespace} exec bench --`;
  await shell.run(`echo '${pod}' | kubectl ${inNamespace} apply -f -`);
  await shell.run(`kubectl ${inNamespace} wait --for=condition=Ready pod/bench --timeout=120s`);
  await makeSources(shell, mib, files);
  for (const source of ["large", "small"]) {
    await shell.run(`kodama cp ${inNamespace} ${source} bench:/tmp/${source}`);
  }
  const tasks: Task[] = [
    { name: `${mib} MiB into a pod`, source: "large", way: "into" },
    { name: `${mib} MiB out of it`, source: "large", way: "out" },
    { name: `${files} files into a pod`, source: "small", way: "into" },
    { name: `${files} files out of it`, source: "small", way: "out" },
  ];
  console.log(`${real === undefined ? "embedded" : "real"} cluster, ${rounds} rounds, medians`);
  let slower = 0;
  for (const task of tasks) {
    const times: Record<"kubectl" | "kodama", number[]> = { kubectl: [], kodama: [] };
    for (let round = 1; round <= rounds; round++) {
      for (const name of ["kubectl", "kodama"] as const) {
        const program = `${name} ${inNamespace}`;
        times[name].push(
          await copy(shell, task, { program, inPod, name: `copy-${name}-${round}` }),
        );
      }
    }
    const [kubectl, own] = [median(times.kubectl), median(times.kodama)];
    const ratio = own / kubectl;
    if (ratio > 1) slower += 1;
    const seconds = `kubectl ${(kubectl / 1000).toFixed(2)} s  kodama ${(own / 1000).toFixed(2)} s`;
    console.log(`  ${task.name.padEnd(24)} ${seconds}  ratio ${ratio.toFixed(2)}`);
  }
  return slower === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
