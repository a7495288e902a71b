import { chosenBy, leftWithoutChoice } from "../../choose_targets.ts";
import { defineCommand } from "../../parser/command.ts";
import { copyFlags } from "./flags.ts";
import { resolveCopy } from "./resolve.ts";

/** `kodama cp`. */
export const command = defineCommand({
  description:
    "Copies a file or a folder into every pod of a selection, out of every one, or from one pod into " +
    "others. Each copy is made under a temporary name, compared with what was copied, and only then " +
    "given its own; symbolic links, modes and times are kept.\n\n" +
    "A side that is in pods has a colon: :PATH is in the pods of the selection, POD:PATH and " +
    "NAMESPACE/POD:PATH in that one, as with kubectl cp. What comes out of the pods of a selection " +
    "goes into DEST/POD/, or where {pod} in DEST says. A folder that is there is copied into, under " +
    "the source's name; SRC/. is its content alone.",
  operands: [
    { name: "POD|KIND/NAME", arity: "any", completion: { kind: "pods" } },
    { name: "SRC", arity: "one", completion: { kind: "files" } },
    { name: "DEST", arity: "one", completion: { kind: "files" } },
  ],
  flags: copyFlags,
  examples: [
    {
      title: "A file into every pod of a label",
      line: "kodama cp -l app=web ./app.conf :/etc/app/",
    },
    {
      title: "A folder out of each pod, into ./logs/POD/weka",
      line: "kodama cp -n storage -m drive :/var/log/weka ./logs",
    },
    { title: "One file out of one pod", line: "kodama cp web-0:/etc/app.conf ." },
    {
      title: "A file of each pod, named after it",
      line: "kodama cp deploy/web :/etc/hostname './{pod}.txt'",
    },
    {
      title: "From one pod into all others of a set",
      line: "kodama cp sts/db db-0:/data/seed.sql :/data/",
    },
    { title: "What would be copied where?", line: "kodama cp -m web --list ./conf :/etc/app" },
  ],
  exitCodes: [
    ["0", "every copy is whole"],
    ["1", "kodama itself failed; with one pod, its copy failed"],
    ["2", "the command line is wrong, or no pod matches"],
    ["3", "a limit of time was reached"],
    ["4", "a pod couldn't be reached, or the link broke again and again"],
    ["5", "a copy failed"],
    ["130", "stopped by Ctrl-C or a signal"],
  ],
  seeAlso: ["kodama pods --help shows what a selection matches."],
  resolve: resolveCopy,
  run: async ({ options: asked, view, kubeconfig, choosing }, invocation) => {
    const chosen = await chosenBy(choosing, asked, { kubeconfig, invocation, purpose: "copy" });
    if (chosen === undefined) return leftWithoutChoice;
    const { host, ...narrowed } = chosen;
    const options = { ...asked, ...narrowed };
    const [{ cp }, { showCopy, showPlan }] = await Promise.all([
      import("../../../actions/copy/copy.ts"),
      import("./show_copy.ts"),
    ]);
    const start = (extras: Parameters<Parameters<typeof showCopy>[0]>[0]) =>
      cp(host, { ...options, ...extras });
    return options.planOnly
      ? await showPlan(start, { invocation, view })
      : await showCopy(start, { invocation, clock: host.clock, view });
  },
});
