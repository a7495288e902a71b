/** The full form of a workflow file: its fields, and those that all kinds of step share. */
import * as v from "valibot";
import {
  anything,
  countFromOne,
  described,
  duration,
  dynamic,
  identifier,
  oneOrMore,
  text,
  variable,
} from "./fields.ts";
import { selectShape } from "./selection_fields.ts";
import { fanoutEntries } from "./pod_fields.ts";

const yesOrNo = v.boolean("true or false");

const retry = v.union([
  countFromOne,
  v.strictObject({
    attempts: described(countFromOne, "In all, the first one too."),
    delay: v.optional(described(duration, "Before the second attempt; 1s by default.")),
    factor: v.optional(described(
      v.pipe(v.number("a number from 1"), v.minValue(1, "a number from 1")),
      "Each wait is the one before it times this; 2 by default.",
    )),
    maxDelay: v.optional(described(duration, "No wait is longer; 1m by default.")),
  }),
], "a number of attempts from 1, or attempts, delay, factor and maxDelay");

const continueOn = v.picklist(
  ["nothing", "failure", "anything"],
  "one of nothing, failure, anything",
);

const condition = dynamic(v.boolean("an expression such as ${{ params.restart }}"));

/** Fields that every step may have, whatever its kind. */
export const frameEntries = {
  id: v.optional(described(identifier, "By which expressions name the step, and `--from`.")),
  name: v.optional(described(text, "What it does, in the words of a person.")),
  when: v.optional(described(condition, "It is skipped unless this is true.")),
  timeout: v.optional(described(dynamic(duration), "Each attempt may take so long.")),
  retry: v.optional(
    described(retry, "Retry after a failure: the largest number of attempts, the first included."),
  ),
  continueOn: v.optional(described(
    continueOn,
    "`failure`: the workflow goes on when it failed; `anything`: also when it timed out or was refused.",
  )),
};

const paramTypes = ["text", "number", "boolean", "duration", "list"] as const;

/** A parameter in full; any other value is its default. */
export const paramShape = v.strictObject({
  type: v.optional(described(
    v.picklist(paramTypes, `one of ${paramTypes.join(", ")}`),
    "The kind of its values; the default's kind, or text, where it isn't said.",
  )),
  description: v.optional(described(text, "What it is, in a line.")),
  default: v.optional(described(anything, "The value where nobody says one.")),
  enum: v.optional(described(
    v.pipe(v.array(anything, "a list of values"), v.nonEmpty("a list of values")),
    "The only values that it may have.",
  )),
  required: v.optional(described(yesOrNo, "There is no run without it.")),
  secret: v.optional(described(yesOrNo, "Neither shown nor kept.")),
  env: v.optional(described(
    variable,
    "The variable that it is taken from if the command line does not give it; `permissions.env` must grant it.",
  )),
}, "a default, or type, default, enum, required, secret, env and description");

const grant = v.union([yesOrNo, v.array(text)], "true, false, or a list of texts");

const permissions = v.strictObject({
  net: v.optional(described(grant, "Servers: `example.com`, `10.0.0.7:8080`.")),
  read: v.optional(described(grant, "Files and folders that may be read.")),
  write: v.optional(described(grant, "Files and folders that may be written.")),
  env: v.optional(described(
    v.union([yesOrNo, v.array(variable)], "true, false, or a list of variables' names"),
    "Variables of the environment.",
  )),
  run: v.optional(described(grant, "Programs of this machine.")),
  sys: v.optional(described(grant, "What Deno tells of this machine: `hostname`.")),
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
          "Where; the namespaces of `select` where it isn't said, `*` for all.",
        )),
      }, "verbs and namespaces"),
      "a list of verbs and namespaces",
    ),
    "What scripts may ask of the cluster.",
  )),
}, "net, read, write, env, run, sys and cluster");

const concurrency = v.union([
  v.picklist(["wait", "refuse"]),
  v.strictObject({
    group: described(text, "Runs with the same group count."),
    mode: v.optional(described(v.picklist(["wait", "refuse"], "wait or refuse"), "`wait`.")),
  }),
], "wait, refuse, or a group and a mode");

/** A list of steps; each item is read with the shape of its kind. */
const stepList = v.array(anything, "a list of steps");

/** The shape of the file. The shape of a step depends on its kind. */
export const fullShape = v.strictObject({
  description: v.optional(described(text, "What the workflow is for, in a line.")),
  extends: v.optional(described(
    text,
    "Another workflow, whose fields hold wherever this file doesn't say them.",
  )),
  params: v.optional(described(
    v.record(identifier, anything, "parameters, by name"),
    "What a run is told: `--param name=value`.",
  )),
  select: v.optional(
    described(selectShape, "The pods, for every step that doesn't select its own."),
  ),
  defaults: v.optional(described(
    v.strictObject({
      ...fanoutEntries,
      timeout: frameEntries.timeout,
      retry: frameEntries.retry,
      continueOn: frameEntries.continueOn,
    }, "a mapping of fields"),
    "For every step that doesn't say otherwise.",
  )),
  permissions: v.optional(
    described(permissions, "What it may touch; nothing where it isn't said."),
  ),
  concurrency: v.optional(described(
    concurrency,
    "What happens while another run of the same group goes on.",
  )),
  steps: v.optional(described(
    v.pipe(stepList, v.nonEmpty("one step at least")),
    "What happens, one after the other.",
  )),
  finally: v.optional(described(stepList, "Steps at the end, whatever happened.")),
  outputs: v.optional(described(
    v.record(identifier, v.string("a text with an expression"), "outputs, by name"),
    "What the run comes to, by name.",
  )),
}, "a mapping of fields");

/** A file as written. */
export type FullFile = v.InferOutput<typeof fullShape>;
