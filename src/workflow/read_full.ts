/** Reads one file of the full form on its own: its content and its problems. */
import * as v from "valibot";
import { definedOnly, isRecord, type JsonValue } from "../base/json_value.ts";
import { FileError, foundText, shapeOf, shapeOfPart } from "../base/yaml/shape.ts";
import type { FileProblem, SourceFile, SourcePath, YamlSource } from "../base/yaml/source.ts";
import type { Diagnostic, Rule } from "./diagnostics.ts";
import {
  frameEntries,
  type FullFile,
  fullShape,
  paramShape,
  policyEntries,
  writtenFrame,
} from "./file_shape.ts";
import type { FullWorkflow, Param, Step, StepFrame } from "./model.ts";
import { concurrencyOf, fits, permissionsOf, typeNouns, typeOfValue } from "./read_frame.ts";
import { textsIn } from "./templates.ts";
import { didYouMean } from "../base/nearest_names.ts";
import { identifier } from "./fields.ts";
import { listAt, listPrefix } from "./inner_lists.ts";
import { whereEntries } from "./short_form.ts";
import type { StepKind } from "./step_kind.ts";
import { checkStep } from "./steps/check.ts";
import { stepKinds } from "./step_registry.ts";

/** A workflow, if enough of its file can be read for one. */
interface ReadWorkflow {
  workflow: FullWorkflow;
  diagnostics: Diagnostic[];
}

/** Reads a file of the full form. */
export async function readFull(
  source: YamlSource,
  { name, path }: { name: string; path: string },
): Promise<ReadWorkflow> {
  const { file } = source;
  const diagnostics: Diagnostic[] = [];
  const written = await shapeOf(source, fullShape).catch((error: unknown) => {
    if (!(error instanceof FileError)) throw error;
    diagnostics.push(...shapeDiagnostics(file, error).map(withWayOut));
    // Problems at the top don't suppress those of the steps.
    return lenient(source.plain);
  });
  const reader = new StepReader(source);
  const steps = await reader.list(written.steps ?? [], ["steps"]);
  const last = await reader.list(written.finally ?? [], ["finally"]);
  const { params, diagnostics: wrong } = await readParams(source, written.params ?? {});
  diagnostics.push(...reader.diagnostics, ...wrong, ...literalExpressions(source, written));
  const { description, select = {}, defaults = {}, permissions, concurrency } = written;
  const workflow: FullWorkflow = {
    name,
    path,
    params,
    select: definedOnly(select),
    defaults: definedOnly({
      ...defaults,
      env: spelledVariables(source, ["defaults", "env"], defaults.env) as typeof defaults.env,
    }),
    permissions: permissionsOf(permissions),
    steps,
    finally: last,
    outputs: Object.entries(written.outputs ?? {}).map(([output, template]) => ({
      name: output,
      template,
      at: source.location(["outputs", output]),
    })),
    ...definedOnly({
      description,
      limits: written.limits,
      concurrency: concurrency === undefined ? undefined : concurrencyOf(concurrency, name),
    }),
  };
  return { workflow, diagnostics };
}

/** Reports expressions that would be taken literally: in these fields, and in the names of any field. */
function literalExpressions(source: YamlSource, written: Partial<FullFile>): Diagnostic[] {
  const { description, params, permissions } = written;
  const texts = textsIn({ description, params, permissions }, [])
    .filter(({ text }) => isLiteral(text))
    .map(({ path }) => source.atValue(path, literalText(String(path[0]))));
  const names = namesWithExpression(source.plain, [])
    .map((path) => source.atKey(path, literalText("the name of a field")));
  return [...texts, ...names]
    .map((one) => ({ ...one, severity: "error", rule: "expression", file: source.file }));
}

