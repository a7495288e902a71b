/** Tests that not every machine can run. */

/**
 * The name of a test and whether it runs: not if `missing` names something that this machine lacks. The name then ends
 * with the reason, which the summary of `deno task test` counts.
 */
export function unless(
  missing: string | undefined,
  name: string,
): { name: string; ignore: boolean } {
  if (missing === undefined) return { name, ignore: false };
  return { name: `${name} (skipped: ${missing})`, ignore: true };
}

/** Returns the missing programs unless all are there, given the path of each that was found. */
export function noneOf(programs: Readonly<Record<string, string | undefined>>): string | undefined {
  const missing = Object.entries(programs).filter(([, path]) => path === undefined);
  return missing.length === 0
    ? undefined
    : `this machine has no ${missing.map(([name]) => name).join(", ")}`;
}

/** Returns the required system on another system. */
export function otherThan(system: typeof Deno.build.os): string | undefined {
  return Deno.build.os === system ? undefined : `it needs ${system}`;
}
