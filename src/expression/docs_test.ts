/** The page on expressions: every example evaluates to its stated result, and every function has an example. */
import assert from "node:assert/strict";
import type { JsonValue } from "../base/json_value.ts";
import { functions } from "./functions.ts";
import { checkTemplate, evaluateTemplate, parseTemplate } from "./template.ts";
import { anyType } from "./type.ts";
import type { RecordValue } from "./value.ts";

const page = await Deno.readTextFile(new URL("../../docs/expressions.md", import.meta.url));

const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"))]
    .map((match) => match[1] ?? "");

const values = JSON.parse(blocks("json")[0] ?? "") as RecordValue;
const types = { params: anyType, steps: anyType };
const examples = blocks("cel").flatMap((block) => block.trim().split("\n"));

Deno.test("every example of docs/expressions.md evaluates to its documented value", () => {
  assert.ok(examples.length > 70, `only ${examples.length} examples`);
  for (const line of examples) {
    const [, expression = "", result = ""] = /^(.*?\S) +\/\/ (.*)$/.exec(line) ?? [];
    const { template, problems } = parseTemplate(`\${{ ${expression} }}`);
    assert.deepEqual([...problems, ...checkTemplate(template, types).problems], [], line);
    assert.deepEqual(evaluateTemplate(template, values), JSON.parse(result) as JsonValue, line);
  }
});

Deno.test("every function has an example in docs/expressions.md", () => {
  const missing = Object.keys(functions).filter((name) =>
    !examples.some((line) => new RegExp(`\\b${name}\\(`).test(line))
  );
  assert.deepEqual(missing, []);
});
