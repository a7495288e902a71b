/** The tools' schemas in the subsets of JSON Schema that providers accept in their strict modes. */
import assert from "node:assert/strict";
import { isRecord } from "../base/json_value.ts";
import { simulatedHost } from "../actions/testing/simulated_host.ts";
import { textField, toggleField, variablesField } from "../operation/field.ts";
import { forwardTool } from "./forward_tool.ts";
import { contextsTool } from "./record_tools.ts";
import { defineTool, type Tool } from "./tool.ts";
import { tools } from "./toolbox.ts";

const all = [...tools, forwardTool];

/** Keywords that each provider documents, as far as tools could use them. */
const subsets: Readonly<Record<string, readonly string[]>> = {
  // https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
  openai: [
    ...["type", "description", "properties", "required", "additionalProperties", "items", "enum"],
    ...["anyOf", "const", "$ref", "$defs", "pattern", "format", "minimum", "maximum", "multipleOf"],
    ...["exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems"],
  ],
  // https://docs.claude.com/en/docs/build-with-claude/structured-outputs#json-schema-limitations
  anthropic: [
    ...["type", "description", "title", "properties", "required", "additionalProperties", "items"],
    ...["enum", "const", "anyOf", "allOf", "$ref", "$defs", "default", "format", "pattern"],
  ],
  // https://ai.google.dev/api/caching#Schema; `additionalProperties` of `parametersJsonSchema`.
  gemini: [
    ...["type", "format", "title", "description", "nullable", "enum", "properties", "required"],
    ...["items", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "anyOf"],
    ...["minProperties", "maxProperties", "pattern", "example", "propertyOrdering", "default"],
    "additionalProperties",
  ],
};

/** All of them know these types; a list of types is OpenAI's alone, and `nullable` Gemini's. */
const types = ["string", "integer", "boolean", "array", "object"];

/** Yields a schema and those within it, each with its path. */
function* schemasIn(schema: unknown, path: string): Generator<[string, Record<string, unknown>]> {
  assert.ok(isRecord(schema), path);
  yield [path, schema];
  if (schema["items"] !== undefined) yield* schemasIn(schema["items"], `${path}[]`);
  for (const [name, one] of Object.entries(schema["properties"] ?? {})) {
    yield* schemasIn(one, `${path}.${name}`);
  }
}

Deno.test("every tool's schema is in the strict subsets of OpenAI, Anthropic and Gemini", () => {
  let properties = 0;
  for (const tool of all) {
    assert.match(tool.name, /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/);
    assert.equal(tool.inputSchema["type"], "object", "a root is an object");
    for (const [path, schema] of schemasIn(tool.inputSchema, tool.name)) {
      for (const [provider, known] of Object.entries(subsets)) {
        const unknown = Object.keys(schema).filter((keyword) => !known.includes(keyword));
        assert.deepEqual(unknown, [], `${path}: ${provider}`);
      }
      assert.ok(types.includes(String(schema["type"])), path);
      if (schema["type"] === "array") assert.ok(schema["items"] !== undefined, path);
      if (schema["enum"] !== undefined) {
        // Gemini: of texts, none of them empty.
        const values = schema["enum"] as unknown[];
        assert.equal(schema["type"], "string", path);
        assert.ok(values.every((value) => typeof value === "string" && value !== ""), path);
      }
      if (schema["type"] !== "object") continue;
      assert.equal(schema["additionalProperties"], false, path);
      const names = Object.keys(schema["properties"] ?? {});
      assert.ok(names.length > 0, `${path}: Gemini has no empty object`);
      assert.ok(names.every((name) => /^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/.test(name)), path);
      for (const name of schema["required"] as string[] ?? []) {
        assert.ok(names.includes(name), path);
      }
      properties += names.length;
      assert.equal(path, tool.name, "no level but the first: OpenAI limits them");
    }
  }
  assert.ok(properties < 5000, "OpenAI's limit of a schema, for all of them");
});

/** A tool that answers with its input. */
const echo = defineTool({
  name: "echo",
  title: "Echo",
  description: "Answers with its input.",
  options: {
    context: textField("context"),
    loud: toggleField("loud"),
    variables: variablesField("variables"),
  },
  run: (input) => Promise.resolve([{ lines: [JSON.stringify(input)], unit: "lines" }]),
});

Deno.test("a tool takes null for an absent option, and a list for a mapping", async () => {
  const { host } = simulatedHost({ lab: { pods: {} } });
  const context = { host, signal: new AbortController().signal, confirm: undefined };
  const nulls = { context: null, loud: null, variables: null, budget: null };
  assert.deepEqual(await echo.call(nulls, context), await echo.call({}, context));
  const { text } = await echo.call({ variables: ["A=1", "B=x=y"] }, context);
  assert.deepEqual(JSON.parse(text).variables, { A: "1", B: "x=y" });
});

Deno.test("an answer names the context in use, if there are several and the input names none", async () => {
  const { host } = simulatedHost({ lab: { pods: {} }, prod: { pods: {} } });
  const changed = {
    ...host,
    // The kubeconfig was changed after the start.
    contexts: () =>
      Promise.resolve(
        ["lab", "prod"].map((name) => ({ name, current: name === "prod", cluster: "", user: "" })),
      ),
  };
  const context = { host: changed, signal: new AbortController().signal, confirm: undefined };
  const answer = async (tool: Tool, input: unknown) =>
    (await tool.call(input, context)).text.trim();
  assert.equal(
    await answer(contextsTool, {}),
    "lab (in use)\nprod (the kubeconfig's current one by now; name it to use it)",
  );
  assert.match(await answer(echo, {}), /^context: lab\n/);
  assert.doesNotMatch(await answer(echo, { context: "prod" }), /^context: /);
});
