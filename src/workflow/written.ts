/**
 * Fields as they are written in a file: each scalar, and each list as a whole, may be an expression that evaluates to it
 * when the step runs. A kind of step declares the evaluated values; the shape of the file is derived from them.
 */
import * as v from "valibot";
import { KodamaError } from "../base/errors.ts";
import { foundText, pathText } from "../base/yaml/shape.ts";
import type { FileSchema } from "../base/yaml/shape.ts";
import type { SourcePath } from "../base/yaml/source.ts";
import {
  anyType,
  booleanType,
  listOf,
  mayBe,
  numberType,
  textType,
  type Type,
} from "../expression/type.ts";
import type { Entries } from "./fields.ts";

/** The type of a value as it is written: of fields before they are evaluated. */
export type Written<T> = T extends string ? string
  : T extends number | boolean ? T | string
  : T extends readonly (infer Item)[] ? readonly Written<Item>[] | string
  : T extends object ? { [K in keyof T]: Written<T[K]> }
  : T;

/** An expression with characters that a check of texts may refuse. */
const example = "${{ a[0] ? '*' : '/,=' }}";

/** Returns the schema of a value as it is written. */
export function written<S extends FileSchema>(
  schema: S,
): v.GenericSchema<unknown, Written<v.InferOutput<S>>> {
  return writtenAny(schema) as v.GenericSchema<unknown, Written<v.InferOutput<S>>>;
}

function writtenAny(schema: FileSchema, fixed: readonly SourcePath[] = []): FileSchema {
  if ("wrapped" in schema) return v.optional(writtenAny(schema.wrapped as FileSchema, fixed));
  const description = v.getDescription(schema as Parameters<typeof v.getDescription>[0]);
  const inner = writtenKind(schema as FileSchema & Parts, fixed);
  return description === undefined ? inner : v.pipe(inner, v.description(description));
}

/** Returns the schemas of fields as they are written; those at the `fixed` paths never have an expression. */
export function writtenEntries(entries: Entries, fixed: readonly SourcePath[] = []): Entries {
  return Object.fromEntries(
    Object.entries(entries).map(([name, schema]) => {
      const below = fixed.filter(([first]) => first === name).map((path) => path.slice(1));
      return [name, below.some(({ length }) => length === 0) ? schema : writtenAny(schema, below)];
    }),
  );
}

/** The parts of valibot's schemas, by their `type`. */
interface Parts {
  entries: Entries;
  item: FileSchema;
  key: v.GenericSchema<string, string>;
  value: FileSchema;
  options: readonly FileSchema[];
  message?: string;
  pipe?: readonly [FileSchema & Parts, ...v.GenericPipeItem[]];
}

function writtenKind(schema: FileSchema & Parts, fixed: readonly SourcePath[]): FileSchema {
  return orExpression(withWrittenParts(schema, fixed), schema);
}

/** Returns the schema with its parts as they are written, and itself as it is evaluated. */
function withWrittenParts(
  schema: FileSchema & Parts,
  fixed: readonly SourcePath[] = [],
): FileSchema {
  switch (schema.type) {
    case "strict_object":
      return v.strictObject(writtenEntries(schema.entries, fixed), schema.message ?? "a mapping");
    case "record":
      return v.record(schema.key, writtenAny(schema.value), schema.message ?? "a mapping");
    case "array": {
      // Checks of the list, such as its length, apply to one that is written out.
      const checks = (schema.pipe ?? []).slice(1) as v.GenericValidation<unknown[], unknown[]>[];
      return checks.reduce<FileSchema>(
        (all, check) => v.pipe(all as v.GenericSchema<unknown[]>, check) as FileSchema,
        v.array(writtenAny(schema.item), schema.message ?? "a list"),
      );
    }
    case "union": {
      const options = schema.options.map((one) => withWrittenParts(one as FileSchema & Parts));
      return v.union(options, schema.message ?? "a value");
    }
    default:
      return schema;
  }
}

/** @param original names the expected value. */
function orExpression(schema: FileSchema, original: FileSchema): FileSchema {
  if (/^(?:strict_object|record|unknown)$/.test(original.type) || v.is(schema, example)) {
    return schema;
  }
  const expected = v.safeParse(original, undefined).issues?.[0].message ?? "a value";
  const isForgotten = /^(?:boolean|number)$/.test(original.type);
  const expression = v.pipe(
    v.string(expected),
    v.regex(/\$\{\{/, isForgotten ? `${expected}, or an expression \${{ … }}` : expected),
  );
  if (schema.type === "union") {
    return v.union([...(schema as FileSchema & Parts).options, expression], expected);
  }
  // The first problem is that of the value itself.
  return v.union([schema, expression], ({ issues }) => issues?.[0]?.message ?? expected);
}

/**
 * Returns evaluated fields as the types that their schema has.
 *
 * @throws KodamaError `config` for the first that doesn't fit: an expression has another value than its field needs.
 */
export function evaluatedAs<S extends FileSchema>(
  schema: S,
  value: unknown,
  within: SourcePath = [],
): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = (issue.path ?? []).map(({ key }) => key as string | number);
  throw new KodamaError(
    "config",
    `${pathText([...within, ...path])}: expected ${issue.message}, found ${foundText(issue.input)}`,
  );
}

/** Returns fields without those whose expressions evaluated to null: these are absent. */
export function withoutNull(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/**
 * Returns the noun of the expected value, if an expression of this type can't evaluate to what the field at this path
 * needs; undefined if it may.
 */
export function misfit(entries: Entries, path: SourcePath, type: Type): string | undefined {
  const schemas = schemasAt(entries, path);
  const types = schemas.flatMap(alternatives).flatMap(typesOf);
  if (types.length === 0 || types.some((one) => mayBe(type, one))) return undefined;
  // No schema accepts a symbol.
  return v.safeParse(schemas[0] as FileSchema, Symbol()).issues?.[0].message;
}

/** Returns the schemas that a value at this path may have; none if it isn't known. */
function schemasAt(entries: Entries, [first, ...others]: SourcePath): FileSchema[] {
  const field = entries[String(first)];
  if (field === undefined) return [];
  return others.reduce<FileSchema[]>(
    (schemas, key) => schemas.flatMap(alternatives).flatMap((one) => childOf(one, key)),
    [field],
  );
}

function childOf(schema: FileSchema, key: string | number): FileSchema[] {
  const { type, entries, item, value } = schema as FileSchema & Parts;
  if (type === "array" && typeof key === "number") return [item];
  if (type === "record") return [value];
  const child = type === "strict_object" ? entries[key] : undefined;
  return child === undefined ? [] : [child];
}

function alternatives(schema: FileSchema): FileSchema[] {
  if ("wrapped" in schema) return alternatives(schema.wrapped as FileSchema);
  return schema.type === "union"
    ? (schema as FileSchema & Parts).options.flatMap(alternatives)
    : [schema];
}

function typesOf(schema: FileSchema): Type[] {
  switch (schema.type) {
    case "string":
    case "picklist":
      return [textType];
    case "number":
      return [numberType];
    case "boolean":
      return [booleanType];
    case "array":
      return [listOf(anyType)];
    case "loose_object":
      return [{ kind: "record", fields: {} }];
    default:
      return [anyType];
  }
}
