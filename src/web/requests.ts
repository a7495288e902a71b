/** What requests may contain: their queries and bodies, validated. */
import * as v from "valibot";
import { type ScopedSelection, selectionFields, selectionOf } from "../actions/selection.ts";
import type { ParamTexts } from "../actions/workflow/run_steps.ts";
import { UsageError } from "../base/errors.ts";
import { definedOnly, isRecord, type JsonValue } from "../base/json_value.ts";
import {
  type Fields,
  type Given,
  type Input,
  offered,
  textField,
  toggleField,
  wholeField,
} from "../operation/field.ts";
import { readInput } from "../operation/operation.ts";
import type { Empty } from "./api.ts";

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(300));
const text = v.pipe(v.string(), v.maxLength(64 * 1024));
const positive = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

const json: v.GenericSchema<unknown, JsonValue> = v.lazy(() =>
  v.union([v.null(), v.boolean(), v.number(), text, v.array(json), v.record(v.string(), json)])
);

const workflowValues = {
  params: v.exactOptional(v.record(name, json)),
  selection: v.exactOptional(v.record(name, json)),
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
  transfer: v.strictObject({ to: name }),
  delete: v.strictObject({ purge: v.boolean() }),
  interrupt: v.strictObject({ task: v.exactOptional(positive) }),
  workflowValues: v.strictObject(workflowValues),
  startRun: v.variant("kind", [
    v.strictObject({ kind: v.literal("workflow"), workflow: name, ...workflowValues }),
    v.strictObject({ kind: v.literal("exec"), input: v.record(name, json) }),
  ]),
  rerun: v.strictObject({ failed: v.boolean() }),
  answer: v.strictObject({ question: name, answer: v.nullable(text) }),
};

/** Reads a query. @throws UsageError for parameters that it doesn't have, or that have another form. */
export type ReadQuery<T> = (query: URLSearchParams) => Promise<T>;

const scope = { context: textField("context"), namespace: textField("namespace") };
const size = { least: 1, most: 1000 };

/** The queries. */
export const queries = {
  none: fieldsQuery({}),
  scope: fieldsQuery(scope),
  list: fieldsQuery({ ...scope, allNamespaces: toggleField("all namespaces") }),
  log: fieldsQuery({ ...scope, task: wholeField("number of the task", { least: 1 }) }),
  runs: fieldsQuery({ limit: wholeField("number of runs", { least: 1, most: 500 }) }),
  terminal: fieldsQuery({
    ...scope,
    columns: wholeField("columns of the terminal", size),
    rows: wholeField("rows of the terminal", size),
    ...{ session: textField("session"), pod: textField("pod"), container: textField("container") },
  }, ["columns", "rows"]),
};

/** Returns what reads the query of fields, without those that aren't given. */
function fieldsQuery<F extends Fields, Required extends keyof F & string = never>(
  fields: F,
  required: readonly Required[] = [],
): ReadQuery<Given<F> & { [Name in Required]-?: Exclude<Input<F>[Name], undefined> }> {
  return queryOf(async (given) => {
    const missing = required.find((name) => given[name] === undefined);
    if (missing !== undefined) throw new UsageError(`${JSON.stringify(missing)} is missing`);
    return definedOnly(await readInput(fields, given)) as
      & Given<F>
      & { [Name in Required]-?: Exclude<Input<F>[Name], undefined> };
  });
}

/** Returns what reads the query of fields: a text, or the texts of a repeated parameter. */
export function queryOf<T>(read: (given: Record<string, unknown>) => Promise<T>): ReadQuery<T> {
  return async (query) =>
    await read(Object.fromEntries([...new Set(query.keys())].map((name) => {
      const [text, ...others] = query.getAll(name);
      return [name, others.length === 0 ? text : [text, ...others]];
    })));
}

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

function validated<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = issue === undefined ? "" : v.getDotPath(issue) ?? "";
  throw new UsageError(`${path === "" ? "the request" : path}: ${issue?.message ?? "invalid"}`);
}

/** The fields of a selection, as the page has them. */
const podFields = offered(selectionFields, "page");

/** Returns the pods that a request chooses. @throws UsageError for a value that can't be one. */
export async function chosenPods(
  requested: unknown,
  { allPhases }: { allPhases: boolean },
): Promise<ScopedSelection> {
  return selectionOf({ ...await readInput(podFields, requested), allPhases });
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
