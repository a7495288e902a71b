import { defineCommand } from "../../parser/command.ts";
import { resolveStart, startFlags } from "./resolve_start.ts";

/** `kodama sync start`. */
export const command = defineCommand({
  description:
    "Keeps a folder of this machine and one in a pod in sync, both ways, until kodama sync stop: in the " +
    "background, over links that break and pods that restart. It needs nothing in the pod but sh, tar, find and " +
    "their like.\n\n" +
    "If both sides changed a file, both versions are stored and reported; nothing is overwritten silently. In other modes changes " +
    "go one way: one-way to the pod, where what is its own stays; mirror, where it doesn't; pull to this machine. " +
    "What .gitignore, .kodamaignore and the setting sync.excludePatterns name is left alone on both sides.",
  operands: [
    { name: "LOCAL", arity: "one", completion: { kind: "files" } },
    { name: "POD:PATH", arity: "one", completion: { kind: "pods" } },
  ],
  flags: startFlags,
  examples: [
    { title: "This folder and /workspace of a pod", line: "kodama sync start . web-0:/workspace" },
    {
      title: "To the pod alone, without logs",
      line: "kodama sync start ./site web-0:/srv/site --mode one-way --exclude '*.log'",
    },
    {
      title: "What a pod makes, brought home",
      line: "kodama sync start ./out training/trainer-0:/out --mode pull --name results",
    },
  ],
  exitCodes: [
    ["0", "both sides are in sync, or with --no-wait: it has started"],
    ["1", "it has ended again, or is halted or paused"],
    ["2", "the command line is wrong, or there is no such pod"],
    ["4", "the API server couldn't be reached"],
    ["130", "stopped by Ctrl-C: the sync keeps running"],
  ],
  seeAlso: ["kodama sync status --help", "kodama cp --help copies once."],
  resolve: resolveStart,
  run: async (options, invocation) => {
    const { showStart } = await import("./show_start.ts");
    return await showStart(options, invocation);
  },
});
