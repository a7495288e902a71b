/**
 * A finished run as a trace of OpenTelemetry: a span for the run, each step and each pod, from its record, which holds
 * no secrets. Deno exports it, from a process of its own: in kodama's, Deno would also export each request, with what
 * its URL has. Loaded only if an endpoint is set.
 */
import { Deadline } from "../../base/abort.ts";
import type { Target } from "../../kube/select/target.ts";
import { fixedFlags, localPrograms } from "../../sandbox/run_script.ts";
import exporter from "./trace_exporter.js" with { type: "text" };
import type { Host } from "../host.ts";
import {
  type FoundRun,
  type PastRun,
  type PastWorkflow,
  readRunRecord,
  sectionsOf,
} from "../../runs/past_run.ts";
import { stepError } from "../../workflow/step_events.ts";

/** A value of an attribute. */
type Value = string | number | boolean;

/** A span, as `trace_exporter.js` takes it. */
interface Span {
  name: string;
  /** The index of its parent among the spans; absent for the run's own, which is the first. */
  parent?: number;
  /** Milliseconds since 1970. */
  startMs: number;
  endMs: number;
  attributes: Readonly<Record<string, Value>>;
  /** Why it failed; absent if it is ok. */
  error?: string;
}

/* The spans of a run; none if its end isn't recorded. A step comes before those within it. */

function spansOf(found: FoundRun): Span[] {
  const { end, header } = found.run;
  if (end === undefined) return [];
  const spans: Span[] = [{
    ...(found.kind === "run" ? commandSpan(found.run) : workflowSpan(found.run)),
    ...during(Date.parse(header.at), end.durationMs),
  }];
  const indexes = new Map<string, number>();
  for (const section of sectionsOf(found)) {
    const { key, kind = "", title, startedAt, durationMs, isRetained, targets } = section;
    if (startedAt === undefined || durationMs === null || isRetained) continue;
    let parent = parentOf(key, indexes) ?? 0;
    if (found.kind === "workflow") {
      spans.push({
        name: title,
        parent,
        ...during(startedAt.getTime(), durationMs),
        attributes: {
          "kodama.step": key,
          "kodama.step.kind": kind,
          "kodama.outcome": section.outcome ?? "",
        },
        ...(section.tolerated ? {} : failure(section)),
      });
      parent = spans.length - 1;
      indexes.set(key, parent);
    }
    for (const one of targets) {
      // Pods that were skipped, or cancelled before their turn, have no duration.
      if (one.startedAt === undefined || one.durationMs === null || one.outcome === null) continue;
      spans.push({
        name: one.name,
        parent,
        ...during(one.startedAt.getTime(), one.durationMs),
        attributes: podAttributes(one.target, one.outcome, one.exitCode),
        ...failure(one),
      });
    }
  }
  return spans;
}

function commandSpan({ header: { id, command, workflow }, end }: PastRun) {
  const exitCode = end?.exitCode ?? 0;
  return {
    name: workflow === null ? `exec ${command[0] ?? ""}`.trim() : `workflow ${workflow}`,
    attributes: {
      "kodama.run.id": id,
      ...(workflow === null ? {} : { "kodama.workflow": workflow }),
      "process.command_args": command.join(" "),
      "process.exit.code": exitCode,
    },
    ...(exitCode === 0 ? {} : { error: `exit code ${exitCode}` }),
  };
}

function workflowSpan({ header: { id, workflow, path }, end }: PastWorkflow) {
  return {
    name: `workflow ${workflow}`,
    attributes: {
      "kodama.run.id": id,
      "kodama.workflow": workflow,
      "kodama.workflow.path": path,
      "process.exit.code": end?.exitCode ?? 0,
    },
    ...(end === undefined
      ? {}
      : failure({ outcome: end.outcome.kind, error: stepError(end.outcome) })),
  };
}

/** Keys of steps within others start with theirs: `deploy/migrate`. */
function parentOf(key: string, indexes: ReadonlyMap<string, number>): number | undefined {
  for (let cut = key.lastIndexOf("/"); cut > 0; cut = key.lastIndexOf("/", cut - 1)) {
    const index = indexes.get(key.slice(0, cut));
    if (index !== undefined) return index;
  }
  return undefined;
}

