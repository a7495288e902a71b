/** The full form of a workflow file: its fields, and those that all kinds of step share. */
import * as v from "valibot";
import {
  anything,
  countFromOne,
  described,
  duration,
  environment,
  identifier,
  oneOrMore,
  text,
  variable,
  version,
} from "./fields.ts";
import { writtenSelect } from "./selection_fields.ts";
import { fanoutEntries } from "./pod_fields.ts";
import { written, writtenEntries } from "./written.ts";

const yesOrNo = v.boolean("true or false");

const attempts = v.union([
  countFromOne,
  v.strictObject({
    most: described(countFromOne, "The number of attempts, including the first."),
    delay: v.optional(described(duration, "The wait before the second attempt; 1s by default.")),
    factor: v.optional(described(
      v.pipe(v.number("a number from 1"), v.minValue(1, "a number from 1")),
      "Each further wait is multiplied by this; 2 by default.",
    )),
    maxDelay: v.optional(described(duration, "The longest wait; 1m by default.")),
  }),
], "a number of attempts from 1, or most, delay, factor and maxDelay");

const allowFailure = v.union([yesOrNo, v.picklist(["any"], "any")], "true, false, or any");

/** How a step is repeated and limited, and what follows from its end: evaluated before its first attempt. */
export const policyEntries = {
  timeout: v.optional(
    described(duration, "Time limit of each attempt; with `until`, of all attempts together."),
  ),
  every: v.optional(
    described(duration, "With `until`, the wait before the next attempt; 5s by default."),
  ),
  attempts: v.optional(
    described(
      attempts,
      "How often a step that fails is tried: a number, including the first attempt, or a mapping of the fields below.",
    ),
  ),
  allowFailure: v.optional(described(
    allowFailure,
    "`true`: the workflow continues if the step failed; `any`: also if it timed out or was refused.",
  )),
  quiet: v.optional(described(
    yesOrNo,
    "Whether its output isn't shown, nor that of its inner steps; its last 20 lines are shown if it fails.",
  )),
};

/** Fields that every step may have, whatever its kind. */
export const frameEntries = {
  id: v.optional(
    described(identifier, "The name of the step in expressions, and for a rerun from it."),
  ),
  name: v.optional(described(text, "A description of the step, for people.")),
  when: v.optional(
    described(v.boolean("true or false"), "The step is skipped unless this is true."),
  ),
  until: v.optional(described(
    v.boolean("true or false"),
    "Repeats the step until it is ok and this is true; `result` is its output. It ends after 30m unless the step has a `timeout`.",
  )),
  ...policyEntries,
};

/** Fields of `defaults`. */
export const defaultEntries = {
  ...fanoutEntries,
  ...policyEntries,
  env: v.optional(
    described(environment, "Environment variables of every command; those of a step are added."),
  ),
};

/** The fields of every step as they are written in a file. */
export const writtenFrame = writtenEntries(frameEntries, [["id"]]);

const paramTypes = ["text", "number", "boolean", "duration", "list"] as const;

/** A parameter in full; any other value is its default. */
export const paramShape = v.strictObject({
  type: v.optional(described(
    v.picklist(paramTypes, `one of ${paramTypes.join(", ")}`),
    "The type of its values; by default the type of `default`, or text.",
  )),
  description: v.optional(described(text, "Its meaning, in one line.")),
  default: v.optional(described(anything, "The value if none is given.")),
  enum: v.optional(described(
    v.pipe(v.array(anything, "a list of values"), v.nonEmpty("a list of values")),
    "The allowed values.",
  )),
  required: v.optional(described(yesOrNo, "Whether a run needs a value for it.")),
  secret: v.optional(
    described(yesOrNo, "Whether its value is hidden in all output and not stored."),
  ),
  env: v.optional(described(
    variable,
    "The environment variable with its value, unless the command line has one; `permissions.env` must grant it.",
  )),
}, "a default, or type, default, enum, required, secret, env and description");

const grant = v.union([yesOrNo, v.array(text)], "true, false, or a list of texts");

const permissions = v.strictObject({
  net: v.optional(
    described(grant, "Servers that may be contacted: `example.com`, `10.0.0.7:8080`."),
  ),
  read: v.optional(described(grant, "Files and folders that may be read.")),
  write: v.optional(described(grant, "Files and folders that may be written.")),
  env: v.optional(described(
    v.union([yesOrNo, v.array(variable)], "true, false, or a list of variables' names"),
    "Environment variables that may be read.",
  )),
  run: v.optional(described(grant, "Programs of this machine that may be run.")),
  sys: v.optional(
    described(grant, "System information that scripts may read through Deno: `hostname`."),
  ),
  cluster: v.optional(described(
    v.array(
      v.strictObject({
        verbs: described(
          oneOrMore(
            v.picklist(["exec", "get", "list", "logs", "*"], "one of exec, get, list, logs, *"),
            "exec, get, list, logs, * or a list of them",
          ),
          "What a script may ask: `exec`, `get`, `list`, `logs`, or `*` for all of them.",
        ),
        namespaces: v.optional(described(
          oneOrMore(text, "a namespace or a list of namespaces"),
          "Namespaces; those of `select` by default, `*` for all.",
        )),
      }, "verbs and namespaces"),
      "a list of verbs and namespaces",
    ),
    "What scripts may do in the cluster.",
  )),
}, "net, read, write, env, run, sys and cluster");

const concurrencyMode = v.picklist(["wait", "refuse"], "wait or refuse");

const concurrencyGroup = described(
  text,
  "The group's name: runs of the same group don't run at the same time.",
);

const concurrency = v.union([
  concurrencyMode,
  v.strictObject({
    group: concurrencyGroup,
    mode: v.optional(described(concurrencyMode, "`wait`, the default, or `refuse`.")),
  }),
], "wait, refuse, or a group and a mode");

/** `concurrency` with its expressions evaluated. */
export const concurrencyShape = v.object({ group: concurrencyGroup, mode: concurrencyMode });

/** A list of steps; each item is read with the shape of its kind. */
const stepList = v.array(anything, "a list of steps");

/** `limits` with its expressions evaluated. */
export const limitsShape = v.strictObject({
  time: described(
    duration,
    "The time for all steps but those of `finally`: what runs then is ended, and `finally` follows.",
  ),
}, "time");

/** The shape of the file. The shape of a step depends on its kind. */
export const fullShape = v.strictObject({
  version,
  description: v.optional(described(text, "The purpose of the workflow, in one line.")),
  params: v.optional(described(
    v.record(identifier, anything, "parameters, by name"),
    "The parameters of a run.",
  )),
  select: v.optional(
    described(writtenSelect, "The pods of every step that has no `select` of its own."),
  ),
  defaults: v.optional(described(
    v.strictObject(writtenEntries(defaultEntries), "a mapping of fields"),
    "Default fields of every step.",
  )),
  permissions: v.optional(
    described(
      permissions,
      "What the workflow may access on this machine and in the network; nothing by default.",
    ),
  ),
  concurrency: v.optional(described(
    written(concurrency),
    "What happens if another run of the same group is active.",
  )),
  limits: v.optional(described(written(limitsShape), "The limits of a run.")),
  steps: described(
    v.pipe(stepList, v.nonEmpty("at least one step")),
    "The steps, which run one after the other.",
  ),
  finally: v.optional(described(stepList, "Steps that always run at the end.")),
  outputs: v.optional(described(
    v.record(identifier, v.string("a text with an expression"), "outputs, by name"),
    "The results of the run, by name.",
  )),
}, "a mapping of fields");

/** A file as written. */
export type FullFile = v.InferOutput<typeof fullShape>;
