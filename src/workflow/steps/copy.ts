/** `copy`: files and folders of this machine to the selected pods, or from them to this machine. */
import * as v from "valibot";
import { listOf, numberType, recordOf, textType } from "../../expression/type.ts";
import type { CopyWay } from "../engine/environment.ts";
import { copyFields } from "../../copy/copy.ts";
import { type Input, offered } from "../../operation/field.ts";
import { described, entriesOf, expressionMark, inputOfEntries, text } from "../fields.ts";
import { defineStep, failed, type Need, type StepEnd, type StepProblem } from "../step_kind.ts";
import { type Fanout, fanoutOf, plannedBatches, podEntries, podLimitOf } from "../pod_fields.ts";
import type { StepTargetEnd } from "../step_events.ts";
import { fanOut } from "../engine/fan_out.ts";
import { type EndsOutput, recordsType } from "../engine/pod_output.ts";
import type { StepContext } from "../engine/step_context.ts";
import type { StepTarget } from "../engine/named_targets.ts";

/** Prefix of a path in the pods, as in `kodama cp`. */
const podMark = ":";

const paths = v.strictObject({
  from: described(text, "The source; a path that starts with a colon is in the pods."),
  to: described(
    text,
    "The destination, as in `cp`: below `saved`, each pod has a folder; with `saved/{pod}.conf`, each pod has a file.",
  ),
}, "from and to");

const stepFields = offered(copyFields, "workflows");

/** The kind `copy`. */
export const copyStep = defineStep({
  name: "copy",
  summary:
    "Copies files and folders from this machine to every selected pod, or from every pod to this machine.",
  inPods: true,
  entries: {
    copy: described(
      paths,
      "`from` and `to`, as in `cp`: the path in the pods starts with a colon. On this machine, each pod has " +
        "its own folder, unless the path contains `{pod}`.",
    ),
    ...podEntries,
    ...entriesOf(stepFields),
  },
  output: {
    targets: listOf(textType),
    ok: listOf(textType),
    failed: listOf(textType),
    byTarget: recordOf({
      kind: "record",
      fields: { outcome: textType, to: textType, files: numberType, bytes: numberType },
    }),
    files: numberType,
    bytes: numberType,
    records: recordsType,
  },
  example: `
select: { namespace: weka-operator-system, match: drive }
permissions: { read: [saved], write: [saved] }
steps:
  - id: fetched
    copy: { from: ":/etc/os-release", to: "saved/{pod}" }
    fanout: 8
    commandTimeout: 1m
    connectTimeout: 15s
    checksum: sha256
    retries: 3
  - name: to other pods, one of them first
    copy: { from: saved/weka-drive-0, to: ":/tmp/os-release" }
    select: { namespace: weka-operator-system, match: compute }
    serial: [1, 50%]
    maxFail: 0
  - copy: { from: ":/etc/hostname", to: saved/names/ }
    targets: \${{ steps.fetched.ok }}
outputs:
  bytes: \${{ steps.fetched.bytes }}
  where: \${{ steps.fetched.byTarget["weka-drive-0"].to }}
`,
  refine: {
    properties: {
      copy: {
        anyOf: [
          { properties: { from: { pattern: "^:." }, to: { pattern: "^[^:]" } } },
          { properties: { from: { pattern: "^[^:]" }, to: { pattern: "^:." } } },
          ...[["from", "to"], ["to", "from"]].map(([value = "", other = ""]) => ({
            properties: {
              [value]: { pattern: String.raw`^\$\{\{` },
              [other]: { pattern: "^(?!:.)" },
            },
          })),
        ],
      },
    },
  },
  check: ({ copy }) => wrongPaths(copy),
  needs: ({ copy }) => {
    const way = wayOf(copy);
    return way === undefined ? [] : [needOf(way)];
  },
  rights: () => ({ rights: [{ group: "", resource: "pods/exec", verbs: ["create", "get"] }] }),
  batches: ({ serial }, total) => plannedBatches(serial, total),
  plan: ({ copy: { from, to } }) => ({
    does: `copy ${from} to ${to}`,
    where: "pods",
    effect: "changes",
    ...(from.startsWith(podMark) ? {} : { change: { kind: "copy", from, to } }),
  }),
  run: async (fields, step) => {
    const way = wayOf(fields.copy);
    // An expression may have evaluated to a path whose side differs from the checked one.
    if (way === undefined) return failed(wrongPaths(fields.copy)[0]?.message ?? "");
    return await copyFiles(step, await step.targets(fields), {
      way,
      options: inputOfEntries(stepFields, fields),
      bounds: fanoutOf(fields),
    });
  },
});

