/** A workflow's `copy` step, run by the code of `kodama cp`. */
import { absolutePath } from "../../base/absolute_path.ts";
import type { Copying, CopyWork } from "../../workflow/engine/environment.ts";
import type { Copied } from "../../workflow/step_events.ts";
import type { CopyDirection } from "../copy/events.ts";
import { checkApart, localPathOf, plannedCopy } from "../copy/paths.ts";
import { ProgressBoard } from "../copy/progress.ts";
import { type CopyScene, copyTarget } from "../copy/copy_target.ts";
import type { Host } from "../host.ts";

/**
 * Returns the copy of a step; no target has started yet.
 *
 * @throws KodamaError if a local source can't be read; UsageError if two targets would write the same file.
 */
export async function copyingOf(host: Host, work: CopyWork): Promise<Copying> {
  const { folder, targets, timeoutMs, note, permit } = work;
  const way: Exclude<CopyDirection, { kind: "podToPods" }> = work.way.kind === "toPods"
    ? { ...work.way, kind: "toPods" }
    // Always per pod: the paths don't depend on how many pods a run happens to have.
    : { ...work.way, kind: "fromPods", perPod: true };
  const copies = targets.map(({ target, name }) => plannedCopy(way, target, name));
  checkApart(copies);
  for (const path of localPaths(way, work)) await permit(path);
  const files = await host.copyFiles();
  const local = way.kind === "toPods"
    ? await files.source(absolutePath(way.local, folder))
    : undefined;
  const board = new ProgressBoard(host.clock, () => {});
  const copied = new Map<string, Copied>();
  const nameOf = (target: number) => targets[target]?.name ?? "";
  const scene: CopyScene = {
    options: { way, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
    files,
    workingDir: folder,
    local,
    sourcePod: undefined,
    meterOf: (target, expected) => board.meter(target, expected),
    doneBytes: (target) => board.done(target),
    nameOf,
    note: (target, text) => note(nameOf(target), text),
    resumable: new Set(),
    ended: (target, { files, bytes }) =>
      void copied.set(nameOf(target), { to: copies[target]?.to ?? "", files, bytes }),
  };
  return {
    perform: (run) => copyTarget(scene, run),
    copied: (name) => copied.get(name),
  };
}

/** Returns every path of this machine that the copy reads or writes. */
function localPaths(
  way: Exclude<CopyDirection, { kind: "podToPods" }>,
  { folder, targets }: CopyWork,
): Set<string> {
  if (way.kind === "toPods") return new Set([absolutePath(way.local, folder)]);
  return new Set(
    targets.map(({ target, name }) => absolutePath(localPathOf(way, target, name), folder)),
  );
}
