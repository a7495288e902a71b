/** Fields as a form. Pure. */
import type { Field, Fields } from "./field.ts";

/** A field of a form, as JSON Schema; `format: "duration"` is a text such as `30s`. */
interface FormField {
  type: "string" | "number" | "boolean" | "array";
  title: string;
  description: string;
  format?: "duration";
  enum?: readonly string[];
  default?: string | boolean;
}

/** The schema of a form. None of its fields is required. */
export interface FormSchema {
  type: "object";
  properties: Record<string, FormField>;
  required: string[];
  additionalProperties: false;
}

/** Returns the schema of a form of fields. */
export function formSchema(fields: Fields): FormSchema {
  return {
    type: "object",
    properties: Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [name, formField(name, field)]),
    ),
    required: [],
    additionalProperties: false,
  };
}

function formField(
  name: string,
  { kind, about, schema, defaultText, default: preset }: Field<unknown>,
): FormField {
  const types: Partial<Record<typeof kind, FormField["type"]>> = {
    ...{ switch: "boolean", whole: "number", list: "array", mapping: "array" } as const,
  };
  const isShown = kind !== "switch" && preset !== undefined && defaultText !== undefined;
  return {
    type: types[kind] ?? "string",
    title: titleOf(name),
    description: `${about.slice(0, 1).toUpperCase()}${about.slice(1)}.`,
    ...(kind === "duration" ? { format: "duration" } : {}),
    ...(schema.enum === undefined ? {} : { enum: schema.enum }),
    ...(isShown ? { default: defaultText } : preset === true ? { default: true } : {}),
  };
}

/** `idleTimeout` is `Idle timeout`. */
function titleOf(name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return /^(?:cpu|ttl)$/.test(name) ? name.toUpperCase() : words[0]?.toUpperCase() + words.slice(1);
}
