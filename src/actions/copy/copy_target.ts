/** A target's copy: from its first stream to its outcome, resumed if the connection breaks. */
import { copyFields } from "../../copy/copy.ts";
import { absolutePath } from "../../base/absolute_path.ts";
import { Deadline, passed } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import { Backoff } from "../../base/retry.ts";
import {
  CopyFailure,
  noShell,
  type OpenCopyScript,
  startCopyScript,
} from "../../copy/pod_script.ts";
import {
  type Checksums,
  checksumsOf,
  type CopyTotals,
  type FileSource,
  keyOf,
  knownBytes,
  type Meter,
  type TreeSource,
} from "../../copy/source.ts";
import { openPodSource } from "../../copy/from_pod.ts";
import type { LocalFiles } from "../../copy/local_files.ts";
import { TarError } from "../../copy/tar_header.ts";
import { saveFile, saveSparse, saveTree } from "../../copy/to_local.ts";
import { type PodDestination, sendFile, sendTree } from "../../copy/to_pod.ts";
import { type Outcome, outcomeOfCopyError, outcomeOfStop } from "../../exec/outcome.ts";
import { reasonOrName } from "../../exec/reason.ts";
import { openStream } from "../../exec/run_target.ts";
import type { OpenExec, TargetRun } from "../../exec/run_options.ts";
import type { Target } from "../../kube/select/target.ts";
import type { CopyOptions } from "./events.ts";
import { hasPlaceHolders, localPathOf, nameOf } from "./paths.ts";

/** The context that all targets of a run share. */
export interface CopyScene {
  options: Pick<CopyOptions, "way" | "timeoutMs" | "retries" | "checksum">;
  files: LocalFiles;
  workingDir: string;
  /** The local source; undefined if the source is a pod. */
  local: FileSource | TreeSource | undefined;
  /** The pod to copy from; only of `podToPods`. */
  sourcePod: Target | undefined;
  meterOf(target: number, expected: number | undefined): Meter;
  /** Returns how many bytes of a target's copy are done. */
  doneBytes(target: number): number;
  nameOf(target: number): string;
  note(target: number, text: string): void;
  /** Targets whose copy, if stopped, can be resumed. */
  resumable: Set<number>;
  /** Called when a copy has completed. */
  ended(target: number, totals: CopyTotals): void;
  /** Where the copies of folders are in their pods, once the first attempt has found it. */
  destinations: Map<number, PodDestination>;
}

/** Delays before a copy is resumed. */
const delays = { delayMs: 100, maxDelayMs: 5000 };

const resumeText = "what has arrived is kept, and the same command resumes from it";

/** Copies. Rejects only if kodama itself has a bug. */
export async function copyTarget(scene: CopyScene, run: TargetRun): Promise<Outcome> {
  const { timeoutMs } = scene.options;
  using deadline = new Deadline(run.options.clock, timeoutMs, run.cancelled);
  const within = { ...run, cancelled: deadline.signal };
  const { clock } = run.options;
  const policy = {
    ...delays,
    attempts: (scene.options.retries ?? copyFields.retries.default) + 1,
  };
  const backoff = new Backoff(policy, { clock, signal: deadline.signal });
  let furthest = 0;
  let doubt: Outcome | undefined;
  for (;;) {
    try {
      const totals = await copyOnce(scene, within);
      scene.ended(run.index, totals);
      for (const note of totals.notes) scene.note(run.index, note);
      if (totals.failure === undefined) return { kind: "ok" };
      return outcomeOfCopyError(totals.failure);
    } catch (error) {
      const failure = failureOf(error);
      const remains = scene.resumable.has(run.index) ? { left: resumeText } : {};
      if (deadline.expired && timeoutMs !== undefined) {
        return outcomeOfStop({ kind: "timeout", afterMs: timeoutMs }, remains);
      }
      if (deadline.signal.aborted) return outcomeOfStop({ kind: "cancelled" }, remains);
      const reached = scene.doneBytes(run.index);
      // An attempt that got further is progress if the next attempt resumes there.
      if (scene.resumable.has(run.index) && reached > furthest) backoff.reset();
      furthest = Math.max(furthest, reached);
      const { outcome } = failure;
      if (outcome.kind === "unknown") doubt = outcome;
      const delayMs = backoff.next();
      if (!failure.again || delayMs === undefined) {
        // An attempt that couldn't begin says nothing about an earlier attempt, which may have arrived.
        return outcome.kind === "unreachable" ? doubt ?? outcome : outcome;
      }
      scene.note(run.index, `${reasonOrName(outcome)}: going on`);
      await passed(clock, delayMs, { signal: deadline.signal });
    }
  }
}

function failureOf(error: unknown): CopyFailure {
  if (error instanceof CopyFailure) return error;
  if (error instanceof KodamaError || error instanceof TarError) {
    return new CopyFailure(outcomeOfCopyError(error.message));
  }
  throw error;
}

