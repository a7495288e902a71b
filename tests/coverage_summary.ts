/** Coverage by module of `src/` and `packages/`, summed from a tracefile of LCOV (geninfo(1)). */

/** How many there are, and how many of them ran. */
export interface Count {
  found: number;
  hit: number;
}

/** The coverage of a module. */
export interface ModuleCoverage {
  /** Its name: a folder or a file of `src/`; `all` for their sum. */
  module: string;
  lines: Count;
  branches: Count;
}

/** Returns the coverage of each module, by name, and of all; `root` is the folder of the checkout, with its slash. */
export function summary(lcov: string, root: string): ModuleCoverage[] {
  const modules = new Map<string, ModuleCoverage>();
  const all = empty("all");
  let current: ModuleCoverage | undefined;
  for (const line of lcov.split("\n")) {
    const [field = "", value = ""] = line.split(/:(.*)/);
    if (field === "SF") {
      const name = moduleOf(value, root);
      current = name === undefined ? undefined : modules.getOrInsertComputed(name, empty);
    }
    if (current === undefined) continue;
    for (const { lines, branches } of [current, all]) {
      if (field === "LF") lines.found += Number(value);
      if (field === "LH") lines.hit += Number(value);
      if (field === "BRF") branches.found += Number(value);
      if (field === "BRH") branches.hit += Number(value);
    }
  }
  return [...[...modules.values()].sort((a, b) => a.module < b.module ? -1 : 1), all];
}

function empty(module: string): ModuleCoverage {
  return { module, lines: { found: 0, hit: 0 }, branches: { found: 0, hit: 0 } };
}

/** Tests, and what only they use, aren't measured. */
function moduleOf(path: string, root: string): string | undefined {
  if (!path.startsWith(root) || /_test\.ts$|\/testing\//.test(path)) return undefined;
  return /^(?:src|packages)\/([^/]+)/.exec(path.slice(root.length))?.[1];
}

/** `93.5%`; `-` if there is nothing to count. */
export function percentage({ found, hit }: Count): string {
  return found === 0 ? "-" : `${(hit / found * 100).toFixed(1)}%`;
}