interface Paths {
  from: string;
  to: string;
}

/** Returns undefined if not exactly one end is in the pods, or a path is empty. */
function wayOf({ from, to }: Paths): CopyWay | undefined {
  const [fromPods, toPods] = [from.startsWith(podMark), to.startsWith(podMark)];
  if (fromPods === toPods || from === podMark || to === podMark) return undefined;
  return fromPods
    ? { kind: "fromPods", remote: from.slice(podMark.length), local: to }
    : { kind: "toPods", local: from, remote: to.slice(podMark.length) };
}

function wrongPaths(copy: Paths): StepProblem[] {
  if (wayOf(copy) !== undefined) return [];
  const { from, to } = copy;
  // Only the run can evaluate whether it starts with a colon.
  if ([from, to].some((path) => path.startsWith(expressionMark))) return [];
  for (const [field, path] of [["from", from], ["to", to]] as const) {
    if (path === podMark) return [{ at: ["copy", field], message: "expected a path behind the :" }];
  }
  const message = from.startsWith(podMark)
    ? "both ends are in the pods; a path of this machine has no colon before it"
    : "no end is in the pods; a path of theirs has a colon before it, as in :/etc/app.conf";
  return [{ at: ["copy", "to"], message }];
}

function needOf({ kind, local }: CopyWay): Need {
  return { kind: kind === "toPods" ? "read" : "write", what: local };
}

/* A copy between this machine and the pods of a step, limited to the files here that `permissions` grant. */

/** Source, destination, and bounds. */
interface FileCopy {
  way: CopyWay;
  options: Input<typeof stepFields>;
  bounds: Fanout;
}

/** Copies in every target that an earlier run hasn't ended. */
async function copyFiles(
  step: StepContext,
  all: readonly StepTarget[],
  { way, options, bounds }: FileCopy,
): Promise<StepEnd> {
  const { workflow: { path }, environment } = step;
  const need = way.kind === "toPods" ? "read" : "write";
  const copy = await environment.copy({
    way,
    folder: path.slice(0, path.lastIndexOf("/")) || "/",
    targets: all.filter((one) =>
      one.unreachable === undefined && step.retained.get(one) === undefined
    ),
    permit: async (path) => void await step.requirePath(need, path),
    note: (name, text) => step.line(`${name}: ${text}`, "stderr"),
    options,
  });
  const work = {
    command: ["copy"],
    shell: false,
    bounds,
    copy,
    maxOutputBytes: podLimitOf(undefined),
  };
  const change = { kind: "copy", from: way.local, to: `:${way.remote}` } as const;
  return await fanOut(step, all, way.kind === "toPods" ? { ...work, change } : work, copyOutput);
}

/** The fields of `output` in `steps/copy.ts`. */
function copyOutput(ends: readonly StepTargetEnd[]): EndsOutput {
  const named = (good: boolean) =>
    ends.filter(({ outcome }) => (outcome.kind === "ok") === good).map(({ name }) => name);
  const sum = (part: "files" | "bytes") =>
    ends.reduce((total, { copied }) => total + (copied?.[part] ?? 0), 0);
  const output = {
    targets: ends.map(({ name }) => name),
    ok: named(true),
    failed: named(false),
    byTarget: Object.fromEntries(ends.map(({ name, outcome, copied }) => [name, {
      outcome: outcome.kind,
      to: copied?.to ?? "",
      files: copied?.files ?? 0,
      bytes: copied?.bytes ?? 0,
    }])),
    files: sum("files"),
    bytes: sum("bytes"),
  };
  return { output };
}
