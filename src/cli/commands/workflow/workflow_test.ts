import assert from "node:assert/strict";
import { simulatedHost } from "../../../actions/testing/simulated_host.ts";
import { UsageError } from "../../../base/errors.ts";
import { commandHint } from "../../../present/hints.ts";
import { checkWorkflows, ruleTexts } from "../../../actions/workflow/files.ts";
import { checkedData, sarif } from "./workflow.ts";

const files = {
  "/project/workflows/a b.yaml": "params: { n: 1 }\nsteps:\n  - exec: [id]\n    timeout: soon\n",
  "/project/workflows/base.yaml": "steps:\n  - exce: [id]\n",
  "/project/workflows/one.yaml": "steps: [{ workflow: base }]\n",
  "/project/workflows/two.yaml": "params: { unused: 1 }\nsteps: [{ workflow: base }]\n",
};

async function checked() {
  return await checkWorkflows(simulatedHost({}, { files }).host, ["a b", "one", "two"]);
}

Deno.test("a file of tests isn't a workflow: the error has the command for it", async () => {
  const { host } = simulatedHost({}, { files });
  await assert.rejects(checkWorkflows(host, ["workflows/one.test.yaml"]), (error) => {
    assert.ok(error instanceof UsageError && error.hint !== undefined);
    const way = "kodama workflow test workflows/one.test.yaml checks and runs it";
    assert.equal(commandHint(error.hint).replaceAll("`", ""), way);
    return true;
  });
});

Deno.test("SARIF says each problem once, where it is, by a rule that is described", async () => {
  const diagnostics = (await checked()).flatMap((one) => one.diagnostics);
  const { version, runs } = sarif(diagnostics, { rules: ruleTexts, folder: "/project" }) as {
    version: string;
    runs: {
      tool: { driver: { name: string; rules: { id: string }[] } };
      columnKind: string;
      results: { ruleId: string; level: string; locations: unknown[] }[];
    }[];
  };
  assert.equal(version, "2.1.0");
  const [run] = runs;
  assert.equal(run?.columnKind, "utf16CodeUnits");
  const known = new Set(run?.tool.driver.rules.map(({ id }) => id));
  const results = run?.results ?? [];
  assert.deepEqual(results.filter(({ ruleId }) => !known.has(ruleId)), []);
  const place = (uri: string, startLine: number, startColumn: number, width: number) => [{
    physicalLocation: {
      artifactLocation: { uri },
      region: { startLine, startColumn, endColumn: startColumn + width },
    },
  }];
  assert.deepEqual(results.map(({ locations }) => locations), [
    place("workflows/a%20b.yaml", 4, 14, 4),
    place("workflows/base.yaml", 2, 5, 4),
  ]);
  assert.deepEqual([...new Set(results.map(({ level }) => level))], ["error"]);
});

Deno.test("data says each problem once, of a file that several use too", async () => {
  assert.deepEqual(checkedData(await checked()).map(({ file, line, rule }) => [file, line, rule]), [
    ["/project/workflows/a b.yaml", 4, "shape"],
    ["/project/workflows/base.yaml", 2, "shape"],
  ]);
});
