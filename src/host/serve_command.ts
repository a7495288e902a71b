/** The command that starts this program again, to serve a cluster in the background. */
import { serveWord } from "../cli/hidden_words.ts";

/** A cluster to serve. */
export interface ClusterPlan {
  /** Absolute. */
  folder: string;
  world: string;
  /** Whether its objects outlive it. */
  keep: boolean;
  port?: number;
}

/** The set `cluster` of `deno.json`, which an installed kodama doesn't have beside it; a test compares them. */
const permissions = [
  "--allow-read",
  "--allow-write",
  "--allow-net",
  "--allow-env",
  "--allow-run",
  "--allow-sys",
];

/** Returns the whole command line: program first. */
export function serveCommand(plan: ClusterPlan): string[] {
  const words = [serveWord, ...wordsOfPlan(plan)];
  // A file that `deno compile` created is program and runtime in one, with its permissions inside.
  if (Deno.build.standalone) return [Deno.execPath(), ...words];
  const flags = ["--quiet", "--no-prompt", ...permissions, ...moduleFlags()];
  return [Deno.execPath(), "run", ...flags, Deno.mainModule, ...words];
}

/** An installed kodama is JavaScript with all that it needs beside it; from source it has deno.json. */
function moduleFlags(): string[] {
  const installed = Deno.mainModule.endsWith(".js");
  return installed ? ["--no-config", "--no-lock", "--no-remote", "--no-npm"] : [];
}

function wordsOfPlan({ folder, world, keep, port }: ClusterPlan): string[] {
  return [folder, world, keep ? "keep" : "begin", ...(port === undefined ? [] : [String(port)])];
}

/** Returns the plan that {@link serveCommand}'s arguments describe. */
export function planOfWords(words: readonly string[]): ClusterPlan {
  const [folder = "", world = "", keep, port] = words;
  return {
    folder,
    world,
    keep: keep === "keep",
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}
