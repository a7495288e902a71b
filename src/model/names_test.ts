import assert from "node:assert/strict";
import { modelText, parseModelName, suggestedNames } from "./names.ts";

function parsed(text: string): string {
  const result = parseModelName(text);
  if (result.kind !== "model") return result.kind;
  return `${modelText(result.model)}${result.model.assumed ? " (assumed)" : ""}`;
}

Deno.test("parseModelName() reads names, aliases and both spellings of a provider", () => {
  const table: Readonly<Record<string, string>> = {
    "anthropic/claude-opus-5-5": "anthropic/claude-opus-5-5",
    "anthropic:some-future-model": "anthropic/some-future-model",
    "openai/ft:gpt-4.1:org::id": "openai/ft:gpt-4.1:org::id",
    "sonnet": "anthropic/claude-sonnet-5-5",
    "anthropic/sonnet": "anthropic/claude-sonnet-5-5",
    "gpt-5.6": "openai/gpt-5.6",
    "ollama/llama3.2": "ollama/llama3.2",
    "ollama:llama3.2:1b": "ollama/llama3.2:1b",
    "ollama/hf.co/org/model:Q4": "ollama/hf.co/org/model:Q4",
    "compatible/x/y": "compatible/x/y",
    // A colon alone is a tag of Ollama's, and no provider.
    "tinyllama": "ollama/tinyllama (assumed)",
    "llama3.2:1b": "ollama/llama3.2:1b (assumed)",
    " sonnet ": "anthropic/claude-sonnet-5-5",
    "antropic/claude-opus-5-5": "unknownProvider",
    "constructor/x": "unknownProvider",
    "": "empty",
    "  ": "empty",
  };
  for (const [text, expected] of Object.entries(table)) assert.equal(parsed(text), expected, text);
});

Deno.test("`suggestedNames()` are names of known models", () => {
  for (const name of suggestedNames()) {
    assert.doesNotMatch(parsed(name), /assumed|unknown/, name);
  }
  const names = suggestedNames();
  assert.equal(new Set(names).size, names.length, "two models have the same name");
});