function failure(
  { outcome, error }: { outcome: string | null; error: string | null },
): { error?: string } {
  return outcome === null || ["ok", "skipped", "rescued"].includes(outcome)
    ? {}
    : { error: error ?? outcome };
}

function during(startMs: number, durationMs: number) {
  return { startMs, endMs: startMs + durationMs };
}

/** https://opentelemetry.io/docs/specs/semconv/resource/k8s/ */
function podAttributes(
  { context, namespace, pod, container, node }: Target,
  outcome: string,
  exitCode: number | null | undefined,
): Span["attributes"] {
  return {
    "kodama.context": context,
    "k8s.namespace.name": namespace,
    "k8s.pod.name": pod,
    "k8s.container.name": container,
    ...(node === "" ? {} : { "k8s.node.name": node }),
    "kodama.outcome": outcome,
    ...(typeof exitCode === "number" ? { "process.exit.code": exitCode } : {}),
  };
}

/** The span that a run belongs to: https://www.w3.org/TR/trace-context/#traceparent-header */
interface TraceParent {
  traceId: string;
  spanId: string;
}

/** Parses the variable `TRACEPARENT`; undefined for anything else. */
export function parseTraceParent(text: string | undefined): TraceParent | undefined {
  const match = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}/
    .exec(text ?? "");
  return match === null ? undefined : { traceId: match[1] ?? "", spanId: match[2] ?? "" };
}

/** Returns whether the variables of OpenTelemetry say where traces are sent. */
function isExported(env: Host["env"]): boolean {
  const isOff = env("OTEL_SDK_DISABLED") === "true" || env("OTEL_TRACES_EXPORTER") === "none";
  return !isOff &&
    Boolean(env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") || env("OTEL_EXPORTER_OTLP_ENDPOINT"));
}

/** The time that Deno has by itself if the variable sets none. */
const defaultTimeoutMs = 10_000;

/** The time of the process for its start. */
const startMs = 2000;

/**
 * Exports the trace of a run that has ended. A failure is logged: it isn't the run's. Deno reports none of a collector.
 *
 * @param record the text of its record.
 */
export async function exportTrace(
  { env, clock, log, machine }: Pick<Host, "env" | "clock" | "log" | "machine">,
  { id, record }: { id: string; record: string },
): Promise<void> {
  if (!isExported(env)) return;
  const timeoutMs = Number(env("OTEL_EXPORTER_OTLP_TIMEOUT")) || defaultTimeoutMs;
  using deadline = new Deadline(clock, timeoutMs + startMs);
  try {
    const spans = spansOf(await readRunRecord(id, record));
    if (spans.length === 0) return;
    const parent = parseTraceParent(env("TRACEPARENT"));
    const { deno } = await localPrograms(
      "cannot export traces",
      (name) => machine.findProgram(name),
    );
    const variables = {
      OTEL_DENO: "true",
      OTEL_DENO_METRICS: "false",
      OTEL_DENO_CONSOLE: "ignore",
      OTEL_SERVICE_NAME: env("OTEL_SERVICE_NAME") || "kodama",
      // Further spans would be dropped.
      OTEL_BSP_MAX_QUEUE_SIZE: String(spans.length + 1),
    };
    const words = [
      ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
      ...[deno, ...fixedFlags, `data:application/javascript,${encodeURIComponent(exporter)}`],
    ];
    const stdin = JSON.stringify({ spans, parent });
    const messages: string[] = [];
    const running = machine.lines("env", words, { stdin, signal: deadline.signal });
    for (;;) {
      const { done, value } = await running.next();
      if (!done) messages.push(value);
      else if (value === 0) break;
      else throw new Error(`exit code ${value}: ${messages.slice(0, 3).join(" ")}`);
    }
    log("info", "trace", `the trace of run ${id} is exported`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log("warning", "trace", `the trace of run ${id} wasn't exported: ${reason}`);
  }
}
