// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:start [--guard] [--rounds N]`: what a start of kodama costs, beside kubectl's; and one of the
 * npm package, beside the installed program's.
 *
 * Alternating runs of the installed launchers, on a warm embedded cluster. With `--guard` the exit code reports
 * whether a comparison left its bound. It is there to notice a start that doubled, not a slow afternoon: the ratio of
 * the fastest runs, that of the medians and the median of each pair's own have to exceed it together. Other work on the
 * machine disturbs one or two of them, because it hits runs at random; a start that costs more shows in all three.
 */
import { InstalledKodama } from "../harness/installed_kodama.ts";
import { version } from "../../src/cli/version.ts";
import { readPermissionSet } from "../../tools/permissions.ts";
import { makeNpmPackage, npmName } from "../../tools/release/npm_package.ts";
import { runProgram } from "../../tools/release/run_program.ts";
import { builtBundle } from "../harness/built_kodama.ts";
import { alternate, type Contender, median, ratios } from "./alternate.ts";

/** A comparison, the ratio of medians to reach, and the ratio of all measures at which the guard reports it. */
interface Comparison {
  kodama: Contender;
  other: Contender;
  target: number;
  bound: number;
}

/** The pod of the world that is asked. */
interface Pod {
  namespace: string;
  name: string;
}

function comparisons(
  kodama: InstalledKodama,
  { npm, pod: { namespace, name } }: { npm: string; pod: Pod },
): Comparison[] {
  const launcher = kodama.command("kodama");
  const contender = (program: string, words: string): Contender => ({
    name: `${program === npm ? "npm's kodama" : program.split("/").at(-1)} ${words}`,
    program,
    words: words.split(" "),
  });
  const exec = `exec -n ${namespace} ${name} -- true`;
  return [
    {
      kodama: contender(launcher, "version"),
      other: contender("kubectl", "version --client"),
      target: 0.6,
      bound: 0.8,
    },
    {
      kodama: contender(launcher, exec),
      other: contender("kubectl", exec),
      target: 1.0,
      bound: 1.3,
    },
    {
      kodama: contender(npm, "version"),
      other: contender(launcher, "version"),
      target: 1.1,
      bound: 1.2,
    },
    {
      kodama: contender(npm, exec),
      other: contender(launcher, exec),
      target: 1.1,
      bound: 1.2,
    },
  ];
}

/** Returns the launcher of the npm package, in the folders that `npm install --global` makes. */
async function npmInstalled(folder: string): Promise<string> {
  const { folder: bundled } = await builtBundle();
  const sets = {
    kodama: await readPermissionSet("kodama"),
    cluster: await readPermissionSet("cluster"),
  };
  const work = `${folder}/npm-work`;
  const modules = `${folder}/npm/lib/node_modules`;
  for (const path of [work, modules, `${folder}/npm/bin`]) {
    await Deno.mkdir(path, { recursive: true });
  }
  const archive = await makeNpmPackage(folder, {
    ...{ version, seconds: 0, bundled, work, licence: "", sets },
  });
  await runProgram(["tar", "-xzf", `${folder}/${archive}`, "-C", modules]);
  const root = `${modules}/${npmName}`;
  await Deno.rename(`${modules}/package`, root);
  await Deno.mkdir(`${root}/node_modules/deno`, { recursive: true });
  await runProgram(["cp", Deno.execPath(), `${root}/node_modules/deno/deno`]);
  await runProgram(["sh", "bin/warm"], { cwd: root });
  const launcher = `${folder}/npm/bin/kodama`;
  await Deno.symlink(`../lib/node_modules/${npmName}/bin/kodama`, launcher);
  return launcher;
}

async function firstPod(kodama: InstalledKodama): Promise<Pod> {
  const fields = "jsonpath={.items[0].metadata.namespace} {.items[0].metadata.name}";
  const { code, stdout, stderr } = await kodama.run("kubectl", [
    "get",
    "pods",
    "-A",
    "--field-selector=status.phase=Running",
    "-o",
    fields,
  ]);
  const [namespace, name] = stdout.trim().split(" ");
  if (code !== 0 || !namespace || !name) throw new Error(`there is no pod to ask: ${stderr}`);
  return { namespace, name };
}

async function main(words: readonly string[]): Promise<number> {
  const guard = words.includes("--guard");
  const rounds = Number(words[words.indexOf("--rounds") + 1 || words.length] ?? 25);
  await using kodama = await InstalledKodama.open({ fresh: true });
  await kodama.clusterUp("weka");
  const pod = await firstPod(kodama);
  let left = 0;
  console.log(
    `medians of ${rounds} alternating runs, in milliseconds, and the ratios of pairs and of the fastest\n`,
  );
  const npm = await npmInstalled(kodama.folder);
  console.log("kodama    other  ratio  target  paired  fastest");
  for (const { kodama: own, other, target, bound } of comparisons(kodama, { npm, pod })) {
    const times = await alternate([own, other], {
      rounds,
      env: kodama.env,
      cwd: kodama.workFolder,
    });
    const [ours = [], theirs = []] = times;
    const { medians, paired, fastest } = ratios(ours, theirs);
    if (!(Math.min(medians, paired, fastest) <= bound)) left++;
    const columns = [
      median(ours).toFixed(1),
      median(theirs).toFixed(1),
      medians.toFixed(2),
      target.toFixed(1),
      paired.toFixed(2),
      fastest.toFixed(2),
    ];
    const widths = [6, 7, 5, 6, 6, 7];
    const cells = columns.map((text, index) => text.padStart(widths[index] ?? 0));
    console.log(`${cells.join("  ")}  ${own.name}, beside ${other.name}`);
  }
  return guard && left > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
