/** The flags that choose a kubeconfig, a context and a namespace: each command describes what it does in them. */
import { UsageError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import { selectionFields } from "../../actions/selection.ts";
import { text, value } from "./flag.ts";
import { flagOf } from "./option_flag.ts";

const group = "Flags";

/** Options of a flag whose value is a namespace. */
export const namespaceValue = {
  short: "n",
  placeholder: "NAME",
  completion: { kind: "namespaces" },
} as const;

/** Options of a flag whose value is a context. */
export const contextValue = { placeholder: "NAME", completion: { kind: "contexts" } } as const;

/** `--kubeconfig`. */
export const kubeconfigFlag = value("kubeconfig file to use instead of $KUBECONFIG", text, {
  placeholder: "FILE",
  completion: { kind: "files" },
});

/** The flags of commands that use one context. */
export const contextFlags = {
  context: value("kubeconfig context to use", text, contextValue),
  kubeconfig: kubeconfigFlag,
};

const { selector, fieldSelector, allNamespaces, namespaces, contexts } = selectionFields;

/** The flags that select objects of kinds, in one context or several. */
export const objectFlags = {
  "selector": flagOf({ ...selector, about: "label selector: app=web,tier!=test" }, { group }),
  "field-selector": flagOf(
    { ...fieldSelector, about: "field selector: status.phase=Running" },
    { group },
  ),
  "namespace": flagOf(namespaces, { group }),
  "all-namespaces": flagOf(allNamespaces, { group }),
  "context": flagOf(contexts, { group }),
  "kubeconfig": kubeconfigFlag,
};

/** Returns where a list looks. Throws UsageError for a namespace beside all of them. */
export function listScope(
  { namespace, context, "all-namespaces": allNamespaces }: {
    namespace: string | undefined;
    context: string | undefined;
    "all-namespaces": boolean;
  },
) {
  if (allNamespaces && namespace !== undefined) {
    throw new UsageError("--namespace and --all-namespaces can't be used together");
  }
  return { allNamespaces, ...definedOnly({ namespace, context }) };
}