/** Returns whether it has an expression that isn't escaped. */
function isLiteral(text: string): boolean {
  return /(?:^|[^$])\$\{\{/.test(text);
}

function literalText(where: string): string {
  return `no expression is evaluated in ${where}; \`\${{\` would be a part of the text`;
}

/** Returns the paths of fields whose own names contain an expression. */
function namesWithExpression(value: unknown, path: SourcePath): SourcePath[] {
  if (typeof value !== "object" || value === null) return [];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([name, inner]) => {
    const own = [...path, isList ? Number(name) : name];
    return [...(isLiteral(name) ? [own] : []), ...namesWithExpression(inner, own)];
  });
}

/** Code with what another tool would take for an expression: no JavaScript that is written on purpose has it. */
const expressionInCode = /\$\{\{[^{}]*\}\}/;

/** Converts the problems of a file's shape to diagnostics. */
export function shapeDiagnostics(file: SourceFile, { problems }: FileError): Diagnostic[] {
  return problemsOf(file, problems);
}

function problemsOf(file: SourceFile, problems: readonly FileProblem[]): Diagnostic[] {
  return problems.map((problem) => ({ ...problem, severity: "error", rule: "shape", file }));
}

function unknownField({ message }: Diagnostic): string {
  return /^unknown field "([\w-]+)"/.exec(message)?.[1] ?? "";
}

/** What fields of GitHub Actions, GitLab and go-task are called here. */
const namesElsewhere: Readonly<Record<string, string>> = {
  "if": "when",
  "run": "shell",
  "cmds": "steps",
  "continue-on-error": "allowFailure",
  "ignore_error": "allowFailure",
  "retry": "attempts",
  "timeout-minutes": "timeout",
  "working-directory": "workdir",
  "inputs": "params",
  "vars": "params",
  "uses": "workflow",
  "jobs": "steps",
  "matrix": "foreach",
  "strategy": "foreach",
  "name": "description",
};

/** Fields of them that have no other name here. */
const fieldsElsewhere: Readonly<Record<string, string>> = {
  "on": "a person starts it, or a file of GitHub that `workflow new` makes",
  "env": "for all commands it belongs under `defaults`",
  "needs": "steps run in their order, and those of `parallel` at the same time",
  "secrets": "a parameter with `secret: true` is one",
  "runs-on": "steps run in the pods of `select`, and `shell` on this machine",
};

/** Adds the name that a field of another tool has here, and where a field of the short form belongs in the full form. */
function withWayOut(diagnostic: Diagnostic): Diagnostic {
  const field = unknownField(diagnostic);
  const here = Object.hasOwn(namesElsewhere, field) ? namesElsewhere[field] : undefined;
  if (here !== undefined) {
    return { ...diagnostic, message: `unknown field "${field}"; here it is \`${here}\`` };
  }
  if (Object.hasOwn(fieldsElsewhere, field)) {
    return { ...diagnostic, message: `unknown field "${field}"; ${fieldsElsewhere[field]}` };
  }
  if (!["command", ...Object.keys(whereEntries)].includes(field)) return diagnostic;
  const way = field === "command"
    ? "a command is a step here: `exec: …`"
    : "it belongs under `select`";
  return { ...diagnostic, message: `unknown field "${field}"; ${way}` };
}

/** Returns the steps and parameters of a file whose other fields are unusable. */
function lenient(plain: unknown): Partial<FullFile> {
  if (typeof plain !== "object" || plain === null) return {};
  const { steps, finally: last, params } = plain as Record<string, unknown>;
  return {
    ...(Array.isArray(steps) ? { steps } : {}),
    ...(Array.isArray(last) ? { finally: last } : {}),
    ...(isRecord(params) ? { params } : {}),
  };
}

/* Reads the parameters of a file: each with its type, and a default that fits it. */

/** Reads `params`, and reports their problems. */
async function readParams(
  source: YamlSource,
  written: Readonly<Record<string, unknown>>,
): Promise<{ params: Param[]; diagnostics: Diagnostic[] }> {
  const params: Param[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const [name, plain] of Object.entries(written)) {
    const path = ["params", name];
    const at = { file: source.file.path, path };
    if (!isRecord(plain)) {
      const value = asSpelled(source, path, plain) as JsonValue;
      const type = typeOfValue(value) ?? "text";
      const optional = plain === null ? {} : { default: value, isInferred: true as const };
      params.push({ name, type, required: false, secret: false, at, ...optional });
      continue;
    }
    const { value, problems } = await shapeOfPart(source, paramShape, { plain, path });
    for (const problem of problems) {
      diagnostics.push({ ...problem, severity: "error", rule: "shape", file: source.file });
    }
    if (value === undefined) {
      // Expressions that name it aren't reported as well.
      params.push({ name, type: "text", required: false, secret: false, at });
      continue;
    }
    const { type, required, secret, ...rest } = value;
    const spelled = spelledParam(source, path, value);
    const inferred = typeOfValue(spelled.default ?? spelled.enum?.[0]);
    const param = {
      ...definedOnly({ ...rest, ...spelled }),
      name,
      type: type ?? inferred ?? "text",
      ...(type === undefined && inferred !== undefined ? { isInferred: true } : {}),
      required: required ?? false,
      secret: secret ?? false,
      at,
    } as Param;
    params.push(param);
    diagnostics.push(...contradictions(param, source, path));
  }
  return { params, diagnostics };
}

/** Returns a value in which numbers are texts, as they are written, if a number would be spelled otherwise: `1.10`. */
function asSpelled(source: YamlSource, path: SourcePath, value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((one, index) => asSpelled(source, [...path, index], one));
  }
  if (isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) =>
        [name, asSpelled(source, [...path, name], one)] as const
      ),
    );
  }
  const spelling = typeof value === "number" ? source.spelling(path) : undefined;
  return spelling === undefined || spelling === String(value) ? value : spelling;
}

