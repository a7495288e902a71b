/** Reads the parameters of a file: each with its type, and a default that fits it. */
import { isRecord, type JsonValue } from "../base/json_value.ts";
import { foundText, shapeOfPart } from "../base/yaml/shape.ts";
import type { SourcePath, YamlSource } from "../base/yaml/source.ts";
import type { Diagnostic, Rule } from "./diagnostics.ts";
import { paramShape } from "./file_shape.ts";
import type { Param } from "./model.ts";
import { fits, typeNouns, typeOfValue } from "./read_frame.ts";

/** Reads `params`, and reports their problems. */
export async function readParams(
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
