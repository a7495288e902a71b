/** Runs a script for real, with a clock that a test moves and an API with fixed answers. */
import { ManualClock } from "../../base/testing/manual_clock.ts";
import type { JsonValue } from "../../base/json_value.ts";
import {
  noPermissions,
  type Permissions,
  type ScriptApi,
  type ScriptEnd,
} from "../../workflow/model.ts";
import { scriptRunner } from "../run_script.ts";

/** The setup of a test. */
export interface Scene {
  permissions?: Partial<Permissions>;
  input?: JsonValue;
  memoryMiB?: number;
  /** When the script has logged this, its time limit is reached. */
  timeIsUpAt?: string;
  /** When the script has logged this, the run is cancelled. */
  cancelAt?: string;
  api?: Partial<ScriptApi>;
  protectedPaths?: readonly string[];
  folder?: string;
}

/** The result. */
export interface SceneEnd {
  end: ScriptEnd;
  log: readonly string[];
  /** Calls that passed the sandbox, with their requests. */
  calls: readonly unknown[];
}

const timeoutMs = 60_000;

/** Two pods in two namespaces are the selection. */
export const sceneTargets = [
  { name: "web-0", namespace: "shop" },
  { name: "db-0", namespace: "data" },
];

/** Runs the code as the lines of a file from line 10 on. */
export async function runScene(code: string, scene: Scene = {}): Promise<SceneEnd> {
  const clock = new ManualClock();
  const cancelling = new AbortController();
  const log: string[] = [];
  const calls: unknown[] = [];
  const called = (name: string) => (request: unknown) => {
    calls.push({ [name]: request });
    return Promise.resolve({});
  };
  const api: ScriptApi = {
    exec: called("exec") as ScriptApi["exec"],
    get: called("get") as ScriptApi["get"],
    logs: async () => await Promise.resolve(["a line"]),
    ...scene.api,
    log: (line) => {
      log.push(line);
      if (line === scene.timeIsUpAt) clock.step();
      if (line === scene.cancelAt) cancelling.abort();
    },
  };
  const run = scriptRunner({
    clock,
    deno: Deno.execPath(),
    hasShell: true,
    protectedPaths: scene.protectedPaths ?? [],
  });
  const end = await run(
    {
      step: "fix",
      code,
      path: "workflows/fix.yaml",
      line: 10,
      input: scene.input ?? null,
      targets: sceneTargets,
      folder: scene.folder ?? "/",
    },
    { ...noPermissions, ...scene.permissions },
    api,
    { signal: cancelling.signal, timeoutMs, memoryMiB: scene.memoryMiB ?? 64 },
  );
  return { end, log, calls };
}
