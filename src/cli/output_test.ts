import assert from "node:assert/strict";
import { parse } from "yaml";
import { terminalData } from "../terminal/deno_terminal.ts";
import { renderData, renderValue } from "./output.ts";

Deno.test("one value is a document, a line, or YAML", async () => {
  const value = { run: "a", pods: [1] };
  assert.equal(await renderValue(value, "jsonl"), '{"run":"a","pods":[1]}\n');
  assert.deepEqual(JSON.parse(await renderValue(value, "json")), value);
  assert.equal(await renderValue(value, "yaml"), "run: a\npods:\n  - 1\n");
});

Deno.test("data on a terminal shows what turns its text, and keeps its meaning", async () => {
  const values = [{ pod: "web-\u202e0", note: ["\u009b2J\u200f", "plain", "שלום"] }];
  for (const format of ["json", "jsonl", "yaml"] as const) {
    const text = terminalData(await renderData(values, format));
    assert.equal(typeof text, "string");
    assert.doesNotMatch(String(text), /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u206f]/);
    const back = format === "jsonl" ? [JSON.parse(String(text))] : parse(String(text));
    assert.deepEqual(back, values, format);
  }
  const bytes = new TextEncoder().encode("\u202e");
  assert.equal(terminalData(bytes), bytes);
});
