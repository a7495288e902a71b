/** A `script` step: runs its code in the sandbox with the workflow's permissions; the script's end is the step's. */
import { KodamaError } from "../../base/errors.ts";
import type { JsonValue } from "../../base/json_value.ts";
import { absolute } from "../permissions.ts";
import { failed, ok, type StepEnd } from "../step_kind.ts";
import { scriptApi } from "./script_api.ts";
import type { Stage, StageTarget } from "./step_context.ts";

/** The code or its file, its input, and its bounds. */
export interface SandboxRun {
  code?: string;
  file?: string;
  input: unknown;
  timeoutMs: number;
  memoryMiB: number;
}

/** Runs the script until it ends. */
export async function runInSandbox(stage: Stage, run: SandboxRun): Promise<StepEnd> {
  const { workflow, world, signal, key } = stage;
  const folder = workflow.path.slice(0, workflow.path.lastIndexOf("/"));
  const path = run.file === undefined ? workflow.path : absolute(run.file, folder);
  const code = run.code ?? await world.local.readText(path);
  if (code === undefined) {
    throw new KodamaError("notFound", `there is no script ${path}`);
  }
  const targets = await targetsOf(stage);
  const end = await world.runScript(
    {
      step: key,
      code,
      path,
      line: 1,
      input: run.input as JsonValue,
      targets: targets.flatMap(({ name, target: { namespace }, unreachable }) =>
        unreachable === undefined ? [{ name, namespace }] : []
      ),
      folder,
    },
    workflow.permissions,
    scriptApi(stage, targets),
    { signal, timeoutMs: run.timeoutMs, memoryMiB: run.memoryMiB },
  );
  switch (end.kind) {
    case "ok":
      return ok({ value: end.output });
    case "failed":
      return failed(
        end.line === undefined ? end.message : `line ${end.line} of the script: ${end.message}`,
      );
    case "denied":
      return {
        outcome: { kind: "denied", reason: `the script isn't granted ${end.what}` },
        output: {},
      };
    case "limit":
      return end.which === "time"
        ? { outcome: { kind: "timeout", afterMs: run.timeoutMs, limit: "cpuTime" }, output: {} }
        : failed(`the script went beyond its limit of ${end.which}`);
    case "cancelled":
      return { outcome: { kind: "cancelled" }, output: {} };
  }
}

/** Returns the pods that it may name; a script runs without any, too. */
async function targetsOf(stage: Stage): Promise<StageTarget[]> {
  return Object.keys(stage.workflow.select).length > 0 ? await stage.targets({}) : [];
}

/** Returns whether the text is the path of a code file, rather than code. */
export function isFile(script: string): boolean {
  return /^\S+\.ts$/.test(script);
}
