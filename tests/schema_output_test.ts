/** What the real program writes, held against the published schemas by a validator that knows nothing of kodama. */
import assert from "node:assert/strict";
import { Ajv, type ValidateFunction } from "ajv";
import { startTestCluster, writeDeadKubeconfig } from "./harness/embedded_cluster.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";

const drives = ["-n", "weka-operator-system", "-m", "/^weka-drive-[0-2]$/"];
const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** The published schema as anybody reads it. */
async function published(name: string): Promise<ValidateFunction> {
  const url = new URL(`../docs/schema/${name}.schema.json`, import.meta.url);
  const ajv = new Ajv({ allErrors: true, formats: { "date-time": dateTime } });
  return ajv.compile(JSON.parse(await Deno.readTextFile(url)));
}

/** Each line is an object of the schema; gives them. */
function assertLines(validate: ValidateFunction, text: string): Record<string, unknown>[] {
  return text.trimEnd().split("\n").map((line) => {
    const value: Record<string, unknown> = JSON.parse(line);
    assert.ok(validate(value), `${line}\n${JSON.stringify(validate.errors)}`);
    return value;
  });
}

/** A run in which a pod's command ends well, one fails with bytes that are no text. */
const twoEnds =
  `case $KODAMA_INDEX in 0) echo ok; echo said >&2;; 1) printf '\\377\\000'; exit 3;; esac`;
const shell = ["--shell", "--", twoEnds];
/** And one takes too long: the time is enough for the others, however slow this machine is. */
const threeEnds = [
  "--timeout",
  "5s",
  "--shell",
  "--",
  `test $KODAMA_INDEX = 2 && sleep 60\n${twoEnds}`,
];

Deno.test("real output is what the published schemas say", async (t) => {
  await using cluster = await startTestCluster("weka:computes=0,clients=0");
  const kodama = new KodamaInProcess(cluster.env);
  const report = await published("target-report");
  const event = await published("run-event");
  const record = await published("run-record");
  const dead = await writeDeadKubeconfig(cluster.folder);

  await t.step("the schemas refuse what isn't theirs", () => {
    for (const validate of [report, event, record]) {
      assert.ok(!validate({}));
      assert.ok(!validate({ event: "line", outcome: "fine" }));
    }
  });

  await t.step("-o jsonl and -o json: a report for each pod", async () => {
    const lines = await kodama.run(["exec", ...drives, "-o", "jsonl", ...threeEnds]);
    const outcomes = assertLines(report, lines.stdout).map(({ outcome }) => outcome);
    assert.deepEqual(outcomes.toSorted(), ["failed", "ok", "timeout"]);
    const skipped = ["--fail-fast", "--fanout", "1", "-o", "json", "--", "false"];
    const whole = await kodama.run(["exec", ...drives, ...skipped]);
    const reports = JSON.parse(whole.stdout) as unknown[];
    assert.equal(reports.length, 3);
    for (const one of reports) assert.ok(report(one), JSON.stringify(report.errors));
  });

  await t.step("-o jsonl --events: all that happens, a context that isn't there too", async () => {
    const context = String(
      JSON.parse(await Deno.readTextFile(cluster.kubeconfig))[
        "current-context"
      ],
    );
    const both = ["--context", context, "--context", "dead"];
    const short = ["--shell", "--", "echo ok; echo said >&2"];
    const words = ["exec", ...both, ...drives, "-o", "jsonl", "--events", ...short];
    const { stdout } = await kodama.run(words, {
      env: { KUBECONFIG: `${cluster.kubeconfig}:${dead}` },
    });
    const kinds = new Set(assertLines(event, stdout).map(({ event }) => event));
    for (const kind of ["runStarted", "targetStarted", "line", "targetEnded", "contextFailed"]) {
      assert.ok(kinds.has(kind), `no event ${kind} was looked at`);
    }
  });

  await t.step("--progress json: events on standard error, reports beside them", async () => {
    const words = ["exec", ...drives, "--progress", "json", "-o", "jsonl", ...shell];
    const { stdout, stderr } = await kodama.run(words);
    assert.equal(assertLines(report, stdout).length, 3);
    assert.equal(assertLines(event, stderr).at(-1)?.["event"], "runEnded");
  });

  await t.step("the records of these runs, and of one that was run again", async () => {
    await kodama.run(["runs", "rerun", "--failed", "--yes"]);
    const folder = `${cluster.env.KODAMA_CONFIG_DIR}/runs`;
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assert.equal(names.length, 5);
    for (const name of names) assertLines(record, await Deno.readTextFile(`${folder}/${name}`));
  });

  await t.step("runs diff: pods that answer something else", async () => {
    const diff = await published("run-diff");
    const counting = [
      "--shell",
      "--",
      "echo x >>/tmp/count; wc -l </tmp/count; exit $KODAMA_INDEX",
    ];
    for (let run = 0; run < 2; run++) await kodama.run(["exec", ...drives, ...counting]);
    const { stdout } = await kodama.run(["runs", "diff", "-o", "json"]);
    const data = JSON.parse(stdout) as { groups: { names: string }[] };
    assert.ok(diff(data), JSON.stringify(diff.errors));
    assert.deepEqual(
      data.groups.map(({ names }) => names).toSorted(),
      [0, 1, 2].map((n) => `weka-drive-${n}`),
    );
  });
});
