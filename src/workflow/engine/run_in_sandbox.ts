/** A `script` step: runs its code in the sandbox with the workflow's permissions; the script's end is the step's. */
import { hint, option } from "../../base/hint.ts";
import * as resources from "../../kube/resources.ts";
import { EndedTargets } from "./named_targets.ts";
import { KodamaError } from "../../base/errors.ts";
import type { JsonValue } from "../../base/json_value.ts";
import { absolute } from "../permissions.ts";
import { type StepOutcome, timeoutAfter } from "../step_events.ts";
import { failed, ok, type StepEnd } from "../step_kind.ts";
import { choosesPods } from "../selection_fields.ts";
import type { StepContext } from "./step_context.ts";
import type { StepTarget } from "./named_targets.ts";
import { commandLine } from "../../base/shell_quote.ts";
import { wholeList } from "../../kube/http/list.ts";
import type { ApiResource } from "../../kube/client.ts";
import type { KubeObject } from "../../kube/types.ts";
import type { ScriptApi, TargetResult } from "../model.ts";
import { podLimitOf } from "../pod_fields.ts";
import { fanOut } from "./fan_out.ts";

/** The code or its file, its input, and its bounds. */
interface SandboxRun {
  code?: string;
  file?: string;
  input: unknown;
  timeoutMs: number;
  memoryMiB: number;
}

/** Runs the script until it ends. */
export async function runInSandbox(step: StepContext, run: SandboxRun): Promise<StepEnd> {
  const { workflow, environment, signal, key } = step;
  const folder = workflow.path.slice(0, workflow.path.lastIndexOf("/"));
  const path = run.file === undefined ? workflow.path : absolute(run.file, folder);
  const code = run.code ?? await environment.local.readText(path);
  if (code === undefined) {
    throw new KodamaError("notFound", `script ${path} not found`);
  }
  const targets = await targetsOf(step);
  const end = await environment.runScript(
    {
      step: key,
      code,
      path,
      line: 1,
      input: run.input as JsonValue,
      targets: targets.flatMap(({ name, target: { namespace }, unreachable }) =>
        unreachable === undefined ? [{ name, namespace }] : []
      ),
      folder,
    },
    workflow.permissions,
    scriptApi(step, targets),
    { signal, timeoutMs: run.timeoutMs, memoryMiB: run.memoryMiB },
  );
  switch (end.kind) {
    case "ok":
      return ok({ value: end.output });
    case "failed":
      return failed(
        end.line === undefined ? end.message : `line ${end.line} of the script: ${end.message}`,
      );
    case "denied":
      return {
        outcome: { kind: "denied", reason: `the script isn't granted ${end.what}` },
        output: {},
      };
    case "limit":
      return end.which === "time"
        ? { outcome: timeoutOf(step, run.timeoutMs), output: {} }
        : failed(`the script went beyond its limit of ${end.which}`);
    case "cancelled":
      return { outcome: { kind: "cancelled" }, output: {} };
  }
}

function timeoutOf({ limitMs }: StepContext, afterMs: number): StepOutcome {
  return timeoutAfter(afterMs, limitMs === undefined ? "default" : undefined);
}

/** Returns the pods that it may name; a script runs without any, too. */
async function targetsOf(step: StepContext): Promise<StepTarget[]> {
  return choosesPods(step.where(undefined)) ? await step.targets({}) : [];
}

/** Returns whether the text is the path of a code file, rather than code. */
export function isFile(script: string): boolean {
  return /^\S+\.ts$/.test(script);
}

/* The API of a script, implemented by the context of its step. */

/**
 * The typed interface of `script` steps. The sandbox has checked each call against the permissions.
 *
 * @param targets those that the script was given, whose names are fixed for its whole run; one that is missing later is
 *   unreachable, and new ones weren't checked against the permissions.
 */
function scriptApi(step: StepContext, targets: readonly StepTarget[]): ScriptApi {
  return {
    async exec({ command, targets: names, timeoutMs }, signal) {
      const target = targets.filter(({ name }) => names === undefined || names.includes(name));
      const { outcome, output } = await fanOut(within(step, signal), target, {
        command,
        shell: false,
        maxOutputBytes: podLimitOf(undefined),
        change: { kind: "command", command, shell: false, variables: [] },
        bounds: {
          fanout: 32,
          connectTimeoutMs: 15_000,
          maxFail: { kind: "percent", percent: 100 },
          outputMode: "none",
          timeoutMs,
        },
      });
      if (outcome.kind === "refused") {
        throw new KodamaError("cancelled", `declined: ${commandLine(command)}`);
      }
      return output.byTarget as unknown as Readonly<Record<string, TargetResult>>;
    },
    async get({ resource: plural, name, namespace, selector }, signal) {
      const resource = resourceOf(plural);
      const contexts = new Set(step.where(undefined).contexts);
      if (contexts.size > 1) {
        throw new KodamaError("conflict", "the workflow's pods are in several contexts", {
          hint: hint`kodama.get reads from a single context: run the workflow with ${
            option("context")
          }`,
        });
      }
      const [context] = contexts;
      const client = await step.environment.kube(context);
      const scope = { namespace: namespace ?? client.defaultNamespace };
      if (name !== undefined) {
        return await client.get<KubeObject>(resource, name, scope, {
          signal,
        }) as unknown as JsonValue;
      }
      const narrowed = selector === undefined ? scope : { ...scope, labelSelector: selector };
      const { items } = await wholeList(() =>
        client.list<KubeObject>(resource, narrowed, { signal })
      );
      return items as unknown as JsonValue;
    },
    async logs({ target: requested, tail }, signal) {
      const target = targets.find(({ name }) => name === requested);
      if (target === undefined) throw new KodamaError("noMatch", `no target "${requested}"`);
      const { context, namespace, pod, container } = target.target;
      const client = await step.environment.kube(context);
      const request = {
        namespace,
        pod,
        container,
        follow: false,
        previous: false,
        timestamps: false,
        tailLines: tail,
      };
      const chunks = await Array.fromAsync(await client.logs(request, { signal }));
      const decoder = new TextDecoder();
      const text = chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
      return text.split("\n").filter((line) => line !== "");
    },
    log: (line) => step.line(line),
  };
}

/** Returns the context of one call: ended by the call's own signal, and without events of its targets. */
function within(step: StepContext, signal: AbortSignal): StepContext {
  return Object.create(step, {
    signal: { value: signal },
    retained: { value: new EndedTargets() },
    emit: { value: () => Promise.resolve() },
  }) as StepContext;
}

const known = (Object.values(resources) as unknown[])
  .filter((one): one is ApiResource => typeof one === "object" && one !== null && "plural" in one);

/** Returns a kind that kodama knows, by its plural in the API. */
export function knownResource(plural: string): ApiResource | undefined {
  return known.find((one) => one.plural === plural);
}

function resourceOf(plural: string): ApiResource {
  const found = knownResource(plural);
  if (found !== undefined) return found;
  throw new KodamaError("notFound", `scripts can't get "${plural}"`, {
    hint: `they can get ${known.map((one) => one.plural).join(", ")}`,
  });
}
