/**
 * `apply`: manifests, by the user's own kubectl on the server's side: the differences are shown, a person is asked once,
 * and the step ends when all objects are ready.
 */
import * as v from "valibot";
import { parseApiVersion } from "../../base/api_version.ts";
import { passed } from "../../base/abort.ts";
import { definedOnly, isRecord } from "../../base/json_value.ts";
import { numberType } from "../../expression/type.ts";
import {
  type AnyObject,
  hasReadiness,
  isHeld,
  type ObjectKind,
  readiness,
} from "../../wait/readiness.ts";
import type { StepContext } from "../engine/step_context.ts";
import { described, oneOrMore, text } from "../fields.ts";
import { timeoutAfter } from "../step_events.ts";
import { defineStep, failed, ok, type StepEnd } from "../step_kind.ts";
import { scopeArgs } from "./kubectl.ts";

/** A step without a `timeout` waits for at most this. */
const longestWaitMs = 10 * 60_000;

/** Interval at which the objects are read. */
const pollMs = 1000;

/** How much of kubectl's output is read: the objects as JSON. */
const maxOutputBytes = 16 * 2 ** 20;

/** The kind `apply`. */
export const applyStep = defineStep({
  name: "apply",
  summary:
    "Applies manifests with the user's own kubectl, on the server's side: shows the differences, asks once, and waits until " +
    "all objects are ready, with the reasons why they aren't. It asks nothing if nothing differs. Objects without a state of " +
    "their own, such as a ConfigMap, are ready when they exist. Pods of the strategy OnDelete with an old template, a changed " +
    "Deployment that is paused and a suspended Job don't become ready by themselves: the step fails at once.",
  entries: {
    apply: described(
      oneOrMore(text, "a file or folder, or a list of them"),
      "Manifests: files or folders of this machine, which `permissions.read` must grant.",
    ),
    context: v.optional(
      described(text, "The context; by default that of the workflow's pods, however it is chosen."),
    ),
    force: v.optional(described(
      v.boolean("true or false"),
      "Whether fields that something else manages are taken over.",
    )),
    untilReady: v.optional(described(
      v.boolean("true or false"),
      "Whether to wait until the objects are ready, for at most 10m unless the step has a `timeout`; true by default.",
    )),
  },
  output: { objects: numberType, changed: numberType },
  example: `
select: { namespace: weka-operator-system }
permissions: { read: [manifests] }
steps:
  - apply: manifests
    context: kodama
    force: false
    untilReady: true
    timeout: 2m
    allowFailure: true
`,
  needs: ({ apply }) => [apply].flat().map((what) => ({ kind: "read" as const, what })),
  rights: () => "the manifests decide: get, create and patch of each kind in them",
  plan: ({ apply, context }) => ({
    place: definedOnly({ context }),
    does: `apply ${[apply].flat().join(", ")}`,
    command: ["kubectl", "apply", "--server-side", ...[apply].flat().flatMap((one) => ["-f", one])],
    where: "here",
    effect: "asks",
    asksItself: true,
  }),
  run: async ({ apply, context, force = false, untilReady = true }, step) => {
    const paths = await Promise.all([apply].flat().map((path) => step.requirePath("read", path)));
    const scope = scopeArgs(step, definedOnly({ context }));
    const files = paths.flatMap((path) => ["-f", path]);
    const serverSide = ["--server-side", ...(force ? ["--force-conflicts"] : [])];
    // A patch that changes nothing, of objects that aren't sent anywhere: what is shown is what is applied.
    const read = await run(step, [
      ...["patch", "--local", "--type=merge", "--patch={}", "--output=json"],
      ...files,
    ], { show: false });
    if (read.exitCode !== 0) return failed(`kubectl patch --local: ${lastLine(read.stderr)}`);
    if (read.truncated.length > 0) return failed("the manifests are larger than 16 MiB");
    const kubectl = (args: readonly string[], show: boolean) =>
      run(step, [...scope, ...args, "-f", "-"], { show, input: read.stdout });
    const diff = await kubectl(["diff", ...serverSide], true);
    // 1 is its exit code if something differs.
    if (diff.exitCode > 1) return failed(`kubectl diff: ${lastLine(diff.stderr)}`);
    const changed = diff.stdout.split("\n").filter((line) => line.startsWith("+++ ")).length;
    if (diff.exitCode === 0) step.line("nothing differs", "stderr");
    else {
      const command = ["kubectl", ...scope, "apply", ...serverSide, ...files];
      const action = { kind: "command", command, shell: false, variables: [] } as const;
      if (!await step.confirmChange(action, [], { isUnplanned: true })) {
        return { outcome: { kind: "refused", reason: "declined" }, output: {} };
      }
      const applied = await kubectl(["apply", ...serverSide], true);
      if (applied.exitCode !== 0) return failed(`kubectl apply: ${lastLine(applied.stderr)}`);
    }
    const get = async () => {
      const { exitCode, stdout, stderr } = await kubectl(["get", "-o", "json"], false);
      return exitCode === 0 ? objectsIn(stdout) : lastLine(stderr);
    };
    return untilReady ? await waitUntilReady(step, get, changed) : ok({ objects: 0, changed });
  },
});

