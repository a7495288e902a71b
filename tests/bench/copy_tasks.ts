/** Copies that both programs make: what is copied, into which pods, and whether it is the same afterwards. */
import type { BenchStage } from "./bench_stage.ts";
import { measure, type Run } from "./measure.ts";

/** How much is copied. */
export interface CopySizes {
  /** Of the one large file. */
  mib: number;
  /** Small ones, in a hundred folders. */
  files: number;
}

/** A copy that both programs make. */
export interface CopyTask {
  name: string;
  /** The pod, which is called as its image is. */
  pod: string;
  /** What is there on both sides. */
  source: "large" | "small";
  way: "into" | "out";
}

/** The two that are compared. */
export type CopyProgram = "kubectl" | "kodama";

/** The sum of a file, or one over all files of a folder, here or behind words that run a shell elsewhere. */
async function sumOf(stage: BenchStage, path: string, inPod = ""): Promise<string> {
  const script = `LC_ALL=C; export LC_ALL; if [ -d ${path} ]; then cd ${path}; ` +
    `find . -type f | sort | xargs md5sum | md5sum; else md5sum <${path}; fi`;
  return (await stage.run(inPod === "" ? script : `${inPod} sh -c '${script}'`)).trim();
}

/** Makes what is copied, in the folder of the stage; gives the sums. */
export async function makeSources(
  stage: BenchStage,
  { mib, files }: CopySizes,
): Promise<Record<CopyTask["source"], string>> {
  await stage.run(`head -c ${mib * 1024 * 1024} /dev/urandom >large`);
  const script = `mkdir small; cd small; for folder in $(seq 1 100); do mkdir $folder; ` +
    `for file in $(seq 1 ${Math.ceil(files / 100)}); do ` +
    `echo "$folder $file" >$folder/$file; done; done`;
  await stage.run(script);
  return { large: await sumOf(stage, "large"), small: await sumOf(stage, "small") };
}

/** Starts a pod of an image, with what is copied out of it. */
export async function startPod(stage: BenchStage, pod: string, image: string): Promise<void> {
  await stage.apply(JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: pod },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{
        name: "main",
        image,
        imagePullPolicy: "IfNotPresent",
        command: ["sleep", "2147483647"],
      }],
    },
  }));
  await stage.kubectl(`wait --for=condition=Ready pod/${pod} --timeout=120s`);
  for (const source of ["large", "small"]) {
    await stage.run(`kodama cp -n ${stage.namespace} ${source} ${pod}:/tmp/${source}`);
  }
}

/** A copy that was made. */
export interface CopyRun extends Run {
  /** It is the same bytes. */
  whole: boolean;
}

/**
 * One copy by one program. Throws where kodama's isn't the same bytes.
 *
 * Many files stay, and each copy goes to a place of its own: an ext4 without a journal looks at every inode that was
 * deleted in the last minutes before it takes one, so a copy after a deletion is up to ten times
 * slower, and that would always be the second.
 */
export async function makeCopy(
  stage: BenchStage,
  { pod, source, way }: CopyTask,
  { program, round, wanted, metered }: {
    program: CopyProgram;
    round: number;
    wanted: string;
    metered: boolean;
  },
): Promise<CopyRun> {
  const inPod = `kubectl -n ${stage.namespace} exec ${pod} --`;
  const name = `${source}-of-${program}-${pod}-${round}`;
  const [from, to] = way === "into"
    ? [source, `${pod}:/tmp/${name}`]
    : [`${pod}:/tmp/${source}`, name];
  const command = `${program} -n ${stage.namespace} cp ${from} ${to}`;
  const run = await measure(stage.job(command), { metered });
  const whole = run.code === 0 &&
    wanted ===
      (way === "into" ? await sumOf(stage, `/tmp/${name}`, inPod) : await sumOf(stage, name));
  // kubectl cp may fail, or end early without a message: the report says so, and the measurement continues.
  if (!whole && program === "kodama") {
    throw new Error(`${command}: not the same bytes, exit code ${run.code}: ${run.stderr}`);
  }
  if (source === "large") {
    await stage.run(way === "into" ? `${inPod} rm -f /tmp/${name}` : `rm -f ${name}`);
  }
  return { ...run, whole };
}
