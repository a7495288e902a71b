// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:sync [--files N] [--rounds N] [--saves N] [--idle SECONDS] [--image NAME]`: a folder of many files
 * brought into a pod by `kodama sync start` and by `tar | kubectl exec tar` in turn; then one saved file at a time,
 * each way; then what both ends cost while nothing happens. On an embedded cluster, or on the one that
 * `KODAMA_TEST_KUBECONFIG` names.
 */
import { InstalledKodama } from "../harness/installed_kodama.ts";
import { openRealCluster, realKubeconfig } from "../harness/real_scenario.ts";
import { median } from "./alternate.ts";

interface Options {
  files: number;
  rounds: number;
  saves: number;
  idleSeconds: number;
  image: string;
}

function optionsOf(words: readonly string[]): Options {
  const after = (flag: string, otherwise: string) => {
    const at = words.indexOf(flag);
    return at < 0 ? otherwise : words[at + 1] ?? otherwise;
  };
  return {
    files: Number(after("--files", "20000")),
    rounds: Number(after("--rounds", "3")),
    saves: Number(after("--saves", "20")),
    idleSeconds: Number(after("--idle", "30")),
    image: after("--image", "debian:12"),
  };
}

/** What is measured, on one pod. */
class Fixture {
  constructor(
    private readonly kodama: InstalledKodama,
    private readonly namespace: string,
    private readonly options: Options,
  ) {}

  get folder(): string {
    return `${this.kodama.workFolder}/source`;
  }

  async sh(command: string): Promise<string> {
    const { code, stdout, stderr } = await this.kodama.run("sh", ["-c", command]);
    if (code === 0) return stdout;
    throw new Error(`${command}: exit code ${code}: ${stderr.slice(0, 500)}`);
  }

  private get kubectl(): string {
    return `kubectl -n ${this.namespace}`;
  }

