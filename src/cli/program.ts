/**
 * The names under which kodama is started. `kpod` is `kodama exec`, `kwekash` is `kodama run kwekash`,
 * and kubectl finds `kubectl-kodama` as its plugin; messages show the name that was used.
 */

/** A name, and the args that it stands for. */
export interface Program {
  /** As typed: `kubectl kodama`. */
  spoken: string;
  /** Args that go before the ones on the command line. */
  prefix: readonly string[];
  /** It runs the workflow that comes with kodama, even if a repository has one of the same name. */
  shippedOnly?: true;
}

const programs: Readonly<Record<string, Program>> = {
  "kodama": { spoken: "kodama", prefix: [] },
  "kpod": { spoken: "kpod", prefix: ["exec"] },
  "kwekash": { spoken: "kwekash", prefix: ["run", "kwekash"], shippedOnly: true },
  "kubectl-kodama": { spoken: "kubectl kodama", prefix: [] },
};

/** Returns the program for a name or the path of an executable. An unknown name (a renamed file) is `kodama`. */
export function programOf(name: string): Program {
  const base = (name.split(/[\\/]/).at(-1) ?? "").replace(/\.exe$/i, "");
  const known = Object.hasOwn(programs, base) ? programs[base] : undefined;
  return known ?? { spoken: "kodama", prefix: [] };
}

/** First arguments of `kpod` that stand for another program with a selection and a command of its own. */
const presets: Readonly<Record<string, string>> = { "weka": "kwekash" };

/** Returns the program for a name and its args: `kpod weka -- CMD` is `kwekash -- CMD`. */
export function startedAs(
  name: string,
  args: readonly string[],
): { program: Program; args: readonly string[] } {
  const program = programOf(name);
  const [first = "", ...rest] = args;
  const preset = program.spoken === "kpod" && Object.hasOwn(presets, first)
    ? presets[first]
    : undefined;
  if (preset === undefined) return { program, args };
  return { program: { ...programOf(preset), spoken: `kpod ${first}` }, args: rest };
}

/**
 * Rewrites a command line of kodama for the program's name: `kodama exec web -- id` becomes
 * `kpod web -- id` if `kpod` was typed. What the name can't express stays with `kodama`.
 */
export function speak(program: Program, line: string): string {
  const full = ["kodama", ...program.prefix].join(" ");
  if (line === full) return program.spoken;
  return line.startsWith(`${full} `) ? program.spoken + line.slice(full.length) : line;
}

/* First arguments that programs pass to kodama, and people don't. They aren't in help. */

/** `__complete ARG…`: a shell requests candidates for the last argument. */
export const completeCommand = "__complete";

/** `__serve-sync KEY`: what `sync start` starts in the background. */
export const serveSyncCommand = "__serve-sync";

/** `__serve-cluster FOLDER WORLD`: what `cluster up` starts in the background. */
export const serveClusterCommand = "__serve-cluster";

/** `__serve-forward NAME`: what `forward --detach` starts in the background. */
export const serveForwardCommand = "__serve-forward";
