/**
 * A finished run as a trace of OpenTelemetry: a span for the run, each step and each pod, from its record, which holds
 * no secrets. Loaded only if an endpoint is set.
 *
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp, https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
import { Deadline } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import { retry, type RetryPolicy } from "../../base/retry.ts";
import type { Target } from "../../kube/select/target.ts";
import type { Host } from "../host.ts";
import { type PastRun, readRecord } from "../../exec/run_record.ts";
import type { PastWorkflow } from "../../workflow/record.ts";

/** A value of an attribute. */
type Value = string | number | boolean;

/** A span, without ids. */
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

function runSpans({ header, targets, end }: PastRun): Span[] {
  if (end === undefined) return [];
  const { id, command, workflow } = header;
  const root: Span = {
    name: workflow === null ? `exec ${command[0] ?? ""}`.trim() : `workflow ${workflow}`,
    ...during(Date.parse(header.at), end.durationMs),
    attributes: {
      "kodama.run.id": id,
      ...(workflow === null ? {} : { "kodama.workflow": workflow }),
      "process.command_args": command.join(" "),
      "process.exit.code": end.exitCode,
    },
    ...(end.exitCode === 0 ? {} : { error: `exit code ${end.exitCode}` }),
  };
  const pods = targets.flatMap(({ target, name, startedAt, end }): Span[] => {
    // Pods that were skipped, or cancelled before their turn, have no duration.
    if (end === undefined || startedAt === undefined) return [];
    return [{
      name,
      parent: 0,
      ...during(startedAt.getTime(), end.durationMs),
      attributes: podAttributes(target, end.outcome, end.exitCode),
      ...(end.outcome === "ok" ? {} : { error: end.error ?? end.outcome }),
    }];
  });
  return [root, ...pods];
}

function workflowSpans({ header, steps, end }: PastWorkflow): Span[] {
  if (end === undefined) return [];
  const { id, workflow, path } = header;
  const spans: Span[] = [{
    name: `workflow ${workflow}`,
    ...during(Date.parse(header.at), end.durationMs),
    attributes: {
      "kodama.run.id": id,
      "kodama.workflow": workflow,
      "kodama.workflow.path": path,
      "process.exit.code": end.exitCode,
    },
    ...failure(end.outcome),
  }];
  const indexes = new Map<string, number>();
  for (const { key, kind = "", title, startedAt, endedAt, targets, isRetained, end } of steps) {
    if (startedAt === undefined || end === undefined || isRetained) continue;
    const parent = parentOf(key, indexes) ?? 0;
    const index = spans.length;
    indexes.set(key, index);
    spans.push({
      name: title,
      parent,
      ...during(startedAt.getTime(), end.durationMs),
      attributes: {
        "kodama.step": key,
        "kodama.step.kind": kind,
        "kodama.outcome": end.outcome.kind,
      },
      ...(end.tolerated ? {} : failure(end.outcome)),
    });
    for (const [name, { target, outcome, durationMs }] of targets) {
      const at = endedAt.get(name);
      if (at === undefined) continue;
      const exitCode = "exitCode" in outcome ? outcome.exitCode : undefined;
      spans.push({
        name,
        parent: index,
        ...during(at.getTime() - durationMs, durationMs),
        attributes: podAttributes(target, outcome.kind, exitCode),
        ...failure(outcome),
      });
    }
  }
  return spans;
}

/** Keys of steps within others start with theirs: `deploy/migrate`. */
function parentOf(key: string, indexes: ReadonlyMap<string, number>): number | undefined {
  for (let cut = key.lastIndexOf("/"); cut > 0; cut = key.lastIndexOf("/", cut - 1)) {
    const index = indexes.get(key.slice(0, cut));
    if (index !== undefined) return index;
  }
  return undefined;
}

function failure(outcome: { kind: string; reason?: string | undefined }): { error?: string } {
  return ["ok", "skipped", "rescued"].includes(outcome.kind)
    ? {}
    : { error: outcome.reason ?? outcome.kind };
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

/** The trace and the span that a run belongs to: https://www.w3.org/TR/trace-context/#traceparent-header */
interface TraceParent {
  trace: string;
  span?: string;
}

/** Parses the variable `TRACEPARENT`; undefined for anything else. */
export function parseTraceParent(text: string | undefined): TraceParent | undefined {
  const match = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}/
    .exec(text ?? "");
  return match === null ? undefined : { trace: match[1] ?? "", span: match[2] ?? "" };
}

/**
 * Returns the body of an OTLP/HTTP request in JSON.
 *
 * @param newId returns as many random bytes in hexadecimal.
 */
