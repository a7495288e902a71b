import {
  type Condition,
  parseCondition,
  type WaitNeed,
  type WaitTarget,
} from "../../actions/wait/wait.ts";
import { longestMs, parseGoDuration } from "../../base/duration.ts";
import { definedOnly } from "../../base/json_value.ts";
import { plural } from "../../base/plural.ts";
import { UsageError } from "../../base/errors.ts";
import type { Host } from "../../actions/host.ts";
import type { Invocation } from "../invocation.ts";
import { defineCommand, type ParsedArgs } from "../parser/command.ts";
import { showWait } from "../show_wait.ts";
import { choice, count, durationMs, text, toggle, value, valueOr, values } from "../parser/flag.ts";
import { notAnObject, objectsOf } from "../parser/object_operands.ts";
import { selectionFields } from "../../actions/selection.ts";
import { refuseContradictoryFlags } from "../parser/option_flag.ts";
import { contextFlags, namespaceValue, objectFlags } from "../parser/scope_flags.ts";

const waitFlags = {
  "for": values(
    "state to wait for: ready, create, delete, condition=TYPE[=STATUS] or jsonpath={.PATH}[=VALUE]",
    parseCondition,
    { placeholder: "STATE" },
  ),
  "then": values(
    "objects to wait for after those before: KIND/NAME[,KIND/NAME]; until then they needn't exist",
    thenObjects,
    { placeholder: "KIND/NAME" },
  ),
  "any": toggle("end when one of the objects is in the state"),
  "count": value("end when N of the objects are in the state", count),
  "fail-on": values(
    "end at once if an object is stuck for this reason: CrashLoopBackOff, ImagePullBackOff, Failed, " +
      "ProgressDeadlineExceeded, Deleted …, or any",
    text,
    { placeholder: "REASON" },
  ),
  "filename": values("file or folder of manifests whose objects to wait for, or -", text, {
    short: "f",
    placeholder: "FILE",
  }),
  "timeout": valueOr("time limit; 0 looks once, a negative one is a week", timeoutMs, "30s", {
    placeholder: "DURATION",
  }),
  "selector": objectFlags.selector,
  "field-selector": objectFlags["field-selector"],
  "all": toggle("wait for every object of the kinds"),
  "namespace": value("namespace to look in (default the context's)", text, namespaceValue),
  "all-namespaces": objectFlags["all-namespaces"],
  ...contextFlags,
  "output": value("print data", choice(["name", "json", "jsonl"]), { short: "o" }),
  "quiet": toggle("print only the objects that are in the state, and errors", { short: "q" }),
};

/** `kodama wait`. */
export const command = defineCommand({
  description:
    "Waits until objects are in a state, by the API's watch, and says why they aren't: as kubectl wait, for several " +
    "kinds at once. `ready` is the default: a pod that is Ready, a workload that is rolled out, a job that has " +
    "completed, a claim that is bound, and else the condition Ready or Available. At the end of the time limit the " +
    "reason of each object is printed, with its warnings and the last lines of the container that holds it up.",
  operands: [{ name: "KIND/NAME|KIND", arity: "any" }],
  flags: waitFlags,
  examples: {
    "A rollout and a job": "kodama wait deploy/web job/migrate --timeout 5m",
    "In order: the job, then what needs it":
      "kodama wait job/migrate --then deploy/api,deploy/web --then job/smoke-test",
    "Three pods of a label": "kodama wait pods -l app=web --count 3",
    "Give up at once on what can't work": "kodama wait deploy/web --fail-on any",
    "What a file contains": "kodama wait -f app.yaml --timeout 5m",
    "As kubectl wait": "kodama wait --for=condition=Ready pod/web-0",
    "A field of a custom resource":
      "kodama wait certificate/web --for jsonpath={.status.revision}=2",
    "Until it is gone": "kodama wait --for delete pod/web-0 --timeout 1m",
  },
  exitCodes: [
    ["0", "enough objects are in the state"],
    ["1", "the time limit has passed, as kubectl wait; or there is no such object"],
    ["2", "the command line is wrong, or nothing matches"],
    ["5", "an object is stuck for a reason of --fail-on"],
    ["130", "stopped by Ctrl-C or a signal"],
  ],
  seeAlso: ["docs/wait.md has what `ready` means for each kind."],
  resolve({ flags, given, operands }) {
    const options = common(flags, given);
    const chosen = flags.selector !== undefined || flags["field-selector"] !== undefined ||
      flags.all;
    // kubectl's other spelling: kind and names apart.
    if (flags.filename.length > 0) {
      if (operands.length > 0 || chosen) {
        throw new UsageError(
          `--filename and ${chosen ? "a selector" : operands[0]} contradict each other`,
        );
      }
      return { ...options, files: flags.filename.flatMap((one) => one.split(",")) };
    }
    const [first, ...names] = operands;
    const isApart = first !== undefined && names.length > 0 && !chosen &&
      operands.every((one) => !one.includes("/"));
    if (isApart) {
      const kinds = objectsOf(first);
      requireReachable(flags.count, kinds.length * names.length);
      const targets = kinds.flatMap(({ kind }) => names.map((name) => ({ kind, name })));
      return { ...options, targets };
    }
    const targets = operands.flatMap(objectsOf);
    const unnamed = targets.filter(({ name }) => name === undefined);
    if (targets.length === 0) {
      throw new UsageError("nothing to wait for", {
        hint: "name objects: deploy/web, or pods -l app=web",
      });
    }
    if (unnamed.length > 0 && !chosen) {
      throw new UsageError(`no objects of kind ${unnamed[0]?.kind} are chosen`, {
        hint: "name one as KIND/NAME, choose with -l, or pass --all",
      });
    }
    if (unnamed.length < targets.length && chosen) {
      throw new UsageError("a name and a selector contradict each other");
    }
    if (!chosen) requireReachable(flags.count, targets.length);
    const selectors = definedOnly({
      labelSelector: flags.selector,
      fieldSelector: flags["field-selector"],
    });
    return {
      ...options,
      targets: targets.map(({ kind, name }): WaitTarget =>
        name === undefined ? { kind, ...selectors } : { kind, name }
      ),
    };
  },
  async run({ format, quiet, ...options }, invocation) {
    const host = await invocation.host();
    const targets = "files" in options
      ? await fileTargets(host, options.files, invocation)
      : options.targets;
    return await showWait(host, { ...options, targets }, { invocation, format, quiet });
  },
});

