/** Reads one file of the full form on its own: its content and its problems. */
import { isRecord, type JsonValue } from "../base/json_value.ts";
import { definedOnly } from "../base/defined_only.ts";
import { FileError, foundText, shapeOf, shapeOfPart } from "../base/yaml/shape.ts";
import type { SourceFile, SourcePath, YamlSource } from "../base/yaml/source.ts";
import type { Diagnostic, Rule } from "./diagnostics.ts";
import { type FullFile, fullShape, paramShape } from "./file_shape.ts";
import type { Concurrency, Output, Param, Permissions, Step } from "./model.ts";
import { concurrencyOf, fits, permissionsOf, typeNouns, typeOfValue } from "./read_frame.ts";
import { StepReader } from "./read_steps.ts";
import { textsIn } from "./templates.ts";

/** The content of one file. What it omits is absent: the file that it extends may have it. */
export interface Layer {
  source: YamlSource;
  extends?: string;
  description?: string;
  params: readonly Param[];
  select?: Readonly<Record<string, unknown>>;
  defaults?: Readonly<Record<string, unknown>>;
  permissions?: Permissions;
  concurrency?: Concurrency;
  steps?: readonly Step[];
  finally?: readonly Step[];
  outputs: readonly Output[];
}

/** A layer, if enough of the file can be read for one. */
export interface ReadLayer {
  layer?: Layer;
  diagnostics: Diagnostic[];
}

/** Reads a file of the full form. */
export async function readFull(source: YamlSource, name: string): Promise<ReadLayer> {
  const { file } = source;
  const diagnostics: Diagnostic[] = [];
  const written = await shapeOf(source, fullShape).catch((error: unknown) => {
    if (!(error instanceof FileError)) throw error;
    diagnostics.push(...shapeDiagnostics(file, error).map(withWayOut));
    // Problems at the top don't suppress those of the steps.
    return lenient(source.plain);
  });
  const reader = new StepReader(source, written.defaults ?? {});
  const steps = written.steps && await reader.list(written.steps, ["steps"]);
  const last = written.finally && await reader.list(written.finally, ["finally"]);
  const { params, diagnostics: wrong } = await readParams(source, written.params ?? {});
  diagnostics.push(...reader.diagnostics, ...wrong, ...literalExpressions(source, written));
  const { description, select, defaults, permissions, concurrency } = written;
  const layer: Layer = {
    source,
    params,
    outputs: Object.entries(written.outputs ?? {}).map(([output, template]) => ({
      name: output,
      template,
      at: source.location(["outputs", output]),
    })),
    ...definedOnly({
      extends: written.extends,
      description,
      select: select && definedOnly(select),
      defaults: defaults && definedOnly(defaults),
      permissions: permissions && permissionsOf(permissions),
      concurrency: concurrency && concurrencyOf(concurrency, name),
      steps,
      finally: last,
    }),
  };
  return { layer, diagnostics };
}

/** Reports expressions in fields that would take them literally. */
function literalExpressions(source: YamlSource, written: Partial<FullFile>): Diagnostic[] {
  const { description, extends: base, params, permissions } = written;
  const texts = textsIn({ description, extends: base, params, permissions }, []);
  return texts.filter(({ text }) => /(?:^|[^$])\$\{\{/.test(text)).map(({ path }) => ({
    ...source.atValue(
      path,
      `no expression is evaluated in ${String(path[0])}; \`\${{\` would be a part of the text`,
    ),
    severity: "error",
    rule: "expression",
    file: source.file,
  }));
}

/** Converts the problems of a file's shape to diagnostics. */
export function shapeDiagnostics(file: SourceFile, { problems }: FileError): Diagnostic[] {
  return problems.map((problem) => ({ ...problem, severity: "error", rule: "shape", file }));
}

/** Adds the way out for short-form fields at the top of a full-form file. */
function withWayOut(diagnostic: Diagnostic): Diagnostic {
  const { message } = diagnostic;
  const field = /^unknown field "(command|namespace|match|exclude|selector|container|context)"/
    .exec(message)?.[1];
  if (field === undefined) return diagnostic;
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
      const type = typeOfValue(plain as JsonValue) ?? "text";
      const optional = plain === null ? {} : { default: plain as JsonValue };
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
    const given = value.default as JsonValue | undefined;
    const first = (value.enum as JsonValue[] | undefined)?.[0];
    const param = {
      ...defined(rest),
      name,
      type: type ?? typeOfValue(given ?? first) ?? "text",
      required: required ?? false,
      secret: secret ?? false,
      at,
    } as Param;
    params.push(param);
    diagnostics.push(...contradictions(param, source, path));
  }
  return { params, diagnostics };
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

function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, one]) => one !== undefined));
}
