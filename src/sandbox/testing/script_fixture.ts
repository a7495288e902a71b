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
export interface ScriptFixture {
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
  /** The program that is started as Deno. */
  deno?: string;
}

/** The result. */
export interface ScriptResult {
  end: ScriptEnd;
  log: readonly string[];
  /** Calls that passed the sandbox, with their requests. */
  calls: readonly unknown[];
}

const timeoutMs = 60_000;

/** Two pods in two namespaces are the selection. */
export const fixtureTargets = [
  { name: "web-0", namespace: "shop" },
  { name: "db-0", namespace: "data" },
];

/** Runs the code as the lines of a file from line 10 on. */
export async function runFixture(code: string, fixture: ScriptFixture = {}): Promise<ScriptResult> {
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
    ...fixture.api,
    log: (line) => {
      log.push(line);
      if (line === fixture.timeIsUpAt) clock.step();
      if (line === fixture.cancelAt) cancelling.abort();
    },
  };
  const run = scriptRunner({
    clock,
    deno: fixture.deno ?? Deno.execPath(),
    hasShell: true,
    protectedPaths: fixture.protectedPaths ?? [],
  });
  const end = await run(
    {
      step: "fix",
      code,
      path: "workflows/fix.yaml",
      line: 10,
      input: fixture.input ?? null,
      targets: fixtureTargets,
      folder: fixture.folder ?? "/",
    },
    { ...noPermissions, ...fixture.permissions },
    api,
    { signal: cancelling.signal, timeoutMs, memoryMiB: fixture.memoryMiB ?? 64 },
  );
  return { end, log, calls };
}
