import assert from "node:assert/strict";
import { FileError, YamlSource } from "./source.ts";

Deno.test("YAML that grows, or nests, beyond its limits is refused at once", () => {
  const levels = Array.from(
    { length: 30 },
    (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]`,
  );
  const texts = {
    aliases: `a0: &a0 [x]\n${levels.join("\n")}\n`,
    lists: "a: ".concat("[".repeat(20_000)),
    mappings: "{a: ".repeat(20_000),
    blocks: Array.from({ length: 5000 }, (_, at) => `${" ".repeat(at)}a:`).join("\n"),
  };
  for (const [name, text] of Object.entries(texts)) {
    assert.throws(
      () => YamlSource.parse({ path: "x.yaml", text }).plain,
      (error: unknown) => {
        assert.ok(error instanceof FileError, `${name}: ${error}`);
        return /aliases repeat|nested too deeply|larger than|too/.test(error.message);
      },
      name,
    );
  }
});
