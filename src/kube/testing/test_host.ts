/** A machine for tests: given files and variables, a clock that a test moves. */
import { ManualClock } from "../../base/testing/manual_clock.ts";
import type { KubeHost } from "../host.ts";

/** The state that a test can read and change. */
export interface TestHost extends KubeHost {
  readonly clock: ManualClock;
  readonly warnings: string[];
  /** Programs that were run, as JSON. */
  readonly runs: {
    command: string;
    args: readonly string[];
    env: Record<string, string>;
    signal: AbortSignal;
  }[];
  files: Record<string, string>;
}

/** @param answers the result, or the error, of each run of a program, in order; or that it hangs. */
export function testHost(
  { files = {}, env = {}, answers = [], interactive = false }: {
    files?: Record<string, string>;
    env?: Record<string, string>;
    answers?: ({ code: number; stdout: string } | Error | "hangs")[];
    interactive?: boolean;
  } = {},
): TestHost {
  const remaining = [...answers];
  const host: TestHost = {
    files,
    clock: new ManualClock(),
    warnings: [],
    runs: [],
    env: (name) => env[name],
    readText(path) {
      const text = host.files[path];
      if (text === undefined) return Promise.reject(new Deno.errors.NotFound(path));
      return Promise.resolve(text);
    },
    run(command, args, options) {
      const { env, signal } = options;
      host.runs.push({ command, args, env, signal });
      const answer = remaining.shift() ?? new Error("the test gave no answer to this run");
      if (answer === "hangs") return new Promise<never>(() => {});
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    isInteractive: () => interactive,
    random: () => 0.5,
    warn: (message) => void host.warnings.push(message),
  };
  return host;
}
