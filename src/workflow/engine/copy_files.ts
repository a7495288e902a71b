/** A copy between this machine and the pods of a step, limited to the files here that `permissions` grant. */
import type { StepTargetEnd } from "../step_events.ts";
import type { StepEnd } from "../step_kind.ts";
import { type Fanout, podLimitOf } from "../pod_fields.ts";
import { fanOut } from "./fan_out.ts";
import type { EndsOutput } from "./pod_output.ts";
import type { StepContext, StepTarget } from "./step_context.ts";
import type { CopyWay } from "./environment.ts";

/** Source, destination, and bounds. */
export interface FileCopy {
  way: CopyWay;
  bounds: Fanout;
}

/** Copies in every target that an earlier run hasn't ended. */
export async function copyFiles(
  step: StepContext,
  all: readonly StepTarget[],
  { way, bounds }: FileCopy,
): Promise<StepEnd> {
  const { workflow: { path }, environment } = step;
  const need = way.kind === "toPods" ? "read" : "write";
  const copy = await environment.copy({
    way,
    folder: path.slice(0, path.lastIndexOf("/")) || "/",
    targets: all.filter(({ name, unreachable }) =>
      unreachable === undefined && !step.retained.has(name)
    ),
    permit: async (path) => void await step.requirePath(need, path),
    note: (name, text) => step.line(`${name}: ${text}`, "stderr"),
    ...(bounds.commandTimeoutMs === undefined ? {} : { timeoutMs: bounds.commandTimeoutMs }),
  });
  const work = {
    command: ["copy"],
    shell: false,
    bounds,
    copy,
    maxOutputBytes: podLimitOf(undefined),
  };
  const change = { kind: "copy", from: way.local, to: `:${way.remote}` } as const;
  return await fanOut(
    step,
    all,
    way.kind === "toPods" ? { ...work, change } : work,
    copyOutput,
  );
}

/** The fields of `output` in `steps/copy.ts`. */
function copyOutput(ends: readonly StepTargetEnd[]): EndsOutput {
  const named = (good: boolean) =>
    ends.filter(({ outcome }) => (outcome.kind === "ok") === good).map(({ name }) => name);
  const sum = (part: "files" | "bytes") =>
    ends.reduce((total, { copied }) => total + (copied?.[part] ?? 0), 0);
  const output = {
    targets: ends.map(({ name }) => name),
    ok: named(true),
    failed: named(false),
    byTarget: Object.fromEntries(ends.map(({ name, outcome, copied }) => [name, {
      outcome: outcome.kind,
      to: copied?.to ?? "",
      files: copied?.files ?? 0,
      bytes: copied?.bytes ?? 0,
    }])),
    files: sum("files"),
    bytes: sum("bytes"),
  };
  return { output };
}
