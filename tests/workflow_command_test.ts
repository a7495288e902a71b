/** Workflows with steps, as a person runs them: a process of its own, on an embedded cluster. */
import assert from "node:assert/strict";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

/** Each command leaves a line in a file of its pod; the third waits for a file that isn't there at first. */
const slow = `select: { namespace: weka-operator-system, match: "/^weka-drive-[0-2]$/" }
steps:
  - id: first
    exec: echo first >> /tmp/ran
  - id: second
    fanout: 1
    exec: |
      echo second >> /tmp/ran
      test "$KODAMA_INDEX" != 2 || test -e /tmp/go || sleep 60
  - id: third
    exec: echo third >> /tmp/ran
`;

Deno.test("a killed run is shown and can be rerun: ended targets are not repeated", async () => {
  await using cluster = await startTestCluster("weka:computes=0,clients=0");
  const kodama = await SourceKodama.on(cluster);
  const here = new KodamaInProcess(cluster.env);
  const file = `${cluster.folder}/slow.yaml`;
  await Deno.writeTextFile(file, slow);
  const runs = `${kodama.configFolder}/runs`;
  await Deno.mkdir(runs, { recursive: true });
  const ends = /"targetEnded","step":"second"/g;
  // First: nothing reports what was recorded before.
  using watcher = Deno.watchFs(runs);
  await using running = kodama.start(["run", file, "--trust"]);
  const recorded = untilRecorded(watcher, runs, (text) => [...text.matchAll(ends)].length === 2);
  const ended = running.ended().then(() => undefined);
  const id = await Promise.race([recorded, ended]);
  assert.ok(id !== undefined, running.stderr);
  // The third is in its middle when it has left its line.
  const begun = ["sh", "-c", "until grep -q second /tmp/ran; do sleep 0.1; done"];
  const third = ["-n", "weka-operator-system", "weka-drive-2", "--timeout", "30s"];
  await here.succeed(["exec", ...third, "--", ...begun]);
  running.signal("SIGKILL");
  await ended;

  const shown = await here.run(["runs", "show", id]);
  assert.match(shown.stdout, /not ended: 1 of 2 started steps have ended/);
  assert.match(shown.stdout, /first +ok +3\/3/);
  assert.match(shown.stdout, /second +not ended +2\/2/);

  const pods = ["-n", "weka-operator-system", "-m", "/^weka-drive-[0-2]$/", "--yes", "-q"];
  await here.run(["exec", ...pods, "--", "touch", "/tmp/go"]);
  const again = await here.run(["runs", "rerun", "--rest", "--yes", "--trust"]);
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stderr, /first +ok in the previous run/);
  const ran = await here.run(["exec", ...pods, "-o", "jsonl", "--", "cat", "/tmp/ran"]);
  const reported = ran.stdout.trim().split("\n").map((line) => JSON.parse(line))
    .map(({ pod, stdout }) => `${pod}: ${stdout.trim().replaceAll("\n", " ")}`);
  assert.deepEqual(reported.toSorted(), [
    "weka-drive-0: first second third",
    "weka-drive-1: first second third",
    // It was in its middle: nothing says that it had ended.
    "weka-drive-2: first second second third",
  ]);
});

/** Resolves with the run's id as soon as the one record is as wanted. */
async function untilRecorded(
  changes: AsyncIterable<Deno.FsEvent>,
  folder: string,
  wanted: (text: string) => boolean,
): Promise<string | undefined> {
  for await (const _change of changes) {
    for await (const { name } of Deno.readDir(folder)) {
      if (wanted(await Deno.readTextFile(`${folder}/${name}`))) return name.replace(/\.jsonl$/, "");
    }
  }
  return undefined;
}
