/** Local scripts: which Deno runs them. */
import type { Clock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import type { RunScript } from "../workflow/model.ts";
import { scriptRunner } from "./run_script.ts";

/** Options of {@link localScriptRunner}. */
export interface LocalRunnerOptions {
  clock: Clock;
  /** kodama's own folders: no script may write to them. */
  protectedPaths: readonly string[];
  /** Returns the path of a program on PATH, or undefined. */
  findProgram(name: string): Promise<string | undefined>;
}

/**
 * From source and installed, kodama's own Deno runs scripts too: nothing else is needed. A `deno compile` binary has a
 * runtime that runs kodama alone; then it is the `deno` on PATH.
 *
 * The runner rejects with KodamaError `environment` if there is none.
 */
export function localScriptRunner(options: LocalRunnerOptions): RunScript {
  const { clock, protectedPaths, findProgram } = options;
  return async (script, permissions, api, bounds) => {
    const deno = Deno.build.standalone ? await findProgram("deno") : Deno.execPath();
    if (deno === undefined) {
      throw new KodamaError(
        "environment",
        `step ${script.step}: cannot run scripts: deno not found`,
        {
          hint: "install Deno (https://deno.com), or an uncompiled kodama, which brings its own",
        },
      );
    }
    const run = scriptRunner({
      clock,
      deno,
      hasShell: Deno.build.os !== "windows",
      protectedPaths,
    });
    return await run(script, permissions, api, bounds);
  };
}
