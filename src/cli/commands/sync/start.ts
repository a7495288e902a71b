import { defineCommand } from "../../parser/command.ts";
import { resolveStart, startFlags } from "./resolve_start.ts";

/** `kodama sync start`. */
export const command = defineCommand({
  description:
    "Keeps a local folder and a folder in a pod in sync, in both directions, until kodama sync stop. " +
    "It runs in the background, and continues after broken connections and pod restarts. The pod " +
    "needs only sh, tar, find and similar tools.\n\n" +
    "If both sides changed a file, both versions are stored and reported; nothing is overwritten " +
    "silently. Other modes transfer changes in one direction: one-way to the pod, where other files " +
    "stay; mirror to the pod, where other files are deleted; pull to this machine. Files that match " +
    ".gitignore, .kodamaignore or the setting sync.excludePatterns are not synced.",
  operands: [
    { name: "LOCAL", arity: "one", completion: { kind: "files" } },
    { name: "POD:PATH", arity: "one", completion: { kind: "pods" } },
  ],
  flags: startFlags,
  examples: [
    {
      title: "Sync the current directory with /workspace in a pod",
      line: "kodama sync start . web-0:/workspace",
    },
    {
      title: "To the pod only, without log files",
      line: "kodama sync start ./site web-0:/srv/site --mode one-way --exclude '*.log'",
    },
    {
      title: "Pull the output of a pod",
      line: "kodama sync start ./out training/trainer-0:/out --mode pull --name results",
    },
  ],
  exitCodes: [
    ["0", "both sides are in sync; with --no-wait, it has started"],
    ["1", "it has ended, or is halted or paused"],
    ["2", "the command line is wrong, or there is no such pod"],
    ["4", "the API server couldn't be reached"],
    ["130", "stopped by Ctrl-C: the sync keeps running"],
  ],
  seeAlso: ["kodama sync status --help", "kodama cp --help copies files once."],
  resolve: resolveStart,
  run: async (options, invocation) => {
    const { showSyncStart: showStart } = await import("./show_start.ts");
    return await showStart(options, invocation);
  },
});
