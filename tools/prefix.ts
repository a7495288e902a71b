/** The paths of an installation. */

/** The folders below one prefix. Absolute paths. */
export interface Prefix {
  /** Launchers; shared with other programs. */
  bin: string;
  /** kodama's own, one folder for each version. */
  versions: string;
}

/** Returns the folders below `path`. */
export function prefixAt(path: string): Prefix {
  return { bin: `${path}/bin`, versions: `${path}/lib/kodama` };
}

/** Returns `--prefix DIR` of the command line as an absolute path, `~/.local` by default. Throws on other args. */
export function parsePrefix(words: readonly string[]): string {
  const [flag, value, ...rest] = words.flatMap((word) =>
    word.startsWith("--prefix=") ? ["--prefix", word.slice("--prefix=".length)] : [word]
  );
  if (flag === undefined) return `${homeFolder()}/.local`;
  if (flag !== "--prefix" || value === undefined || value === "" || rest.length > 0) {
    throw new Error("usage: deno task install [--prefix DIR]");
  }
  const absolute = value.startsWith("/")
    ? value
    : `${Deno.env.get("INIT_CWD") ?? Deno.cwd()}/${value}`;
  return absolute.replace(/(?<=.)\/+$/, "");
}

function homeFolder(): string {
  const home = Deno.env.get("HOME");
  if (!home) throw new Error("HOME isn't set; say where to install: --prefix DIR");
  return home;
}
