/**
 * The short form of a workflow file: one command, and the pods that it is for.
 *
 *     description: WEKA's version in every drive pod
 *     namespace: weka-operator-system
 *     match: drive
 *     command: [weka, version]
 *
 * The fields mean what the flags of the same names mean on the command line.
 */
import * as v from "valibot";
import {
  command,
  countFromOne,
  described,
  duration,
  labelSelector,
  names,
  outputMode,
  patterns,
  text,
} from "./fields.ts";

/** Fields that the short form has at its top, and the full form under `select`. */
export const whereEntries = {
  context: v.optional(described(names, "Contexts of the kubeconfig; the current one by default.")),
  namespace: v.optional(described(names, "Namespaces; the context's own by default.")),
  match: v.optional(
    described(
      patterns,
      "Pods whose name contains one of these texts; `/re/` is a regular expression.",
    ),
  ),
  exclude: v.optional(
    described(patterns, "Excludes pods whose name contains one of these texts, or matches `/re/`."),
  ),
  selector: v.optional(described(labelSelector, "A label selector, as `-l` of kubectl.")),
  container: v.optional(described(text, "The container; by default each pod's default container.")),
};

/** Bounds that the short form has at its top, and the full form under `defaults` and in its steps. */
const boundEntries = {
  timeout: v.optional(described(duration, "For each command.")),
  connectTimeout: v.optional(described(duration, "Time limit to open each stream.")),
  fanout: v.optional(described(countFromOne, "The number of pods at the same time.")),
  outputMode: v.optional(described(outputMode, "Layout of the output.")),
};

/** The shape of a workflow file. Only `command` is required. */
export const workflowShape = v.strictObject({
  description: v.optional(described(text, "The purpose of the workflow, in one line.")),
  ...whereEntries,
  command: described(
    command,
    "The command: a list of arguments, run without a shell, or a text, run by the image's shell.",
  ),
  ...boundEntries,
}, "a mapping of fields");

/** A workflow file as written. */
export type WorkflowFile = v.InferOutput<typeof workflowShape>;
