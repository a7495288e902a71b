/**
 * The names under which kodama is started. `kpod` is `kodama exec`, `kwekash` is `kodama run kwekash`,
 * and kubectl finds `kubectl-kodama` as its plugin; texts speak the name that was used.
 */

/** A name, and the words that it stands for. */
export interface Program {
  /** As a person types it: `kubectl kodama`. */
  spoken: string;
  /** Words that go before the ones on the command line. */
  prefix: readonly string[];
  /** The workflow that it runs is the one that comes with kodama, whatever a repository calls by its name. */
  shippedOnly?: true;
}

const programs: Readonly<Record<string, Program>> = {
  "kodama": { spoken: "kodama", prefix: [] },
  "kpod": { spoken: "kpod", prefix: ["exec"] },
  "kwekash": { spoken: "kwekash", prefix: ["run", "kwekash"], shippedOnly: true },
  "kubectl-kodama": { spoken: "kubectl kodama", prefix: [] },
};

/** The program behind a name or the path of an executable. An unknown name (a renamed file) is `kodama`. */
export function programOf(name: string): Program {
  const base = (name.split(/[\\/]/).at(-1) ?? "").replace(/\.exe$/i, "");
  const known = Object.hasOwn(programs, base) ? programs[base] : undefined;
  return known ?? { spoken: "kodama", prefix: [] };
}

/**
 * How a command line of kodama is said under the program's name: `kodama exec web -- id` is
 * `kpod web -- id` to one who typed `kpod`. What the name can't express stays with `kodama`.
 */
export function speak(program: Program, line: string): string {
  const meant = ["kodama", ...program.prefix].join(" ");
  if (line === meant) return program.spoken;
  return line.startsWith(`${meant} `) ? program.spoken + line.slice(meant.length) : line;
}
