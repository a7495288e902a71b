/** The destination path and name of each target's copy. */
import { UsageError } from "../../base/errors.ts";
import { outputFileName } from "../../exec/target_names.ts";
import type { Target } from "../../kube/select/target.ts";
import type { CopyDirection, PlannedCopy } from "./events.ts";

/** Returns the last part of a path: a copy's name in a folder. `.` if the path names a folder's content. */
export function nameOf(path: string): string {
  const name = path.replace(/\/+$/, "").split("/").at(-1) ?? "";
  return name === "" || name === ".." ? "." : name;
}

const placeHolder = /\{(pod|namespace|context|container|node)\}/g;

/** Returns whether a local path is already distinct for each pod. */
export function hasPlaceHolders(path: string): boolean {
  return path.search(placeHolder) >= 0;
}

/** Returns the local path of a pod, as requested: inside the folder of that name if there is such a folder. */
export function localPathOf(
  way: Extract<CopyDirection, { kind: "fromPods" }>,
  target: Target,
  name: string,
): string {
  if (hasPlaceHolders(way.local)) {
    return way.local.replace(
      placeHolder,
      (_, part: keyof Target) => outputFileName(String(target[part] ?? "")),
    );
  }
  if (!way.perPod) return way.local;
  return `${way.local.replace(/\/+$/, "") || (way.local === "" ? "." : "")}/${
    outputFileName(name)
  }/`;
}

/** Returns a target's copy in the form of command-line args. */
export function plannedCopy(way: CopyDirection, target: Target, name: string): PlannedCopy {
  switch (way.kind) {
    case "toPods":
      return { from: way.local, to: `${name}:${way.remote}` };
    case "fromPods": {
      const to = localPathOf(way, target, name);
      const within = to.endsWith("/") && nameOf(way.remote) !== ".";
      return { from: `${name}:${way.remote}`, to: within ? to + nameOf(way.remote) : to };
    }
    case "podToPods": {
      const [operand] = way.source.operands;
      const pod = operand?.kind === "pod" ? operand.name : "";
      return { from: `${pod}:${way.from}`, to: `${name}:${way.to}` };
    }
  }
}

/** Throws UsageError if two pods' copies would have the same path. */
export function checkApart(copies: readonly PlannedCopy[]): void {
  const seen = new Set<string>();
  for (const { to } of copies) {
    if (seen.has(to)) {
      throw new UsageError(`the copies of several pods would all be ${to}`, {
        hint:
          "leave out the pod before the colon for a folder of each pod, or put {pod} into the path",
      });
    }
    seen.add(to);
  }
}
