/** Reads one file of the full form on its own: its content and its problems. */
import { isRecord } from "../base/json_value.ts";
import { definedOnly } from "../base/defined_only.ts";
import { FileError, shapeOf } from "../base/yaml/shape.ts";
import type { SourceFile, YamlSource } from "../base/yaml/source.ts";
import type { Diagnostic } from "./diagnostics.ts";
import { type FullFile, fullShape } from "./file_shape.ts";
import type { Concurrency, Output, Param, Permissions, Step } from "./model.ts";
import { concurrencyOf, permissionsOf } from "./read_frame.ts";
import { readParams } from "./read_params.ts";
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
      at: source.place(["outputs", output]),
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
    : "it stands under `select`";
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
