import assert from "node:assert/strict";
import type { WorkflowDetails } from "../api.ts";
import { formValues, paramFields } from "./param_form.ts";

const parameters: WorkflowDetails["parameters"] = {
  type: "object",
  properties: {
    count: { type: "number", title: "Count", default: 3 },
    image: { type: "string", title: "", description: "The image." },
    limit: { type: "string", title: "Limit", format: "duration", default: "5m" },
    mode: { type: "string", title: "Mode", enum: ["fast", "safe"], default: "safe" },
    names: { type: "array", title: "Names", items: { type: "string" }, default: ["a", "b"] },
    force: { type: "boolean", title: "Force" },
    token: { type: "string", title: "Token", writeOnly: true },
  },
  required: ["image", "token"],
  additionalProperties: false,
};

Deno.test("`paramFields()` has a control for each kind of parameter, required ones first", () => {
  const rows = paramFields(parameters).map(({ name, label, isRequired, control, initial }) =>
    [name, label, isRequired, control.kind, initial].join("|")
  );
  assert.deepEqual(rows, [
    "image|image|true|text|",
    "token|Token|true|secret|",
    "count|Count|false|line|3",
    "limit|Limit|false|line|5m",
    "mode|Mode|false|choice|safe",
    "names|Names|false|lines|a\nb",
    "force|Force|false|switch|false",
  ]);
});

Deno.test("`formValues()` returns values of the schema's types, and leaves defaults to the server", () => {
  const texts = {
    ...{ image: " nginx", token: "s", count: "2.5", limit: " 90s ", mode: "fast" },
    ...{ names: "x\n\n y \n", force: "true" },
  };
  assert.deepEqual(formValues(parameters, texts), {
    kind: "values",
    values: {
      ...{ image: " nginx", token: "s", count: 2.5, limit: "90s", mode: "fast" },
      ...{ names: ["x", "y"], force: true },
    },
  });
  assert.deepEqual(formValues(parameters, { image: "a", token: "b", count: "" }), {
    kind: "values",
    values: { image: "a", token: "b", force: false },
  });
});

Deno.test("`formValues()` reports every wrong text", () => {
  const texts = { count: "many", limit: "soon", mode: "x" };
  assert.deepEqual(formValues(parameters, texts), {
    kind: "wrong",
    problems: {
      image: "A value is needed.",
      token: "A value is needed.",
      count: "A number is needed.",
      limit: "A duration is needed, such as 90s or 5m.",
      mode: "One of fast, safe is needed.",
    },
  });
});
