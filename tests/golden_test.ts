/** Help and errors, word for word. `deno task golden:update` rewrites the files. */
import assert from "node:assert/strict";
import { goldenCases, goldenFolder, goldenText } from "./golden_cases.ts";

for (const golden of goldenCases()) {
  Deno.test(`golden: ${golden.file}`, async () => {
    const expected = await Deno.readTextFile(new URL(golden.file, goldenFolder));
    assert.equal(await goldenText(golden), expected);
  });
}

Deno.test("golden: no file is left of a case that is gone", async () => {
  const known = new Set(goldenCases().map(({ file }) => file));
  const found: string[] = [];
  for await (const folder of Deno.readDir(goldenFolder)) {
    for await (const { name } of Deno.readDir(new URL(`${folder.name}/`, goldenFolder))) {
      found.push(`${folder.name}/${name}`);
    }
  }
  assert.deepEqual(found.filter((file) => !known.has(file)), []);
});

Deno.test("golden: no line of help is wider than 80 columns in a pipe", async () => {
  for (const golden of goldenCases().filter(({ file }) => file.startsWith("help/"))) {
    const lines = (await goldenText(golden)).split("\n");
    assert.deepEqual(lines.filter((line) => line.length > 80), [], golden.file);
  }
});
