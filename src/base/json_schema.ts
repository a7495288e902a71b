/** The shape of a file, published for editors and other programs. */
import type { FileSchema } from "./yaml/shape.ts";

/** Returns the JSON Schema (draft 7) of a file. Loads the converter only when it is called. */
export async function jsonSchemaOf(
  schema: FileSchema,
  title: string,
): Promise<Record<string, unknown>> {
  const { toJsonSchema } = await import("@valibot/to-json-schema");
  // The input type, before it is converted to narrower types; checks that are functions can't be published.
  const written = toJsonSchema(schema, { typeMode: "input", errorMode: "ignore" });
  return { ...written, title };
}
