/** The parameters of a workflow as fields of a form, from their JSON Schema, and the form's texts as values. Pure. */
import type { FormTexts, ParameterSchema, ParamsSchema } from "../api.ts";
import { parseDuration } from "../../base/duration.ts";

/** One field. */
export interface ParamField {
  name: string;
  label: string;
  help: string;
  isRequired: boolean;
  control:
    | {
      /** A `text` may have several lines, which are one value; those of `lines` are a value each. */
      kind: "line" | "text" | "secret" | "lines";
      inputMode: "text" | "decimal";
      placeholder: string;
    }
    | { kind: "switch" }
    | { kind: "choice"; choices: string[] };
  /** The text, or `true` and `false` of a switch. */
  initial: string;
}

/** Returns the fields; required ones first. */
export function paramFields({ properties, required }: ParamsSchema): ParamField[] {
  const fields = Object.entries(properties).map(([name, schema]): ParamField => ({
    name,
    label: schema.title === "" ? name : schema.title,
    help: helpOf(schema),
    isRequired: required.includes(name),
    control: controlOf(schema),
    initial: textOf(schema.default, schema),
  }));
  return fields.sort((a, b) => Number(b.isRequired) - Number(a.isRequired));
}

/** The values of a form, or what is wrong with its texts. */
export type ParamResult =
  | { kind: "values"; values: Record<string, ParamValue> }
  | { kind: "wrong"; problems: Record<string, string> };

/** A value as the server takes it. */
export type ParamValue = string | number | boolean | string[];

/** Returns the values. A parameter without a text is omitted: it has its default. */
export function formValues(
  { properties, required }: ParamsSchema,
  texts: Readonly<FormTexts>,
): ParamResult {
  const values: Record<string, ParamValue> = {};
  const problems: Record<string, string> = {};
  for (const [name, schema] of Object.entries(properties)) {
    const text = texts[name] ?? "";
    if (text.trim() === "" && schema.type !== "boolean") {
      if (required.includes(name)) problems[name] = "A value is needed.";
      continue;
    }
    const value = valueOf(text, schema);
    if (value === undefined) problems[name] = problemOf(schema);
    else values[name] = value;
  }
  return Object.keys(problems).length > 0
    ? { kind: "wrong", problems }
    : { kind: "values", values };
}

function controlOf({ type, format, writeOnly, enum: choices }: ParameterSchema) {
  if (choices !== undefined) return { kind: "choice" as const, choices: choices.map(String) };
  if (type === "boolean") return { kind: "switch" as const };
  return {
    kind: writeOnly
      ? "secret" as const
      : type === "array"
      ? "lines" as const
      : type === "string" && format === undefined
      ? "text" as const
      : "line" as const,
    inputMode: type === "number" ? "decimal" as const : "text" as const,
    placeholder: format === "duration" ? "30s, 5m, 1h30m" : "",
  };
}

function helpOf({ description = "", type, format }: ParameterSchema): string {
  const form = format === "duration"
    ? "A duration, such as 90s."
    : type === "array"
    ? "One item per line."
    : "";
  return [description, form].filter((text) => text !== "").join(" ");
}

function textOf(value: ParameterSchema["default"], { type }: ParameterSchema): string {
  if (Array.isArray(value)) return value.map(String).join("\n");
  if (value === undefined || value === null) return type === "boolean" ? "false" : "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function valueOf(
  text: string,
  { type, format, enum: choices }: ParameterSchema,
): ParamValue | undefined {
  if (choices !== undefined && !choices.map(String).includes(text)) return undefined;
  switch (type) {
    case "boolean":
      return text === "true";
    case "number": {
      const value = Number(text);
      return Number.isFinite(value) ? value : undefined;
    }
    case "array":
      return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    case "string":
      return format === "duration" && parseDuration(text.trim()) === undefined
        ? undefined
        : format === "duration"
        ? text.trim()
        : text;
  }
}

function problemOf({ type, format, enum: choices }: ParameterSchema): string {
  if (choices !== undefined) return `One of ${choices.map(String).join(", ")} is needed.`;
  if (format === "duration") return "A duration is needed, such as 90s or 5m.";
  return type === "number" ? "A number is needed." : "This can't be used.";
}
