/** The programs that are measured beside each other, each given a fleet in its own arguments. */
import type { Fleet } from "./fleets.ts";
import { filePath } from "../../src/files/file_path.ts";

/** kodama first; the order is that of the table's rows. */
export const contenderNames = ["kodama", "floor", "kubectl", "xargs", "clush"] as const;

/** One of the programs. */
export type ContenderName = (typeof contenderNames)[number];

/** How the table calls them. */
export const contenderTitles: Readonly<Record<ContenderName, string>> = {
  kodama: "`kodama exec`",
  floor: "bare protocol",
  kubectl: "`kubectl exec`, one by one",
  xargs: "`xargs -P16 kubectl exec`",
  clush: "`clush -R exec` of `kubectl exec`",
};

/** Pods at the same time, of those that have no number of their own in their title: kodama's default. */
export const fanout = 32;

/** Where the programs are, and files that describe the fleet to them. */
export interface Tools {
  kodama: string;
  /** Absent where there is none; neither it nor what needs it then runs. */
  kubectl?: string;
  clush?: string;
  /** The names of the pods, one a line. */
  namesFile: string;
  /** A `FloorJob`. */
  jobFile: string;
}

/** A program with its words. Undefined where there is no such program. */
export function words(name: ContenderName, fleet: Fleet, tools: Tools): string[] | undefined {
  const { namespace, selection, command } = fleet;
  switch (name) {
    case "kodama":
      return [tools.kodama, "exec", "-n", namespace, ...selection, "--yes", "--", ...command];
    case "floor":
      return [Deno.execPath(), ...floorFlags, floorProgram, tools.jobFile];
    case "kubectl":
    case "xargs":
    case "clush":
      if (tools.kubectl === undefined) return undefined;
      return wordsAround(tools.kubectl, name, fleet, tools);
  }
}

const floorProgram = filePath(new URL("floor.ts", import.meta.url));
const floorFlags = "run --quiet --no-config --no-lock --cached-only --allow-net --allow-read"
  .split(" ");

function wordsAround(
  kubectl: string,
  name: "kubectl" | "xargs" | "clush",
  { namespace, command, pods }: Fleet,
  { clush, namesFile }: Tools,
): string[] | undefined {
  const each = [kubectl, "exec", "-n", namespace];
  switch (name) {
    case "kubectl": {
      if (pods.length === 1) return [...each, ...pods, "--", ...command];
      const script = `names=$1 command=$2
        shift 2
        while read -r pod; do "$@" "$pod" -- $command </dev/null; done <"$names"`;
      return ["sh", "-c", script, "sh", namesFile, command.join(" "), ...each];
    }
    case "xargs": {
      const script = 'names=$1; shift; exec xargs -P 16 -I % "$@" <"$names"';
      return ["sh", "-c", script, "sh", namesFile, ...each, "%", "--", ...command];
    }
    case "clush": {
      if (clush === undefined) return undefined;
      // -S: its exit code is the commands'. %h is the pod.
      const flags = ["-S", "-R", "exec", "-f", String(fanout), "--hostfile", namesFile];
      return [clush, ...flags, [...each, "%h", "--", ...command].join(" ")];
    }
  }
}
