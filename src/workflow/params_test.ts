import assert from "node:assert/strict";
import type { Param } from "./model.ts";
import { paramsSchema } from "./params.ts";

const at = { file: "w.yaml", path: [] };

Deno.test("paramsSchema() describes each parameter, and no default of a secret", () => {
  const param = (own: Partial<Param>): Param => ({
    ...{ name: "p", type: "text", required: false, secret: false, at },
    ...own,
  });
  const table: [own: Partial<Param>, schema: Record<string, unknown>][] = [
    [{ type: "text", description: "what" }, { type: "string", description: "what" }],
    [{ type: "number", default: 3 }, { type: "number", default: 3 }],
    [{ type: "boolean", default: false }, { type: "boolean", default: false }],
    [{ type: "duration", default: "30s" }, { type: "string", format: "duration", default: "30s" }],
    [{ type: "list" }, { type: "array", items: { type: "string" } }],
    [{ enum: ["a", "b"] }, { type: "string", enum: ["a", "b"] }],
    [{ secret: true, default: "x" }, { type: "string", writeOnly: true }],
  ];
  for (const [own, schema] of table) {
    const { properties } = paramsSchema({ params: [param(own)] });
    assert.deepEqual(properties, { p: { title: "p", ...schema } });
  }
  const { required } = paramsSchema({ params: [param({ required: true }), param({ name: "q" })] });
  assert.deepEqual(required, ["p"]);
});