/** Waits until every object is ready; prints the reason of each that isn't when it changes. */
async function waitUntilReady(
  step: StepContext,
  get: () => Promise<readonly AppliedObject[] | string>,
  changed: number,
): Promise<StepEnd> {
  const { clock } = step.environment;
  const startedMs = clock.elapsedMs();
  const printed = new Map<string, string>();
  for (;;) {
    const objects = await get();
    const output = { objects: typeof objects === "string" ? 0 : objects.length, changed };
    const reasons = typeof objects === "string" ? [["kubectl get", objects]] : objects.flatMap(
      (object) => {
        const kind = kindOf(object);
        if (!hasReadiness(kind, object)) return [];
        const verdict = readiness(kind, object);
        const { name = "" } = object.metadata ?? {};
        return verdict.kind === "met"
          ? []
          : [[`${object.kind.toLowerCase()}/${name}`, verdict.reason]];
      },
    );
    if (reasons.length === 0) return ok(output);
    const held = typeof objects === "string"
      ? undefined
      : objects.find((object) => isHeld(readiness(kindOf(object), object)));
    if (held !== undefined) {
      const name = `${held.kind.toLowerCase()}/${held.metadata?.name ?? ""}`;
      const reason = reasons.find(([one]) => one === name)?.[1] ?? "";
      return { ...failed(`${name}: ${reason}; \`untilReady: false\` doesn't wait for it`), output };
    }
    for (const [name = "", reason = ""] of reasons) {
      if (printed.get(name) === reason) continue;
      printed.set(name, reason);
      step.line(`${name}: ${reason}`, "stderr");
    }
    const afterMs = longestWaitMs;
    if (step.limitMs === undefined && clock.elapsedMs() - startedMs >= afterMs) {
      return { outcome: timeoutAfter(afterMs, "default"), output };
    }
    await passed(clock, pollMs, { signal: step.signal });
    if (step.signal.aborted) return { outcome: { kind: "cancelled" }, output };
  }
}

interface AppliedObject extends AnyObject {
  apiVersion?: string;
  kind: string;
}

function kindOf({ apiVersion = "", kind }: AppliedObject): ObjectKind {
  return { kind, group: parseApiVersion(apiVersion).group };
}

/** Returns the objects of kubectl's JSON: one, or a list. */
function objectsIn(json: string): AppliedObject[] {
  const data: unknown = JSON.parse(json);
  const items = isRecord(data) && Array.isArray(data.items) ? data.items : [data];
  return items.filter((one): one is AppliedObject => isRecord(one) && typeof one.kind === "string");
}

async function run(
  step: StepContext,
  args: readonly string[],
  { show, input }: { show: boolean; input?: string },
) {
  return await step.environment.local.run(["kubectl", ...args], {
    environment: {},
    folder: step.workflow.path.slice(0, step.workflow.path.lastIndexOf("/")) || "/",
    signal: step.signal,
    maxOutputBytes,
    input,
    onLine: (stream, line) => show ? step.line(line, stream) : undefined,
  });
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}
