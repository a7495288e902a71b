import { UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import type { OneNamespace } from "../../invocation.ts";
import { text, toggle, value } from "../../parser/flag.ts";

/** What a server may do and reach: flags of the server itself, and of the entry that starts it. */
export const serverFlags = {
  "allow-changes": toggle("offer what changes something, and ask before each change"),
  namespace: value("only this namespace: nothing else can be read or changed", text, {
    short: "n",
    placeholder: "NAME",
    completion: { kind: "namespaces" },
  }),
  context: value("with --namespace: only this context, instead of the current one", text, {
    placeholder: "NAME",
    completion: { kind: "contexts" },
  }),
  kubeconfig: value("kubeconfig file to use", (text) => text, {
    placeholder: "FILE",
    completion: { kind: "files" },
  }),
};

/** Returns the only namespace that may be used; undefined for no limit. */
export function onlyOf(
  { namespace, context }: { namespace: string | undefined; context: string | undefined },
): OneNamespace | undefined {
  if (namespace !== undefined) return { namespace, ...definedOnly({ context }) };
  if (context === undefined) return undefined;
  throw new UsageError("--context needs --namespace", {
    hint: "without it, tools use every context of the kubeconfig",
  });
}