  async prepare(): Promise<void> {
    const { image, files } = this.options;
    const pod = JSON.stringify({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "bench" },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{
          name: "main",
          image,
          imagePullPolicy: "IfNotPresent",
          command: ["sleep", "2147483647"],
        }],
      },
    });
    await this.sh(`echo '${pod}' | ${this.kubectl} apply -f -`);
    await this.sh(`${this.kubectl} wait --for=condition=Ready pod/bench --timeout=120s`);
    for (let folder = 0; folder < 200; folder++) {
      const path = `${this.folder}/package${folder % 20}/module${folder}`;
      await Deno.mkdir(path, { recursive: true });
      for (let file = 0; file < files / 200; file++) {
        const bytes = new Uint8Array(500 + (folder * 7919 + file * 104_729) % 8000);
        crypto.getRandomValues(bytes);
        await Deno.writeFile(`${path}/file${file}.txt`, bytes);
      }
    }
  }

  async initial(): Promise<void> {
    const times = { tar: [] as number[], kodama: [] as number[] };
    for (let round = 0; round <= this.options.rounds; round++) {
      const tar = await timed(() =>
        this.sh(
          `${this.kubectl} exec bench -- mkdir /tmp/tar${round} && tar -C ${this.folder} -cf - . | ` +
            `${this.kubectl} exec -i bench -- tar -C /tmp/tar${round} -xf -`,
        )
      );
      const own = await timed(() => this.start(round));
      await this.sh(`kodama sync stop --forget`);
      await this.compare(round);
      await this.sh(`${this.kubectl} exec bench -- rm -rf /tmp/tar${round} /tmp/sync${round}`);
      // The first round fills caches; it doesn't count.
      if (round === 0) continue;
      times.tar.push(tar);
      times.kodama.push(own);
    }
    const [tar, own] = [median(times.tar), median(times.kodama)];
    console.log(
      `  initial, ${this.options.files} files: tar | kubectl exec tar ${seconds(tar)}, ` +
        `kodama ${seconds(own)}, ratio ${(own / tar).toFixed(2)}`,
    );
  }

  async start(round: number): Promise<void> {
    await this.sh(`kodama sync start ${this.folder} ${this.namespace}/bench:/tmp/sync${round}`);
  }

  private async compare(round: number): Promise<void> {
    const sums = `find . -type f | sort | xargs cat | sha256sum`;
    const here = await this.sh(`cd ${this.folder} && ${sums}`);
    const there = await this.sh(
      `${this.kubectl} exec bench -- sh -c 'cd /tmp/sync${round} && ${sums}'`,
    );
    if (here !== there) throw new Error("the pod's files aren't the same");
  }

  /** One saved file at a time, into the pod and out of it. */
  async saves(): Promise<void> {
    await this.start(99);
    const script = "cd /tmp/sync99; while read -r what name; do case $what in wait) " +
      "while ! [ -e $name ]; do sleep 0.002; done; echo seen ;; save) echo $name >$name ;; esac; done";
    const command = new Deno.Command("kubectl", {
      args: ["-n", this.namespace, "exec", "-i", "bench", "--", "sh", "-c", script],
      clearEnv: true,
      env: { ...this.kodama.env },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = command.stdin.getWriter();
    const reader = command.stdout.getReader();
    const say = (line: string) => writer.write(new TextEncoder().encode(`${line}\n`));
    const [into, out]: [number[], number[]] = [[], []];
    for (let save = 0; save < this.options.saves; save++) {
      const name = `package3/module3/into${save}`;
      await say(`wait ${name}`);
      await pause(300);
      into.push(
        await timed(async () => {
          await Deno.writeTextFile(`${this.folder}/${name}`, `saved ${save}`);
          await reader.read();
        }),
      );
      const back = `package4/module4/out${save}`;
      await pause(300);
      out.push(
        await timed(async () => {
          await say(`save ${back}`);
          while (!await exists(`${this.folder}/${back}`)) await pause(2);
        }),
      );
    }
    await writer.close();
    await reader.cancel();
    await command.status;
    console.log(
      `  one saved file into the pod: median ${ms(median(into))}, worst ${ms(Math.max(...into))}`,
    );
    console.log(
      `  one saved file out of it:    median ${ms(median(out))}, worst ${ms(Math.max(...out))}`,
    );
  }

  /** What both ends cost while nothing happens. */
  async idle(): Promise<void> {
    const { pid, watched } = JSON.parse(await this.sh("kodama sync status -o json")) as {
      pid: number;
      watched: { remote: string };
    };
    const { idleSeconds } = this.options;
    await pause(3000);
    const before = [await this.ticks(pid), await this.podTicks()];
    await pause(idleSeconds * 1000);
    const after = [await this.ticks(pid), await this.podTicks()];
    const percent = (at: number) =>
      (((after[at] ?? 0) - (before[at] ?? 0)) / idleSeconds).toFixed(2);
    const memory = /^VmRSS:\s+(\d+)/m.exec(await this.sh(`cat /proc/${pid}/status`))?.[1];
    console.log(
      `  idle for ${idleSeconds} s: ${percent(0)} % of a core here, ${percent(1)} % in the pod ` +
        `(${watched.remote}); ${Math.round(Number(memory) / 1024)} MiB here`,
    );
    await this.sh("kodama sync stop --forget");
  }

  /** Hundredths of a second that a process has used. */
  private async ticks(pid: number): Promise<number> {
    return ticksOf(await this.sh(`cat /proc/${pid}/stat`));
  }

  /** The same of all processes of the pod but its first, with what their children used. */
  private async podTicks(): Promise<number> {
    const stats = await this.sh(
      `${this.kubectl} exec bench -- sh -c 'for one in /proc/[0-9]*; do case $(tr "\\0" " " <$one/cmdline) in ` +
        `*kodama*) cat $one/stat ;; esac; done'`,
    );
    return stats.trim().split("\n").reduce((sum, line) => sum + ticksOf(line), 0);
  }
}

function ticksOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

function exists(path: string): Promise<boolean> {
  return Deno.lstat(path).then(() => true, () => false);
}

function seconds(time: number): string {
  return `${(time / 1000).toFixed(2)} s`;
}

function ms(time: number): string {
  return `${Math.round(time)} ms`;
}

async function main(words: readonly string[]): Promise<number> {
  const options = optionsOf(words);
  await using stack = new AsyncDisposableStack();
  const kodama = stack.use(await InstalledKodama.open({ fresh: true }));
  const real = realKubeconfig();
  let namespace = "default";
  if (real === undefined) await kodama.clusterUp("empty");
  else {
    const stage = stack.use(await openRealCluster(real));
    namespace = stage.namespace;
    await Deno.writeTextFile(`${kodama.folder}/kubeconfig`, stage.kubeconfig, { mode: 0o600 });
    kodama.env = { ...kodama.env, KUBECONFIG: `${kodama.folder}/kubeconfig` };
  }
  const fixture = new Fixture(kodama, namespace, options);
  // A sync that outlives a benchmark that failed would keep its folder busy.
  stack.defer(() => fixture.sh("kodama sync stop || true").then(() => {}));
  await fixture.prepare();
  console.log(`${real === undefined ? "embedded" : "real"} cluster, image ${options.image}`);
  await fixture.initial();
  await fixture.saves();
  await fixture.idle();
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
