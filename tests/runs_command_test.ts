/** Past runs, by the real program on the embedded cluster: kept whatever happens, shown, and run again. */
import assert from "node:assert/strict";
import { hangLimitMs } from "./harness/hang_limit.ts";
import { systemClock } from "../src/base/clock.ts";
import { systemHost } from "../src/kube/host.ts";
import { openKubeClient } from "../src/kube/open_client.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { recreatePod } from "./harness/recreate_pod.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

const namespace = "weka-operator-system";
/** weka-drive-0, -1 and -2. */
const drives = ["-n", namespace, "-m", "/^weka-drive-[0-2]$/"];

/** Fails once in each of the pods after the first, and never again. */
const failsOnce = "test $KODAMA_INDEX = 0 || test -e /tmp/$0 || { touch /tmp/$0; exit 3; }";

/** Names and modes of the records. */
async function records(kodama: SourceKodama): Promise<{ path: string; mode: number }[]> {
  const folder = `${kodama.configFolder}/runs`;
  const paths = await Array.fromAsync(Deno.readDir(folder), ({ name }) => `${folder}/${name}`);
  return await Promise.all(
    paths.toSorted().map(async (path) => {
      return { path, mode: ((await Deno.stat(path)).mode ?? 0) & 0o777 };
    }),
  );
}

