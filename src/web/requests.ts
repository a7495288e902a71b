/** What requests may contain: their queries and bodies, validated. */
import * as v from "valibot";
import type { Selection } from "../actions/exec/events.ts";
import type { ParamTexts } from "../actions/workflow/run_steps.ts";
import { UsageError } from "../base/errors.ts";
import { isRecord, type JsonValue } from "../base/json_value.ts";
import { didYouMean } from "../base/nearest_names.ts";
import { parseTextPattern, type TextPattern } from "../base/plain_text.ts";
import { selectionOf } from "../toolbox/selection.ts";
import type { Empty, PodsQuery } from "./api.ts";

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(300));
const text = v.pipe(v.string(), v.maxLength(64 * 1024));
const names = v.pipe(v.array(name), v.maxLength(1000));
const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const positive = v.pipe(whole, v.minValue(1));

const scope = { context: v.exactOptional(name), namespace: v.exactOptional(name) };

const selection = {
  pods: v.exactOptional(names),
  match: v.exactOptional(names),
  exclude: v.exactOptional(names),
  namespaces: v.exactOptional(names),
  allNamespaces: v.exactOptional(v.boolean()),
  selector: v.exactOptional(v.pipe(v.string(), v.maxLength(4096))),
  fieldSelector: v.exactOptional(v.pipe(v.string(), v.maxLength(4096))),
  container: v.exactOptional(name),
  node: v.exactOptional(name),
  sample: v.exactOptional(positive),
  contexts: v.exactOptional(names),
};

const json: v.GenericSchema<unknown, JsonValue> = v.lazy(() =>
  v.union([
    v.null(),
    v.boolean(),
    v.number(),
    text,
    v.array(json),
    v.record(v.string(), json),
  ])
);

const workflowValues = {
  params: v.exactOptional(v.record(name, json)),
  selection: v.exactOptional(v.strictObject(selection)),
};

const formTexts = v.record(name, text);

const prompt = v.strictObject({
  text: v.pipe(text, v.minLength(1)),
  conversation: v.exactOptional(v.union([v.picklist(["new", "latest"]), positive])),
  options: v.exactOptional(formTexts),
});

/** The bodies. */
export const bodies = {
  empty: v.strictObject({}) as unknown as v.GenericSchema<unknown, Empty>,
  prompt,
  startSession: v.strictObject({ name, options: formTexts, prompt: v.exactOptional(prompt) }),
  approval: v.strictObject({
    task: positive,
    request: name,
    tool: text,
    summary: text,
    decision: v.picklist(["allow", "deny"]),
    message: v.exactOptional(v.pipe(v.string(), v.minLength(1), v.maxLength(4000))),
  }),
  note: v.strictObject({ text }),
  noteNumber: v.strictObject({ number: positive }),
  transfer: v.strictObject({ to: name }),
  delete: v.strictObject({ purge: v.boolean() }),
  interrupt: v.strictObject({ task: v.exactOptional(positive) }),
  workflowValues: v.strictObject(workflowValues),
  startRun: v.variant("kind", [
    v.strictObject({ kind: v.literal("workflow"), workflow: name, ...workflowValues }),
    v.strictObject({
      kind: v.literal("exec"),
      command: v.pipe(v.array(text), v.minLength(1), v.maxLength(10_000)),
      shell: v.exactOptional(v.boolean()),
      selection: v.strictObject(selection),
      all: v.exactOptional(v.boolean()),
      timeoutMs: v.exactOptional(positive),
      fanout: v.exactOptional(positive),
    }),
  ]),
  rerun: v.strictObject({ failed: v.boolean() }),
  answer: v.strictObject({ question: name, answer: v.nullable(text) }),
};