/**
 * Returns the default and the values of a parameter, as {@link asSpelled}: texts, if it is a text, or one of its numbers
 * is.
 */
function spelledParam(
  source: YamlSource,
  path: SourcePath,
  { type, default: given, enum: allowed }: Record<string, unknown>,
): { default?: JsonValue; enum?: readonly JsonValue[] } {
  const written = definedOnly({ default: given, enum: allowed }) as ReturnType<typeof spelledParam>;
  if (type === "number") return written;
  const spelled = asSpelled(source, path, written) as ReturnType<typeof spelledParam>;
  const values = (one: ReturnType<typeof spelledParam>) => [one.default, ...one.enum ?? []];
  const before = values(written);
  const isText = type === "text" ||
    values(spelled).some((one, index) => one !== before[index] && typeof one === "string");
  if (!isText) return spelled;
  const asText = (value: JsonValue | undefined, at: SourcePath) =>
    typeof value === "number" ? source.spelling([...path, ...at]) ?? value : value;
  return definedOnly({
    default: asText(spelled.default, ["default"]),
    enum: spelled.enum?.map((one, index) => asText(one, ["enum", index]) ?? one),
  });
}

/** Returns variables whose numbers and booleans are texts, as they are written. */
function spelledVariables(source: YamlSource, path: SourcePath, env: unknown): unknown {
  if (!isRecord(env)) return env;
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) =>
      [name, source.spelling([...path, name]) ?? value] as const
    ),
  );
}

function contradictions(param: Param, source: YamlSource, path: SourcePath): Diagnostic[] {
  const found: Diagnostic[] = [];
  const wrong = (field: readonly (string | number)[], message: string, rule: Rule = "param") =>
    found.push({
      ...source.atValue([...path, ...field], message),
      severity: "error",
      rule,
      file: source.file,
    });
  const noun = typeNouns[param.type];
  for (const [index, value] of (param.enum ?? []).entries()) {
    if (!fits(value, param.type)) {
      wrong(["enum", index], `expected ${noun}, found ${foundText(value)}`);
    }
  }
  const { default: given } = param;
  if (given === undefined) return found;
  if (!fits(given, param.type)) wrong(["default"], `expected ${noun}, found ${foundText(given)}`);
  else if (param.enum !== undefined && !param.enum.includes(given)) {
    wrong(
      ["default"],
      `expected one of ${param.enum.map((one) => JSON.stringify(one)).join(", ")}`,
    );
  }
  if (param.required) wrong(["required"], "a parameter with a default is never missing");
  return found;
}

/* Reads the steps of a file and checks each, at any depth, against the shape of its kind. */

/** Steps of files, and what their shape made of them: a step has one kind. */
const acceptedSteps = new WeakMap<Record<string, unknown>, Record<string, unknown>>();

const stepShapes = new Map<StepKind, v.GenericSchema<unknown, Record<string, unknown>>>();

function stepShape(kind: StepKind): v.GenericSchema<unknown, Record<string, unknown>> {
  const known = stepShapes.get(kind);
  if (known !== undefined) return known;
  const shape = v.strictObject({ ...writtenFrame, ...kind.written }, "a mapping of fields");
  stepShapes.set(kind, shape);
  return shape;
}