Deno.test("runs are kept, shown and run again, by the real program", async (t) => {
  await using cluster = await startTestCluster("weka:computes=0,clients=0");
  const real = await SourceKodama.on(cluster);
  const kodama = new KodamaInProcess(cluster.env);
  const host = systemHost(() => {});
  await using client = await openKubeClient({ kubeconfig: cluster.kubeconfig }, host);

  await t.step("the summary says how to run what failed again, and it does", async () => {
    const words = ["exec", ...drives, "--", "sh", "-c", failsOnce, "once"];
    const { code, stderr } = await kodama.run(words);
    assert.equal(code, 5);
    const [, line = ""] =
      /^Rerun the failed pods: kodama (runs rerun \S+ --failed)$/m.exec(stderr) ??
        [];
    const again = await kodama.run(line.split(" "));
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /^2 ok in /m);
    const [, id = ""] = line.split(" ").slice(1);
    const nothing = await kodama.run(["runs", "rerun", "--failed"]);
    assert.equal(nothing.code, 2);
    assert.match(nothing.stderr, /every target of run \S+ was ok/);
    const last = await kodama.run(["runs", "show", "last"]);
    assert.match(last.stdout, /^again +\S+/m);
    const repeated = await kodama.run(["runs", "rerun", "last", "--list"]);
    assert.match(repeated.stdout, /weka-drive-1 .*\n.*weka-drive-2 /);
    const cut = await kodama.run(["runs", "list", "--limit", "1"]);
    assert.equal(cut.stderr, "showing 1 of 2; --limit N shows more\n");
    const shown = await kodama.run(["runs", "show", id, "-o", "json"]);
    const { targets } = JSON.parse(shown.stdout) as { targets: { outcome: string }[] };
    assert.deepEqual(targets.map(({ outcome }) => outcome), ["ok", "failed", "failed"]);
  });

  await t.step("records are their owner's alone, and hold no value of a variable", async () => {
    const secret = "correct-horse-battery";
    const words = [
      "--env",
      `WORD=${secret}`,
      "--",
      "sh",
      "-c",
      "test -n $WORD",
      `--token=${secret}`,
    ];
    await kodama.succeed(["exec", ...drives, ...words]);
    const all = await records(real);
    for (const { path, mode } of all) {
      assert.equal(mode, 0o600, path);
      assert.ok(!(await Deno.readTextFile(path)).includes(secret));
    }
    const again = await kodama.run(["runs", "rerun"]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /held what looks like a secret/);
  });

  await t.step("the list has the last run first", async () => {
    const { stdout } = await kodama.run(["runs", "list"]);
    const [header, first, second] = stdout.split("\n");
    assert.match(header ?? "", /^RUN +AGE +CONTEXT +NAMESPACE +COMMAND +PODS +RESULT$/);
    assert.match(first ?? "", / weka-operator-system +sh -c 'test -n \$WORD' .* +3 +3 ok in /);
    assert.match(second ?? "", / 2 +2 ok in /);
  });

  await t.step("of a run that is killed, the events are recorded, and can be rerun", async () => {
    const line = "test $KODAMA_INDEX = 2 && exec sleep 600; echo done";
    {
      await using running = real.start(["exec", ...drives, "--", "sh", "-c", line]);
      const reported = (text: string) => text.match(/done/g)?.length === 2;
      await running.writes(({ stdout }) => reported(stdout));
      await killedAfterRecord(real, running);
    }
    const { stdout, stderr } = await kodama.run(["runs", "show"]);
    assert.match(stdout, /^result +not ended: 2 ok, 1 not known$/m, stderr);
    const { stdout: list } = await kodama.run([
      "runs",
      "rerun",
      "--failed",
      "--list",
      "-o",
      "json",
    ]);
    const pods = JSON.parse(list) as { pod: string }[];
    assert.deepEqual(pods.map(({ pod }) => pod), ["weka-drive-2"]);
  });

  await t.step("runs beside each other have records of their own", async () => {
    const before = (await records(real)).length;
    const words = ["exec", ...drives, "--output-mode", "none", "--", "true"];
    const codes = await Promise.all([1, 2, 3].map(async () => (await kodama.run(words)).code));
    assert.deepEqual(codes, [0, 0, 0]);
    assert.equal((await records(real)).length, before + 3);
  });

  await t.step("old records go when the first run of an hour begins", async () => {
    const runs = `${real.configFolder}/runs`;
    const old = `${runs}/20200101-000000-abcdef.jsonl`;
    await Deno.rename(runs, `${runs}-aside`);
    await Deno.mkdir(runs);
    await Deno.writeTextFile(old, "{}\n");
    await Deno.utime(old, new Date("2020-01-01"), new Date("2020-01-01"));
    // Days of use since then: behind a clock that jumps no record is old.
    const dayMs = 24 * 3_600_000;
    const later = [1, 2, 3].map((days) => new Date(Date.now() - days * dayMs));
    for (const [at, day] of later.entries()) {
      const path = `${runs}/2020010${at + 2}-000000-abcdef.jsonl`;
      await Deno.writeTextFile(path, "{}\n");
      await Deno.utime(path, day, day);
    }
    await kodama.run(["exec", ...drives, "--", "true"]);
    const left = await records(real);
    assert.equal(left.length, 4);
    assert.ok(left.every(({ path }) => path !== old));
    await Deno.remove(runs, { recursive: true });
    await Deno.rename(`${runs}-aside`, runs);
  });

  await t.step(
    "a disk that is full or a folder that can't be written to fails no run",
    async () => {
      const kept = `${real.configFolder}/runs`;
      const words = ["exec", ...drives, "--", "true"];
      const full = await real.shell(`trap '' XFSZ; ulimit -f 1; kodama ${words.join(" ")}`);
      assert.equal(full.code, 0, full.stderr);
      assert.match(
        full.stderr,
        /^this run is not recorded: cannot write \S+: File too large.*\n3 ok in /,
      );
      await Deno.rename(kept, `${kept}-aside`);
      await Deno.writeTextFile(kept, "");
      const refused = await kodama.run(words);
      await Deno.remove(kept);
      await Deno.rename(`${kept}-aside`, kept);
      assert.equal(refused.code, 0);
      assert.equal(refused.stderr.match(/this run is not recorded/g)?.length, 1, refused.stderr);
    },
  );

  await t.step(
    "a recreated pod is not the pod of that run, unless --recreated accepts it",
    async () => {
      const { code } = await kodama.run([
        "exec",
        ...drives,
        "--",
        "sh",
        "-c",
        "exit $KODAMA_INDEX",
      ]);
      assert.equal(code, 5);
      await recreatePod(client, { namespace, name: "weka-drive-1" });
      const strict = await kodama.run([
        "runs",
        "rerun",
        "--failed",
        "--yes",
        "--output-mode",
        "none",
      ]);
      assert.equal(strict.code, 4);
      assert.match(
        strict.stderr,
        /^weka-drive-1: unreachable: pod "weka-drive-1" was recreated since that run/m,
      );
      // The last run is now the one that failed; its places are still those of the first.
      const again = await kodama.run([
        "runs",
        "rerun",
        "--recreated",
        "--yes",
        "--max-rc",
        "--fanout",
        "1",
      ]);
      assert.equal(again.code, 2, again.stderr);
      assert.match(again.stderr, /^2 failed \(exit 1: weka-drive-1; exit 2: weka-drive-2\)/m);
    },
  );
});

/** Kills it without a word when the ends of two targets are in its record. */
async function killedAfterRecord(
  kodama: SourceKodama,
  running: { signal(signal: Deno.Signal): void; ended(): Promise<number> },
): Promise<void> {
  const last = (await records(kodama)).at(-1)?.path ?? "";
  const ends = () => Deno.readTextFileSync(last).match(/"targetEnded"/g)?.length;
  using changes = Deno.watchFs(last);
  using _limit = systemClock.timer(hangLimitMs, () => changes.close());
  if (ends() !== 2) { for await (const _change of changes) if (ends() === 2) break; }
  assert.equal(ends(), 2, "the ends of two targets are recorded");
  running.signal("SIGKILL");
  await running.ended();
}
