/**
 * What the real program writes of workflows with steps, held against the published schemas by a validator that knows
 * nothing of kodama; and against the shapes, which say every field that there is.
 */
import assert from "node:assert/strict";
import { Ajv, type ValidateFunction } from "ajv";
import * as v from "valibot";
import { recordLineShape, runEventShape } from "../src/exec/event_shapes.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";

const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** The published schema as anybody reads it. */
async function published(name: string): Promise<ValidateFunction> {
  const url = new URL(`../docs/schema/${name}.schema.json`, import.meta.url);
  const ajv = new Ajv({ allErrors: true, formats: { "date-time": dateTime } });
  return ajv.compile(JSON.parse(await Deno.readTextFile(url)));
}

/** Each line is one of the schema and of the shape, with no further field; gives their kinds. */
function kindsOf(text: string, validate: ValidateFunction, shape: v.GenericSchema): Set<unknown> {
  return new Set(
    text.trimEnd().split("\n").map((line) => {
      const value: Record<string, unknown> = JSON.parse(line);
      assert.ok(validate(value), `${line}\n${JSON.stringify(validate.errors)}`);
      const result = v.safeParse(shape, value);
      assert.ok(result.success, `${line}\n${result.issues?.map(({ message }) => message)}`);
      assert.deepEqual(result.output, value);
      return value.event ?? value.kind;
    }),
  );
}

/** As much happens as can. */
const workflow = `select: { namespace: weka-operator-system, match: "/^weka-drive-([0-2]|new-0)$/" }
params: { token: { secret: true } }
permissions: { write: [saved] }
steps:
  - id: ends
    exec: 'case $KODAMA_INDEX in 0) echo ok; echo said >&2;; 1) exit 3;; *) sleep 60;; esac'
    commandTimeout: 1s
    attempts: { most: 2, delay: 1ms }
    allowFailure: true
  - copy: { from: ":/etc/hostname", to: "saved/" }
  - wait: ready
    timeout: 10ms
    count: 100
    allowFailure: any
  - exec: [hostname]
    when: \${{ false }}
  - foreach: [1, 2]
    steps: [{ wait: 1ms }]
  - prompt: Is it well?
finally:
  - wait: 1ms
outputs: { ok: "\${{ steps.ends.ok }}" }
`;

Deno.test("what is written of workflows is what their schemas say", async (t) => {
  await using cluster = await startTestCluster("weka:computes=0,clients=0");
  const kodama = new KodamaInProcess(cluster.env);
  const file = `${cluster.folder}/much.yaml`;
  await Deno.writeTextFile(file, workflow);
  const run = (...words: string[]) => kodama.run([...words, "--trust"]);
  const event = await published("run-event");
  const record = await published("run-record");
  const report = await published("workflow-report");

  await t.step("the schemas refuse what isn't theirs", () => {
    for (const validate of [event, record, report]) {
      assert.ok(!validate({}));
      assert.ok(!validate({ event: "line", outcome: "fine" }));
    }
  });

  await t.step(
    "-o jsonl: events, of a run that fails and of its rerun",
    async () => {
      const failed = await run("run", file, "--param", "token=hunter2", "-o", "jsonl");
      // No one can answer its prompt.
      assert.equal(failed.code, 2, failed.stderr);
      await Deno.writeTextFile(file, `${workflow}# mended\n`);
      const words = ["runs", "rerun", "--rest", "--param", "token=hunter2"];
      const again = await run(...words, "--yes", "-o", "jsonl");
      const kinds = kindsOf(failed.stdout + again.stdout, event, runEventShape);
      assert.deepEqual([...kinds].toSorted(), [
        "changedSince",
        "finallyStarted",
        "line",
        "podSkipped",
        "recorded",
        "runEnded",
        "runStarted",
        "stepEnded",
        "stepKept",
        "stepRetried",
        "stepStarted",
        "targetEnded",
        "targetStarted",
        "targetsAdded",
      ]);
    },
  );

  await t.step("-o json: the run and its steps", async () => {
    const { stdout } = await run("run", file, "--yes", "-o", "json");
    assert.ok(report(JSON.parse(stdout)), JSON.stringify(report.errors));
  });

  await t.step("their records", async () => {
    const folder = `${cluster.env.KODAMA_CONFIG_DIR}/runs`;
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assert.equal(names.length, 3);
    for (const name of names) {
      const text = await Deno.readTextFile(`${folder}/${name}`);
      kindsOf(text, record, recordLineShape);
      assert.equal(text.includes("hunter2"), false);
    }
  });

  await t.step("a run without a record says so in a line that is one of the schema", async () => {
    await Deno.remove(`${cluster.env.KODAMA_CONFIG_DIR}/runs`, { recursive: true });
    await Deno.writeTextFile(`${cluster.env.KODAMA_CONFIG_DIR}/runs`, "");
    const { stdout } = await run("run", file, "--yes", "-o", "jsonl");
    assert.ok(kindsOf(stdout, event, runEventShape).has("notRecorded"));
  });
});