/** Reads the steps of one file, and collects their problems. */
class StepReader {
  readonly diagnostics: Diagnostic[] = [];
  /** Source locations of the ids that steps set themselves. */
  readonly #ids = new Set<string>();

  constructor(private readonly source: YamlSource) {}

  /** Returns the steps that can be read. */
  async list(plain: readonly unknown[], path: SourcePath): Promise<Step[]> {
    const steps: Step[] = [];
    for (const [index, one] of plain.entries()) {
      const step = await this.#step(one, [...path, index]);
      if (step !== undefined) steps.push(step);
    }
    return steps;
  }

  async #step(plain: unknown, path: SourcePath): Promise<Step | undefined> {
    if (!isRecord(plain)) {
      const message = `expected a step such as \`exec: [weka, version]\`, found ${
        foundText(plain)
      }`;
      return this.#error("shape", this.source.atValue(path, message));
    }
    const kind = await this.#kind(plain, path);
    if (kind === undefined) return this.#broken(plain, path);
    const { value, problems } = await this.#shaped(kind, plain, path);
    for (const diagnostic of problemsOf(this.source.file, problems)) {
      this.diagnostics.push(withWayOut(diagnostic));
    }
    if (value === undefined) return await this.#brokenOf(kind, plain, path);
    const own = Object.entries(value).filter(([field]) => !Object.hasOwn(frameEntries, field));
    const fields = Object.fromEntries(own);
    if (fields.env !== undefined) {
      fields.env = spelledVariables(this.source, [...path, "env"], fields.env);
    }
    for (const field of kind.spelled) {
      if (fields[field] === undefined) continue;
      fields[field] = asSpelled(this.source, [...path, field], fields[field]);
    }
    const { id } = value as FrameFields;
    const { until, every, attempts } = value as Record<string, unknown>;
    if (until !== undefined && attempts !== undefined) {
      const message = "`until` repeats the step by itself; `attempts` has no effect";
      this.#error("step", this.source.atKey([...path, "attempts"], message));
    }
    if (until === undefined && every !== undefined) {
      const message = "`every` has no effect without `until`";
      this.#error("step", this.source.atKey([...path, "every"], message));
    }
    for (const field of kind.fixed) {
      const text = fields[field];
      if (field === kind.command || typeof text !== "string") continue;
      const isCode = kind.verbatim.includes(field);
      if (!(isCode ? expressionInCode.test(text) : isLiteral(text))) continue;
      const message = isCode
        ? `no expression is evaluated in ${field}; \`with\` passes values to it`
        : literalText(field);
      this.#error("expression", this.source.atValue([...path, field], message));
    }
    for (const { at, message } of kind.check(fields)) {
      this.#error("step", this.source.atValue([...path, ...at], message));
    }
    this.#claim(id, path);
    return {
      ...this.#frame(value, kind, path),
      kind: kind.name,
      fields,
      inner: await this.#inner(kind, fields, path),
    };
  }

  /** Returns a step as the shape of its kind has it. An editor's next text has the same step, unless it was edited. */
  async #shaped(
    kind: StepKind,
    plain: Record<string, unknown>,
    path: SourcePath,
  ): Promise<{ value?: Record<string, unknown>; problems: readonly FileProblem[] }> {
    const accepted = acceptedSteps.get(plain);
    if (accepted !== undefined) return { value: accepted, problems: [] };
    const { value, problems } = await shapeOfPart(this.source, stepShape(kind), { plain, path });
    if (value !== undefined) acceptedSteps.set(plain, value);
    return value === undefined ? { problems } : { value, problems };
  }

  /** Returns a step of unknown kind, so that its id is known. */
  #broken(plain: Record<string, unknown>, path: SourcePath): Step | undefined {
    const id = idOf(plain);
    if (id === undefined) return undefined;
    this.#claim(id, path);
    const { name } = anyKind;
    return {
      ...this.#frame({ id }, anyKind, path),
      kind: name,
      broken: "kind",
      fields: {},
      inner: {},
    };
  }

  /** Returns a step with invalid fields; its inner steps are read all the same. */
  async #brokenOf(
    kind: StepKind,
    plain: Record<string, unknown>,
    path: SourcePath,
  ): Promise<Step> {
    const id = idOf(plain);
    this.#claim(id, path);
    const own = Object.entries(plain).filter(([field]) => Object.hasOwn(kind.entries, field));
    return {
      ...this.#frame({ id }, kind, path),
      kind: kind.name,
      broken: "fields",
      fields: Object.fromEntries(own),
      inner: await this.#inner(kind, plain, path),
    };
  }

  #frame(given: FrameFields, kind: StepKind, path: SourcePath): StepFrame {
    const { id, name, when, until } = given;
    const policy = Object.entries(given)
      .filter(([field, value]) => Object.hasOwn(policyEntries, field) && value !== undefined);
    return {
      id: id ?? `${kind.name}-${Number(path.at(-1)) + 1}`,
      named: id !== undefined,
      at: this.source.location(path),
      policy: Object.fromEntries(policy),
      ...definedOnly({ title: name, when, until }),
    };
  }

  async #inner(
    kind: StepKind,
    fields: Record<string, unknown>,
    path: SourcePath,
  ): Promise<Step["inner"]> {
    const inner: Record<string, readonly Step[]> = {};
    for (const [list, below] of Object.entries(kind.inner)) {
      const steps = await this.list(listAt(fields, below) ?? [], [...path, ...below]);
      for (const step of steps) this.#reserve(step, kind);
      inner[list] = steps;
    }
    return inner;
  }

  /** Returns the one kind whose field the step has. */
  async #kind(plain: Record<string, unknown>, path: SourcePath): Promise<StepKind | undefined> {
    const [kind, other] = stepKinds.filter(({ name }) => Object.hasOwn(plain, name));
    if (kind === undefined) {
      const names = stepKinds.map(({ name }) => name);
      const unknown = Object.keys(plain).filter((key) => !Object.hasOwn(frameEntries, key));
      const word = unknown[0] ?? "";
      const near = Object.hasOwn(namesElsewhere, word)
        ? `; here it is \`${namesElsewhere[word]}\``
        : await didYouMean(word, names);
      const location = unknown[0] === undefined ? path : [...path, unknown[0]];
      const all = names.join(", ");
      const message = unknown[0] === undefined
        ? `a step needs one of ${all}`
        : `${JSON.stringify(word.slice(0, 60))} isn't a kind of step${
          near === "" ? `; the kinds are ${all}` : near
        }`;
      return this.#error("shape", this.source.atKey(location, message));
    }
    if (other === undefined) return kind;
    const message = `a step does one thing, and this has ${kind.name} and ${other.name}`;
    return this.#error("shape", this.source.atKey([...path, other.name], message));
  }

  #claim(id: string | undefined, path: SourcePath): void {
    if (id === undefined) return;
    if (id === "finally") {
      const message = '"finally" is what the steps at the end are called; take another id';
      this.#error("duplicate-id", this.source.atValue([...path, "id"], message));
    }
    if (this.#ids.has(id)) {
      const message = `another step has the id "${id}"`;
      this.#error("duplicate-id", this.source.atValue([...path, "id"], message));
    }
    this.#ids.add(id);
  }

  /** Reports an id that would make keys ambiguous: `g/rescue/a` is a step of a list of `g`. */
  #reserve({ id, named, at: { path } }: Step, kind: StepKind): void {
    if (!named || !Object.keys(kind.inner).some((list) => listPrefix(kind, list) === `${id}/`)) {
      return;
    }
    const message = `"${id}" is a list of the ${kind.name}; take another id`;
    this.#error("duplicate-id", this.source.atValue([...path, "id"], message));
  }

  #error(rule: Rule, problem: FileProblem): undefined {
    this.diagnostics.push({ ...problem, severity: "error", rule, file: this.source.file });
    return undefined;
  }
}

/** Fields of any step, whatever its kind. */
interface FrameFields {
  id?: string | undefined;
  name?: string | undefined;
  when?: string | boolean | undefined;
  until?: string | boolean | undefined;
}

/** Replaces the kind of a step that has none: it does nothing. */
const anyKind = checkStep;

function idOf({ id }: Record<string, unknown>): string | undefined {
  return v.is(identifier, id) ? id : undefined;
}