/** The queries. */
export const queries = {
  none: v.strictObject({}),
  scope: v.strictObject(scope),
  list: v.strictObject({ ...scope, allNamespaces: v.exactOptional(v.boolean()) }),
  log: v.strictObject({ ...scope, task: v.exactOptional(positive) }),
  selection: v.strictObject(selection),
  logs: v.strictObject({
    ...selection,
    follow: v.exactOptional(v.boolean()),
    previous: v.exactOptional(v.boolean()),
    tail: v.exactOptional(v.pipe(whole, v.maxValue(1_000_000))),
    sinceMs: v.exactOptional(positive),
    grep: v.exactOptional(names),
  }),
  runs: v.strictObject({ limit: v.exactOptional(v.pipe(positive, v.maxValue(500))) }),
  terminal: v.strictObject({
    ...scope,
    columns: v.pipe(positive, v.maxValue(1000)),
    rows: v.pipe(positive, v.maxValue(1000)),
    session: v.exactOptional(name),
    pod: v.exactOptional(name),
    container: v.exactOptional(name),
  }),
};

/** A body's size, in bytes. */
export const maxBodyBytes = 1024 * 1024;

/** Returns a body. @throws UsageError if it isn't JSON of this shape. */
export function bodyValue<T>(schema: v.GenericSchema<unknown, T>, body: string): T {
  if (isTooDeep(body)) throw new UsageError("the body is nested too deeply");
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new UsageError("the body isn't JSON");
  }
  if (!isRecord(value)) throw new UsageError("the body isn't an object");
  return validated(schema, value);
}

/** Lists and mappings in each other: no request has as many, and checks of each level need the stack. */
const maxDepth = 32;

/** Returns whether a JSON text is nested deeper than that; brackets in its texts count as well. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[{}\]]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    if (depth > maxDepth) return true;
  }
  return false;
}

/** The schema of a query: each field is a text, a list, a number or a switch. */
export type QuerySchema<T> = v.GenericSchema<unknown, T> & {
  readonly entries: Readonly<Record<string, v.GenericSchema>>;
};

/** Returns a query. @throws UsageError for parameters that it doesn't have, or that have another form. */
export async function readQuery<T>(schema: QuerySchema<T>, query: URLSearchParams): Promise<T> {
  const value: Record<string, unknown> = {};
  for (const key of new Set(query.keys())) {
    const known = Object.hasOwn(schema.entries, key) ? schema.entries[key] : undefined;
    if (known === undefined) {
      const near = await didYouMean(key, Object.keys(schema.entries));
      throw new UsageError(`there is no parameter ${JSON.stringify(key)}${near}`);
    }
    value[key] = valueOf(kindOf(known), query.getAll(key));
  }
  return validated(schema, value);
}

/** Returns the type of a field that may be absent. */
function kindOf(schema: v.GenericSchema & { wrapped?: v.GenericSchema }): string {
  return schema.wrapped === undefined ? schema.type : kindOf(schema.wrapped);
}

/** What doesn't fit stays as it is, and fails the check of the shape. */
function valueOf(kind: string, texts: readonly string[]): unknown {
  if (kind === "array") return texts;
  const [text = "", ...others] = texts;
  if (others.length > 0) return texts;
  if (kind === "boolean") return text === "true" ? true : text === "false" ? false : text;
  return kind === "number" && /^\d{1,15}$/.test(text) ? Number(text) : text;
}

function validated<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = issue === undefined ? "" : v.getDotPath(issue) ?? "";
  throw new UsageError(`${path === "" ? "the request" : path}: ${issue?.message ?? "invalid"}`);
}

/** Returns the pods that a request chooses. @throws UsageError for a value that can't be one. */
export function chosenPods(
  requested: PodsQuery,
  { allPhases }: { allPhases: boolean },
): { contexts: readonly string[]; selection: Selection } {
  const { match = [], exclude = [], ...others } = requested;
  const { contexts, selection } = selectionOf(others, { allPhases });
  return {
    contexts,
    selection: { ...selection, match: match.map(patternOf), exclude: exclude.map(patternOf) },
  };
}

/** `/RE/`, or a text. */
function patternOf(text: string): TextPattern {
  const pattern = parseTextPattern(text);
  if (pattern.kind !== "invalid") return pattern;
  throw new UsageError(`"${text}": ${pattern.reason}`);
}

/** Returns the values of parameters as texts, as `--param` gives them. */
export function textsOfParams(params: Readonly<Record<string, JsonValue>>): ParamTexts {
  return new Map(
    Object.entries(params).filter(([, value]) => value !== null).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(String) : String(value),
    ]),
  );
}
