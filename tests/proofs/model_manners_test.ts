/**
 * Language models whose servers do anything but answer: a question ends by an error that a person can read, in bounded
 * time and memory, and nothing is sent to another server.
 */
import assert from "node:assert/strict";
import { otherThan, unless } from "../../src/base/testing/unless.ts";
import { runFlags } from "../../tools/deno_flags.ts";
import { runCommand } from "../harness/command.ts";
import {
  partTimeoutMs,
  type RudeEnd,
  rudeKey,
  rudeModels,
  RudeServer,
} from "../harness/rude_models.ts";
import { fromSource } from "../harness/source_kodama.ts";

/** As in fallback.ts: an answer that keeps coming has this many times the time for a part. */
const answerTimeouts = 10;
/** A busy machine needs longer. */
const busyMs = 3000;
/** Of a process, which asks some models after each other, and keeps what isn't collected yet. */
const maxMebibytes = 200;
const modelsOfProcess = 5;

/** Asks some of the models in a process of their own. */
async function ask(server: RudeServer, positions: readonly number[]): Promise<RudeEnd[]> {
  const { env } = await fromSource([]);
  const program = new URL("../harness/rude_models.ts", import.meta.url).pathname;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const flags = runFlags.filter((flag) => flag.startsWith("--v8-flags"));
  const { code, stdout, stderr } = await runCommand([
    ...[Deno.execPath(), "run", "--quiet", "--no-check", "--config", config, "-P=test", ...flags],
    ...[program, server.url, ...positions.map(String)],
  ], { env: { ...env, PATH: Deno.env.get("PATH") ?? "" } });
  assert.equal(code, 0, stderr);
  return stdout.trim().split("\n").map((line) => JSON.parse(line) as RudeEnd);
}

Deno.test("there are enough models without manners", () => {
  assert.ok(rudeModels.length >= 70, `${rudeModels.length} models`);
});

for (let first = 0; first < rudeModels.length; first += modelsOfProcess) {
  const models = rudeModels.slice(first, first + modelsOfProcess);
  const names = models.map(({ name }) => name).join(", ");
  Deno.test({
    ...unless(otherThan("linux"), `a question to a model ends in time and memory: ${names}`),
    async fn() {
      await using server = new RudeServer();
      const ends = await ask(server, models.map((_, at) => first + at));
      for (const [at, model] of models.entries()) {
        const { name, text, ms, mebibytes } = ends[at] ?? assert.fail();
        assert.equal(name, model.name);
        assert.ok(!text.includes(rudeKey), `${name}: ${text}`);
        assert.ok(mebibytes <= maxMebibytes, `${name}: ${mebibytes} MiB`);
        const limitMs = answerTimeouts * partTimeoutMs(model) + busyMs;
        assert.ok(ms <= limitMs, `${name}: ${ms} ms`);
        if (name.startsWith("a redirect")) assert.match(text, /it redirects to/);
      }
      assert.deepEqual(server.leaked, []);
    },
  });
}
