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
import { parseDuration } from "../base/duration.ts";
import { parseTextPattern } from "../base/text_pattern.ts";
import { outputModes } from "../exec/output_mode.ts";

const text = v.pipe(v.string("a text"), v.nonEmpty("a text that isn't empty"));

function oneOrMore<S extends v.GenericSchema<unknown, string>>(item: S, expected: string) {
  return v.union([item, v.pipe(v.array(item, expected), v.nonEmpty(expected))], expected);
}

const name = oneOrMore(text, "a name or a list of names");
const pattern = oneOrMore(
  v.pipe(text, v.check((word) => parseTextPattern(word).kind !== "invalid", "a text or /re/")),
  "a text, a regular expression in slashes, or a list of them",
);
const duration = v.pipe(
  v.string("a duration such as 30s"),
  v.check((word) => parseDuration(word) !== undefined, "a duration such as 30s or 1m30s"),
);

const described = {
  description: v.pipe(text, v.description("What the workflow is for, in a line.")),
  context: v.pipe(name, v.description("Contexts of the kubeconfig; the current one by default.")),
  namespace: v.pipe(name, v.description("Namespaces; the context's own by default.")),
  match: v.pipe(pattern, v.description("Pods whose name holds one of these; `/re/` is a pattern.")),
  exclude: v.pipe(pattern, v.description("Pods whose name holds one of these are left out.")),
  selector: v.pipe(text, v.description("A label selector, as kubectl's -l.")),
  container: v.pipe(text, v.description("The container; each pod's default one otherwise.")),
  command: v.pipe(
    v.union(
      [text, v.pipe(v.array(v.string(), "words"), v.nonEmpty("words"))],
      "a list of words, or a line for a shell",
    ),
    v.description("A list of words is run as it is; a text is a line for the image's shell."),
  ),
  timeout: v.pipe(duration, v.description("For each command.")),
  connectTimeout: v.pipe(duration, v.description("To open each stream.")),
  fanout: v.pipe(
    v.number("a whole number from 1"),
    v.integer("a whole number from 1"),
    v.minValue(1, "a whole number from 1"),
    v.description("Pods at the same time."),
  ),
  outputMode: v.pipe(
    v.picklist(outputModes, `one of ${outputModes.join(", ")}`),
    v.description("How output is put together."),
  ),
};

/** The shape of a workflow file. `command` is the one field that must be there. */
export const workflowShape = v.strictObject({
  description: v.optional(described.description),
  context: v.optional(described.context),
  namespace: v.optional(described.namespace),
  match: v.optional(described.match),
  exclude: v.optional(described.exclude),
  selector: v.optional(described.selector),
  container: v.optional(described.container),
  command: described.command,
  timeout: v.optional(described.timeout),
  connectTimeout: v.optional(described.connectTimeout),
  fanout: v.optional(described.fanout),
  outputMode: v.optional(described.outputMode),
}, "a mapping of fields");

/** A workflow file as it stands. */
export type WorkflowFile = v.InferOutput<typeof workflowShape>;
