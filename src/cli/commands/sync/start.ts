import { UsageError } from "../../../base/errors.ts";
import { defineCommand, type Words } from "../../command.ts";
import { choice, text, toggle, value, valueOr, values } from "../../flag.ts";
import { selectionFlags } from "../../selection.ts";
import { syncOutput } from "../../syncing/sync_text.ts";

const modes = choice(["two-way-safe", "one-way", "mirror", "pull"]);

const flags = {
  mode: valueOr("which way changes go", modes.parse, "two-way-safe", modes),
  name: value("what the sync is called (default the pod's name)", text, { placeholder: "NAME" }),
  exclude: values("leave out what this line of a .gitignore matches", text, {
    placeholder: "PATTERN",
  }),
  "no-gitignore": toggle("take no .gitignore into account, but .kodamaignore alone"),
  "no-wait": toggle("don't wait until both sides are alike"),
  namespace: value("namespace of the pod (default the context's)", text, {
    short: "n",
    placeholder: "NAME",
    completion: { kind: "namespaces" },
  }),
  container: selectionFlags.container,
  context: value("kubeconfig context to use", text, {
    placeholder: "NAME",
    completion: { kind: "contexts" },
  }),
  kubeconfig: value("kubeconfig file to use instead of $KUBECONFIG", text, {
    placeholder: "FILE",
    completion: { kind: "files" },
  }),
  ...syncOutput,
};

/** `kodama sync start`. */
export const command = defineCommand({
  description:
    "Keeps a folder of this machine and one in a pod alike, both ways, until kodama sync stop: in the " +
    "background, over links that break and pods that restart. It needs nothing in the pod but sh, tar, find and " +
    "their like.\n\n" +
    "What both sides changed is kept twice, and told; nothing is ever overwritten unseen. In other modes changes " +
    "go one way: one-way to the pod, where what is its own stays; mirror, where it doesn't; pull to this machine. " +
    "What .gitignore, .kodamaignore and the setting sync.excludePatterns name is left alone on both sides.",
  operands: [
    { name: "LOCAL", arity: "one", completion: { kind: "files" } },
    { name: "POD:PATH", arity: "one", completion: { kind: "pods" } },
  ],
  flags,
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
    ["0", "both sides are alike, or with --no-wait: it has begun"],
    ["1", "it has ended again, or is halted or paused"],
    ["2", "the command line is wrong, or there is no such pod"],
    ["4", "the API server couldn't be reached"],
    ["130", "stopped by Ctrl-C: the sync goes on"],
  ],
  seeAlso: ["kodama sync status --help", "kodama cp --help copies once."],
  resolve: resolveStart,
  run: async (options, invocation) => {
    const { showStart } = await import("../../syncing/show_start.ts");
    return await showStart(options, invocation);
  },
});

/** What the words stand for. */
export interface StartOptions {
  local: string;
  pod: string;
  namespace: string | undefined;
  remotePath: string;
  name: string | undefined;
  mode: ReturnType<typeof modes.parse>;
  exclude: readonly string[];
  gitignore: boolean;
  wait: boolean;
  container: string | undefined;
  context: string | undefined;
  kubeconfig: string | undefined;
  format: "json" | undefined;
}

function resolveStart(
  { flags: given, operands: [local = "", place = ""] }: Words<typeof flags>,
): StartOptions {
  const [, namespace, pod, remotePath] =
    /^(?:([a-z0-9][a-z0-9-]*)\/)?([a-z0-9][a-z0-9.-]*):(.+)$/s.exec(place) ?? [];
  if (pod === undefined || remotePath === undefined) {
    throw new UsageError(`${JSON.stringify(place)} is no folder in a pod`, {
      hint: "POD:PATH, as in: kodama sync start . web-0:/workspace",
    });
  }
  if (local === "") throw new UsageError("the folder here has no name");
  if (namespace !== undefined && given.namespace !== undefined && namespace !== given.namespace) {
    throw new UsageError("two namespaces are named");
  }
  return {
    local,
    pod,
    namespace: namespace ?? given.namespace,
    remotePath,
    name: given.name,
    mode: given.mode,
    exclude: given.exclude,
    gitignore: !given["no-gitignore"],
    wait: !given["no-wait"],
    container: given.container,
    context: given.context,
    kubeconfig: given.kubeconfig,
    format: given.output,
  };
}
