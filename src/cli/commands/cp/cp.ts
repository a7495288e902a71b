import { chooseTargets } from "../../choose_targets.ts";
import { interruptedExitCode } from "../../../terminal/driver/signals.ts";
import { defineCommand } from "../../parser/command.ts";
import { copyFlags } from "./flags.ts";
import { resolveCopy } from "./resolve.ts";

/** `kodama cp`. */
export const command = defineCommand({
  description:
    "Copies a file or a folder to every pod of a selection, from every one, or from one pod to " +
    "others. Each copy is written under a temporary name and verified before it is renamed; symbolic " +
    "links, modes and times are preserved.\n\n" +
    "A path in pods has a colon: :PATH is in every selected pod; POD:PATH and NAMESPACE/POD:PATH are " +
    "in that pod, as with kubectl cp. Files from a selection are written to DEST/POD/, or where {pod} " +
    "in DEST says. If the destination is an existing folder, the source is copied into it, under its " +
    "own name; SRC/. copies only its content.",
  operands: [
    { name: "POD|KIND/NAME", arity: "any", completion: { kind: "pods" } },
    { name: "SRC", arity: "one", completion: { kind: "files" } },
    { name: "DEST", arity: "one", completion: { kind: "files" } },
  ],
  flags: copyFlags,
  examples: {
    "Copy a file to every pod with a label": "kodama cp -l app=web ./app.conf :/etc/app/",
    "Copy a folder from each pod to ./logs/POD/weka":
      "kodama cp -n storage -m drive :/var/log/weka ./logs",
    "Copy a file from one pod": "kodama cp web-0:/etc/app.conf .",
    "Name the copies after their pods": "kodama cp deploy/web :/etc/hostname './{pod}.txt'",
    "Copy from one pod to all others of a StatefulSet":
      "kodama cp sts/db db-0:/data/seed.sql :/data/",
    "List the copies without making them": "kodama cp -m web --list ./conf :/etc/app",
  },
  exitCodes: [
    ["0", "every copy is complete"],
    ["1", "kodama itself failed; with one pod, its copy failed"],
    ["2", "the command line is wrong, or no pod matches"],
    ["3", "a time limit was reached"],
    ["4", "a pod couldn't be reached, or the connection kept breaking"],
    ["5", "a copy failed"],
    ["130", "stopped by Ctrl-C or a signal"],
  ],
  seeAlso: ["kodama pods --help shows what a selection matches."],
  resolve: resolveCopy,
  run: async ({ options: resolved, view, choosing }, invocation) => {
    const chosen = await chooseTargets(choosing, resolved, { invocation, purpose: "copy" });
    if (chosen === undefined) return interruptedExitCode;
    const { host, ...narrowed } = chosen;
    const options = { ...resolved, ...narrowed };
    const [{ cp }, { showCopy, showCopyPlan }] = await Promise.all([
      import("../../../actions/copy/copy.ts"),
      import("./show_copy.ts"),
    ]);
    const start = (extras: Parameters<Parameters<typeof showCopy>[0]>[0]) =>
      cp(host, { ...options, ...extras });
    return options.planOnly
      ? await showCopyPlan(start, { invocation, view })
      : await showCopy(start, { invocation, clock: host.clock, view });
  },
});
