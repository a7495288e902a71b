/** Workflows that the documentation shows are workflows: nothing is wrong with any of them. */
import assert from "node:assert/strict";
import { simulatedHost } from "../src/actions/testing/simulated_host.ts";
import { checkWorkflows } from "../src/actions/workflow/files.ts";

const root = new URL("../", import.meta.url);

for (const name of ["expressions.md", "scripts.md"]) {
  Deno.test(`the workflows of docs/${name} have nothing wrong with them`, async () => {
    const page = await Deno.readTextFile(new URL(`docs/${name}`, root));
    const texts = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? "");
    assert.ok(texts.length > 0, "the page shows none");
    for (const text of texts) {
      const files = { "/project/workflows/page.yaml": text, "/project/workflows/deploy.ts": "" };
      const { host } = simulatedHost({}, { files });
      const checked = await checkWorkflows(host, ["page"]);
      assert.deepEqual(
        checked.flatMap(({ diagnostics }) =>
          diagnostics.map(({ line, message }) => [line, message])
        ),
        [],
        text,
      );
    }
  });
}
