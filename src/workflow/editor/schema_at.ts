/** The parts of the workflow schema that apply at a path of a file: for completion and hover of fields. */
import type { SourcePath } from "../../base/yaml/source.ts";

/** A JSON Schema, or a part of one. */
type JsonSchema = Readonly<Record<string, unknown>>;

/** A field that a mapping may have. */
export interface FieldInfo {
  readonly name: string;
  readonly description: string | undefined;
  readonly required: boolean;
}

/** Looks parts of one schema up. */
export class SchemaIndex {
  constructor(private readonly root: JsonSchema) {}

  /** Returns the fields of the mapping at a path, as far as its present fields leave a choice. */
  fieldsAt(path: SourcePath, data: unknown): FieldInfo[] {
    const fields = new Map<string, FieldInfo>();
    for (const schema of this.#schemasAt(path, data)) {
      const required = (schema.required ?? []) as readonly string[];
      for (const [name, one] of Object.entries(objectIn(schema.properties))) {
        const known = fields.get(name);
        fields.set(name, {
          name,
          description: known?.description ?? descriptionOf(objectIn(one)),
          required: required.includes(name) && (known?.required ?? true),
        });
      }
    }
    return [...fields.values()];
  }

  /** Returns the values that the schema lists for the value at a path. */
  valuesAt(path: SourcePath, data: unknown): string[] {
    const values = this.#schemasAt(path, data).flatMap((schema) => [
      ...(schema.enum as readonly unknown[] | undefined ?? []),
      ...("const" in schema ? [schema.const] : []),
      ...(schema.type === "boolean" ? [true, false] : []),
    ]);
    return [...new Set(values.filter((one) => one !== null).map(String))];
  }

  /** Returns what the schema says of the field at a path. */
  descriptionAt(path: SourcePath, data: unknown): string | undefined {
    const name = path.at(-1);
    if (typeof name !== "string") return undefined;
    return this.fieldsAt(path.slice(0, -1), data).find((field) => field.name === name)?.description;
  }

  #schemasAt(path: SourcePath, data: unknown): JsonSchema[] {
    let schemas = this.#choices(this.root, data);
    let value = data;
    for (const key of path) {
      value = objectIn(value)[key];
      schemas = schemas.flatMap((schema) => childrenOf(schema, key))
        .flatMap((schema) => this.#choices(schema, value));
    }
    return schemas;
  }

  /** Resolves references, conditions and alternatives: of these, the ones that the data has decided for, else all. */
  #choices(schema: JsonSchema, data: unknown): JsonSchema[] {
    const { $ref, anyOf, oneOf, allOf, ...own } = schema;
    if (typeof $ref === "string") return this.#choices(this.#resolve($ref), data);
    if ("if" in schema) {
      const condition = objectIn(schema.if).required as readonly string[];
      const decided = condition.every((name) => Object.hasOwn(objectIn(data), name));
      return this.#choices(objectIn(decided ? schema.then : schema.else), data);
    }
    const alternatives = [...(anyOf ?? []) as JsonSchema[], ...(oneOf ?? []) as JsonSchema[]];
    const decided = alternatives.filter((one) => hasRequired(one, data));
    const chosen = decided.length > 0 ? decided : alternatives;
    const parts = [...chosen, ...(allOf ?? []) as JsonSchema[]];
    return [own, ...parts.flatMap((one) => this.#choices(one, data))];
  }

  #resolve(reference: string): JsonSchema {
    const names = reference.replace(/^#\//, "").split("/");
    return names.reduce((schema: JsonSchema, name) => objectIn(schema[name]), this.root);
  }
}

function hasRequired(schema: JsonSchema, data: unknown): boolean {
  const required = schema.required as readonly string[] | undefined;
  return required !== undefined && required.length > 0 &&
    required.every((name) => Object.hasOwn(objectIn(data), name));
}

function childrenOf(schema: JsonSchema, key: string | number): JsonSchema[] {
  if (typeof key === "number") return isObject(schema.items) ? [schema.items] : [];
  const properties = objectIn(schema.properties);
  if (Object.hasOwn(properties, key)) return [objectIn(properties[key])];
  return isObject(schema.additionalProperties) ? [schema.additionalProperties] : [];
}

function descriptionOf(schema: JsonSchema): string | undefined {
  return typeof schema.description === "string" ? schema.description : undefined;
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null;
}

function objectIn(value: unknown): Readonly<Record<string | number, unknown>> & JsonSchema {
  return isObject(value) ? value : {};
}
