/** Finds programs for containers that have no root filesystem of their own. */
import type { LookupFailure } from "./start_error.ts";

/** The folders that may hold a program. */
export interface LookupPlace {
  /** The image's own files, if it has any: they come first. */
  rootfs: string | undefined;
  /** Whether the machine's programs are included. */
  machine: boolean;
  /** The container's `PATH`. */
  path: string;
  /** The base of a relative path. */
  workingDir: string;
}

/** The program's path on this machine, or why there is none. */
export type LookupResult = { kind: "found"; path: string } | {
  kind: "failed";
  failure: LookupFailure;
};

/** Resolves a program as execvp(3) does. */
export async function lookUp(program: string, place: LookupPlace): Promise<LookupResult> {
  let failure: LookupFailure = "notFound";
  for (const candidate of candidates(program, place)) {
    const info = await Deno.stat(candidate).catch(() => undefined);
    if (info === undefined) continue;
    if (info.isFile && ((info.mode ?? 0) & 0o111) !== 0) return { kind: "found", path: candidate };
    failure = "notExecutable";
  }
  return { kind: "failed", failure };
}

function candidates(program: string, place: LookupPlace): string[] {
  const inRoots = (path: string) => [
    ...(place.rootfs === undefined ? [] : [place.rootfs + path]),
    ...(place.machine ? [path] : []),
  ];
  if (program.startsWith("/")) return inRoots(program);
  if (program.includes("/")) return [`${place.workingDir}/${program}`];
  const folders = place.path.split(":").filter((folder) => folder.startsWith("/"));
  // A program of the image precedes any of the machine's, wherever in PATH either is.
  const all = folders.map((folder) => inRoots(`${folder}/${program}`));
  return [...all.map(([first]) => first), ...all.map(([, second]) => second)]
    .filter((path) => path !== undefined);
}

/** `PATH` with the image's own folders, as they are on this machine, in front. */
export function machinePath({ rootfs, path }: LookupPlace): string {
  if (rootfs === undefined) return path;
  const own = path.split(":").filter((folder) => folder.startsWith("/")).map((folder) =>
    rootfs + folder
  );
  return [...own, path].join(":");
}
