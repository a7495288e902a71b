import assert from "node:assert/strict";
import { simulatedHost } from "../testing/simulated_host.ts";
import { ModelSetup } from "./setup.ts";

Deno.test("a key that is read is logged by its source and about its length, and once", async () => {
  const logged: string[] = [];
  const value = `sk-ant-${"S3CR3T".repeat(9)}`;
  const { host } = simulatedHost({ lab: {} }, {
    env: { ANTHROPIC_API_KEY: value },
    log: (level, category, message) => logged.push(`${level} ${category}: ${message}`),
  });
  const setup = await ModelSetup.of(host);
  assert.equal((await setup.key("anthropic"))?.value, value);
  await setup.key("anthropic");
  assert.equal(await setup.key("openai"), undefined);
  assert.deepEqual(logged, [
    "info model: key of anthropic: $ANTHROPIC_API_KEY, 20 to 99 characters",
    "info model: key of openai: none",
  ]);
});
