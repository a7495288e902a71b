/** Resolves the args of `kodama sync start` into the action's options. */
import { UsageError } from "../../../base/errors.ts";
import type { ParsedArgs } from "../../parser/command.ts";
import { choice, text, toggle, value, valueOr, values } from "../../parser/flag.ts";
import { selectionFlags } from "../../parser/selection.ts";
import { syncOutput } from "./request.ts";

const modes = choice(["two-way-safe", "one-way", "mirror", "pull"]);

/** The flags of `kodama sync start`. */
export const startFlags = {
  mode: valueOr("direction of the sync", modes.parse, "two-way-safe", modes),
  name: value("name of the sync (default the pod's name)", text, { placeholder: "NAME" }),
  exclude: values("exclude files that match PATTERN, in the format of .gitignore", text, {
    placeholder: "PATTERN",
  }),
  "no-gitignore": toggle("ignore .gitignore files; .kodamaignore still applies"),
  "no-wait": toggle("don't wait until both sides are in sync"),
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

/** The resolved args. */
export interface SyncStartArgs {
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

/** Throws `UsageError` for args that don't name two folders. */
export function resolveStart(
  { flags: given, operands: [local = "", path = ""] }: ParsedArgs<typeof startFlags>,
): SyncStartArgs {
  const [, namespace, pod, remotePath] =
    /^(?:([a-z0-9][a-z0-9-]*)\/)?([a-z0-9][a-z0-9.-]*):(.+)$/s.exec(path) ?? [];
  if (pod === undefined || remotePath === undefined) {
    throw new UsageError(`${JSON.stringify(path)} is not a POD:PATH`, {
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
