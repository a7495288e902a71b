/** The programs that are measured beside each other, each told of a fleet in its own words. */
import type { Fleet } from "./fleets.ts";
import { filePath } from "../../src/wiring/file_path.ts";

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

/** Where the programs are, and files that tell them of the fleet. */
export interface Tools {
  kodama: string;
  kubectl: string;
  /** Absent where it can't be had. */
  clush?: string;
  /** The names of the pods, one a line. */
  namesFile: string;
  /** A `FloorJob`. */
  jobFile: string;
}

/** A program with its words. Undefined where there is no such program. */
export function words(name: ContenderName, fleet: Fleet, tools: Tools): string[] | undefined {
  const { namespace, command, pods } = fleet;
  const kubectl = (pod: string) => [
    ...[tools.kubectl, "exec", "-n", namespace, pod, "--", ...command],
  ];
  switch (name) {
    case "kodama":
      return [tools.kodama, "exec", "-n", namespace, ...fleet.selection, "--yes", "--", ...command];
    case "floor": {
      const program = filePath(new URL("floor.ts", import.meta.url));
      const permissions = ["--allow-net", "--allow-read"];
      const start = ["run", "--quiet", "--no-config", "--no-lock", "--cached-only", ...permissions];
      return [Deno.execPath(), ...start, program, tools.jobFile];
    }
    case "kubectl": {
      if (pods.length === 1) return kubectl(pods[0] ?? "");
      const loop = 'while read -r pod; do "$@" "$pod" -- $command </dev/null; done <"$names"';
      const setUp = "names=$1 command=$2; shift 2";
      const each = [tools.kubectl, "exec", "-n", namespace];
      return ["sh", "-c", `${setUp}\n${loop}`, "sh", tools.namesFile, command.join(" "), ...each];
    }
    case "xargs": {
      const script = 'names=$1; shift; exec xargs -P 16 -I % "$@" <"$names"';
      return ["sh", "-c", script, "sh", tools.namesFile, ...kubectl("%")];
    }
    case "clush": {
      if (tools.clush === undefined) return undefined;
      // -S: its exit code is the commands'. %h is the pod.
      const flags = ["-S", "-R", "exec", "-f", String(fanout), "--hostfile", tools.namesFile];
      return [tools.clush, ...flags, kubectl("%h").join(" ")];
    }
  }
}