function common(
  flags: ParsedArgs<typeof waitFlags>["flags"],
  given: ReadonlySet<string>,
) {
  if (flags.any && given.has("count")) {
    throw new UsageError("--any and --count contradict each other");
  }
  refuseContradictoryFlags(selectionFields, { flags, given });
  if (flags.then.length > 0 && (flags.any || given.has("count"))) {
    throw new UsageError(`--then and --${flags.any ? "any" : "count"} contradict each other`, {
      hint: "the objects that come first all have to be in the state",
    });
  }
  const need: WaitNeed = flags.any
    ? { kind: "any" }
    : flags.count === undefined
    ? { kind: "all" }
    : { kind: "count", count: flags.count };
  const conditions: readonly Condition[] = flags.for.length === 0 ? [{ kind: "ready" }] : flags.for;
  return {
    conditions,
    need,
    ...(flags.then.length === 0 ? {} : { then: flags.then }),
    failOn: flags["fail-on"],
    timeoutMs: flags.timeout,
    allNamespaces: flags["all-namespaces"],
    format: flags.output ?? "text" as const,
    quiet: flags.quiet,
    ...definedOnly({ namespace: flags.namespace, context: flags.context }),
  };
}

async function fileTargets(
  host: Host,
  files: readonly string[],
  invocation: Invocation,
): Promise<readonly WaitTarget[]> {
  const [{ manifestTargets }, { contentsOf, standardInput }] = await Promise.all([
    import("../../actions/wait/manifests.ts"),
    import("../parser/flag_contents.ts"),
  ]);
  return await manifestTargets(
    host,
    await Promise.all(
      files.map(async (path) =>
        path === standardInput
          ? { name: "standard input", text: await contentsOf(path, invocation) }
          : { path }
      ),
    ),
  );
}

/** @throws UsageError if fewer objects are named than have to be in the state. */
function requireReachable(count: number | undefined, named: number): void {
  if (count === undefined || count <= named) return;
  throw new UsageError(
    `--count ${count} can't be reached: only ${plural(named, "object")} ${
      named === 1 ? "is" : "are"
    } named`,
    { hint: "choose objects by a selector: pods -l app=web" },
  );
}

/** As in kubectl: 0 needs no unit, and a negative time is a week. */
function timeoutMs(raw: string): number {
  const ms = parseGoDuration(raw) ?? durationMs(raw);
  return ms < 0 ? week : ms === 0 ? 0 : Math.min(Math.max(1, Math.round(ms)), longestMs);
}

const week = 7 * 24 * 3_600_000;

/** `deploy/api,deploy/web`. */
function thenObjects(raw: string): readonly { kind: string; name: string }[] {
  return raw.split(",").map((one) => {
    const [{ kind = "", name } = {}] = objectsOf(one);
    if (name === undefined) throw notAnObject(one);
    return { kind, name };
  });
}