async function copyOnce(scene: CopyScene, run: TargetRun): Promise<CopyTotals> {
  const { way } = scene.options;
  switch (way.kind) {
    case "toPods":
      return await copyToPod(scene, run, way);
    case "fromPods":
      return await copyFromPod(scene, run, way);
    case "podToPods":
      return await copyBetween(scene, run, way);
  }
}

async function copyToPod(
  scene: CopyScene,
  run: TargetRun,
  { local, remote }: { local: string; remote: string },
): Promise<CopyTotals> {
  const { local: source } = scene;
  if (source === undefined) throw new TypeError("nothing to copy");
  const meter = scene.meterOf(run.index, knownBytes(source));
  const name = /(?:^|\/)\.$/.test(local) ? "." : nameOf(absolutePath(local, scene.workingDir));
  const to = destination(scene, run, { path: remote, name, meter });
  if (source.kind === "file") scene.resumable.add(run.index);
  return source.kind === "file" ? await sendFile(source, to) : await sendTree(source, to);
}

async function copyFromPod(
  scene: CopyScene,
  run: TargetRun,
  way: Extract<CopyOptions["way"], { kind: "fromPods" }>,
): Promise<CopyTotals> {
  const { files } = scene;
  await using opened = await openPodSource(originOf(scene, run, way.remote));
  const { source } = opened;
  const meter = scene.meterOf(run.index, knownBytes(source));
  const path = await localDestination(scene, run, way);
  const key = await keyOf([source.key, path]);
  if (source.kind === "tree") {
    await using folder = await files.unpackFolder(path, key);
    return await saveTree(source, folder, meter);
  }
  await using partial = await files.partialFile(path, key);
  if (source.kind === "file" && source.checksum !== undefined) scene.resumable.add(run.index);
  return source.kind === "file"
    ? await saveFile(source, partial, meter)
    : await saveSparse(source, partial, meter);
}

/** As in `cp`: into an existing folder, under its own name; otherwise under the given name. */
async function localDestination(
  { files, workingDir, nameOf: targetName }: CopyScene,
  run: TargetRun,
  way: Extract<CopyOptions["way"], { kind: "fromPods" }>,
): Promise<string> {
  const asked = localPathOf(way, run.target, targetName(run.index));
  const base = absolutePath(asked, workingDir);
  const own = way.perPod && !hasPlaceHolders(way.local);
  const within = own || asked.endsWith("/") || await files.kindOf(base) === "folder";
  const name = nameOf(way.remote);
  if (!within || name === ".") return base;
  return `${base === "/" ? "" : base}/${name}`;
}

async function copyBetween(
  scene: CopyScene,
  run: TargetRun,
  way: Extract<CopyOptions["way"], { kind: "podToPods" }>,
): Promise<CopyTotals> {
  const { sourcePod } = scene;
  if (sourcePod === undefined) throw new TypeError("no pod to copy from");
  const fromRun = { ...run, target: sourcePod };
  await using opened = await openPodSource(originOf(scene, fromRun, way.from));
  const source = opened.source.kind === "sparse" ? opened.source.whole : opened.source;
  const meter = scene.meterOf(run.index, knownBytes(source));
  const to = destination(scene, run, { path: way.to, name: nameOf(way.from), meter });
  return source.kind === "file" ? await sendFile(source, to) : await sendTree(source, to);
}

function destination(
  scene: CopyScene,
  run: TargetRun,
  { path, name, meter }: { path: string; name: string; meter: Meter },
): PodDestination {
  const how = scene.destinations.get(run.index)?.how;
  const to = { open: opener(run), path, name, checksums: checksumsIn(scene), meter };
  const destination: PodDestination = how === undefined ? to : { ...to, how };
  scene.destinations.set(run.index, destination);
  return destination;
}

function originOf(scene: CopyScene, run: TargetRun, path: string) {
  const { context, namespace, pod, container, uid = "" } = run.target;
  const identity = [context, namespace, pod, container, uid].join("/");
  return { open: opener(run), path, checksums: checksumsIn(scene), identity };
}

function checksumsIn({ options, files }: CopyScene): Checksums {
  return checksumsOf(options.checksum ?? copyFields.checksum.default, files);
}

/** Runs scripts in the target, retried like the streams of a run. The signal ends a running script when it aborts. */
function opener(run: TargetRun): OpenCopyScript {
  const open: OpenExec = (target, request, signal, onSent) =>
    run.options.open(target, { ...request, bulk: true }, signal, onSent);
  const inBulk = { ...run, options: { ...run.options, open } };
  return (script, args) =>
    startCopyScript(script, args, {
      signal: run.cancelled,
      async open({ command, transfers }) {
        const opened = await openStream(transfers ? inBulk : run, [...command], "preamble");
        if ("channel" in opened) return opened.channel;
        if (opened.kind === "noShell") throw noShell();
        const again = opened.outcome.kind === "unknown";
        throw new CopyFailure(opened.outcome, again);
      },
    });
}