function traceBody(
  spans: readonly Span[],
  { parent, resource, newId }: {
    parent: TraceParent;
    resource: Readonly<Record<string, string>>;
    newId: (bytes: number) => string;
  },
): object {
  const ids = spans.map(() => newId(8));
  return {
    resourceSpans: [{
      resource: { attributes: attributeList(resource) },
      scopeSpans: [{
        scope: { name: "kodama" },
        spans: spans.map(({ name, parent: index, startMs, endMs, attributes, error }, at) => {
          const parentSpanId = index === undefined ? parent.span : ids[index];
          return {
            traceId: parent.trace,
            spanId: ids[at],
            ...(parentSpanId === undefined ? {} : { parentSpanId }),
            name,
            kind: 1,
            startTimeUnixNano: nanoseconds(startMs),
            endTimeUnixNano: nanoseconds(endMs),
            attributes: attributeList(attributes),
            status: error === undefined ? { code: 1 } : { code: 2, message: error },
          };
        }),
      }],
    }],
  };
}

/** 64 bits are a text in JSON. */
function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms)) * 1_000_000n);
}

function attributeList(attributes: Readonly<Record<string, Value>>) {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === "string"
      ? { stringValue: value.toWellFormed() }
      : typeof value === "boolean"
      ? { boolValue: value }
      : { intValue: String(Math.round(value)) },
  }));
}

/* The export, by the variables that all exporters of OpenTelemetry read. */

/** Returns where traces are sent; undefined if nowhere. */
export function tracesEndpoint(env: Host["env"]): string | undefined {
  const isOff = env("OTEL_SDK_DISABLED") === "true" || env("OTEL_TRACES_EXPORTER") === "none";
  if (isOff) return undefined;
  const own = env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  if (own) return own;
  const base = env("OTEL_EXPORTER_OTLP_ENDPOINT");
  return base ? `${base.replace(/\/+$/, "")}/v1/traces` : undefined;
}

/** Parses `key=value,key=value`, with percent-encoded values. */
export function parsePairs(text: string | undefined): Record<string, string> {
  const pairs = (text ?? "").split(",").flatMap((pair) => {
    const at = pair.indexOf("=");
    const key = pair.slice(0, at).trim();
    if (at === -1 || key === "") return [];
    try {
      return [[key, decodeURIComponent(pair.slice(at + 1).trim())]];
    } catch {
      return [[key, pair.slice(at + 1).trim()]];
    }
  });
  return Object.fromEntries(pairs);
}

const defaultTimeoutMs = 10_000;
const retries: RetryPolicy = { delayMs: 500, maxDelayMs: 4000, jitter: 0.3 };
const retriedStatuses: readonly number[] = [429, 502, 503, 504];

/**
 * Exports the trace of a run that has ended. A failure is logged: it isn't the run's.
 *
 * @param record the text of its record.
 * @param send `fetch`, except in tests.
 */
export async function exportTrace(
  { env, clock, log }: Pick<Host, "env" | "clock" | "log">,
  { id, record }: { id: string; record: string },
  send: typeof fetch = fetch,
): Promise<void> {
  const endpoint = tracesEndpoint(env);
  if (endpoint === undefined) return;
  const timeoutMs = Number(env("OTEL_EXPORTER_OTLP_TIMEOUT")) || defaultTimeoutMs;
  using deadline = new Deadline(clock, timeoutMs);
  const { signal } = deadline;
  try {
    const spans = await spansOf(id, record);
    if (spans.length === 0) return;
    const parent = parseTraceParent(env("TRACEPARENT")) ?? { trace: randomId(16) };
    const resource = {
      "service.name": env("OTEL_SERVICE_NAME") || "kodama",
      ...parsePairs(env("OTEL_RESOURCE_ATTRIBUTES")),
    };
    const body = JSON.stringify(traceBody(spans, { parent, resource, newId: randomId }));
    const headers = {
      ...parsePairs(
        env("OTEL_EXPORTER_OTLP_TRACES_HEADERS") ?? env("OTEL_EXPORTER_OTLP_HEADERS"),
      ),
      "content-type": "application/json",
    };
    await retry(async () => {
      // A redirect could send the headers' key elsewhere.
      const answer = await send(endpoint, {
        ...{ method: "POST", headers, body, redirect: "manual", signal },
      });
      await answer.body?.cancel();
      if (answer.ok) return;
      const kind = retriedStatuses.includes(answer.status) ? "unreachable" : "server";
      throw new KodamaError(kind, `it answered with ${answer.status}`);
    }, {
      policy: retries,
      clock,
      signal,
      random: Math.random,
      mayRetry: (error) => error instanceof KodamaError && error.kind === "unreachable",
    });
    log("info", "trace", `trace ${parent.trace} of run ${id} is exported`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log("warning", "trace", `the trace of run ${id} wasn't exported: ${reason}`);
  }
}

async function spansOf(id: string, record: string): Promise<Span[]> {
  if (!record.startsWith('{"event":"workflow"')) return runSpans(readRecord(id, record));
  const { readWorkflowRecord } = await import("../../workflow/record.ts");
  return workflowSpans(readWorkflowRecord(id, record));
}

function randomId(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}
