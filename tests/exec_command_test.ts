/** One command in many pods, by the real program on the embedded cluster: what a person and a script see. */
import { processList } from "./harness/process_lists.ts";
import assert from "node:assert/strict";
import { startTestCluster, writeDeadKubeconfig } from "./harness/embedded_cluster.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

/** Four pods: weka-drive-0, -1, -2 and weka-drive-held-0. */
const drives = ["-n", "weka-operator-system", "-m", "drive"];
const two = ["-n", "weka-operator-system", "-m", "/^weka-drive-[01]$/"];
const one = ["-n", "weka-operator-system", "weka-drive-0"];

/** The lines as objects. */
function objects(text: string): Record<string, unknown>[] {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("exec by the real program", async (t) => {
  await using cluster = await startTestCluster("weka:computes=0,clients=0");
  const real = await SourceKodama.on(cluster);
  const kodama = new KodamaInProcess(cluster.env);
  const { folder } = cluster;

  await t.step("a canary that fails keeps the command from every other pod", async () => {
    const words = ["--serial", "1,50%", "--max-fail", "0", "-o", "jsonl", "--", "false"];
    const { code, stdout, stderr } = await kodama.run(["exec", ...drives, ...words]);
    assert.equal(code, 5);
    const outcomes = objects(stdout).map(({ outcome, error }) => [outcome, error]);
    const skipped = ["skipped", "1 of 4 targets failed (max-fail)"];
    assert.deepEqual(outcomes, [["failed", null], skipped, skipped, skipped]);
    assert.match(stderr, /^1 failed \(exit 1: weka-drive-0\), 3 skipped, 1 not ready in /m);
    assert.match(stderr, /^skipped because 1 of 4 targets failed \(max-fail\)$/m);
  });

  await t.step("--fail-fast: one after the other up to the first failure", async () => {
    const line = "test $KODAMA_INDEX != 1";
    const words = ["--fail-fast", "--fanout", "1", "--output-mode", "none", "--shell", "--", line];
    const { code, stderr } = await kodama.run(["exec", ...drives, ...words]);
    assert.equal(code, 5);
    assert.match(stderr, /^1 ok, 1 failed \(exit 1: weka-drive-1\), 2 skipped, 1 not ready in /m);
    assert.match(stderr, /^skipped because an earlier target failed \(fail-fast\)$/m);
  });

  await t.step("--diff: what most say, and where the others differ from it", async () => {
    assert.equal(
      await kodama.succeed(["exec", ...drives, "--diff", "--", "weka", "version"]),
      "---- weka-drive-[0-2] (3)\n* 4.4.2\n\n---- weka-drive-held-0 (1)\n@@ -1,1 +1,1 @@\n-* 4.4.2\n+* 4.4.1\n",
    );
  });

  await t.step("a workflow takes the same flags", async () => {
    const { stdout, stderr } = await kodama.run(["run", "kwekash", "--serial", "1", "--diff"]);
    assert.match(stdout, /^---- weka-drive-\[0-2\] \(3\)$/m, stderr);
    const words = ["--env", "A=b c", "--workdir", "/tmp", "--shell", "--", "echo $A in ${PWD##*/}"];
    const line = await kodama.run(["run", "kwekash", "--output-mode", "fold", ...words]);
    assert.match(line.stdout, /\(4\)\nb c in tmp\n/, line.stderr);
  });

  await t.step("words, variables and folder of the command", async () => {
    const words = ["--subst", "--", "echo", "{pod} {namespace} {index} {other}"];
    const { stdout } = await kodama.run(["exec", ...two, "--output-mode", "group", ...words]);
    assert.match(stdout, /^weka-drive-1 weka-operator-system 1 \{other\}$/m);
  });

  await t.step(
    "standard output and standard error stay apart, and so they are in files",
    async () => {
      const out = `${folder}/out`;
      const line = "echo out $KODAMA_POD; echo err >&2; printf '\\000\\377'";
      const words = [
        "exec",
        ...two,
        "--outdir",
        out,
        "--output-mode",
        "none",
        "--shell",
        "--",
        line,
      ];
      const first = await kodama.run(words);
      assert.equal(first.code, 0, first.stderr);
      const bytes = await Deno.readFile(`${out}/weka-drive-1.stdout`);
      assert.deepEqual([...bytes.slice(-2)], [0, 255]);
      assert.equal(new TextDecoder().decode(bytes.slice(0, -2)), "out weka-drive-1\n");
      assert.equal(await Deno.readTextFile(`${out}/weka-drive-0.stderr`), "err\n");
      const again = await kodama.run(words);
      assert.equal(again.code, 1);
      assert.match(again.stderr, /weka-drive-0\.stdout already exists\nhint: use --force/);
      const forced = await kodama.run(["exec", "--force", ...words.slice(1)]);
      assert.equal(forced.code, 0, forced.stderr);
    },
  );

  await t.step("a file that can't be written is the error of the run, by its name", async () => {
    const out = `${folder}/small`;
    // No file may be larger than 64 KiB here, and the signal that says so is ignored: a full disk, as it were.
    const { code, stderr } = await real.shell(
      `trap '' XFSZ; ulimit -f 128
      kodama exec ${two.join(" ")} --outdir ${out} --output-mode none -- head -c 1000000 /dev/zero`,
    );
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error: cannot write \S+\/small\/weka-drive-[01]\.stdout: File too large/m,
    );
  });

  await t.step("standard input reaches every pod whole, each at its own pace", async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(65536));
    // More than is kept in memory, so that slow pods read what was spooled.
    const stdin = new Uint8Array(96 * bytes.length);
    for (let at = 0; at < 96; at++) stdin.set(bytes, at * bytes.length);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", stdin)).toHex();
    const slow = "test $KODAMA_INDEX = 0 || { head -c 65536; sleep 0.$KODAMA_INDEX; }; cat";
    const words = ["-i", "--shell", "--", `{ ${slow}; } | sha256sum`];
    const stdout = await real.succeed(["exec", ...drives, ...words], { stdin });
    assert.deepEqual(stdout.match(/[0-9a-f]{64}/g), [digest, digest, digest, digest]);
  });

  await t.step("--progress json: standard error is events alone", async () => {
    const words = ["-o", "json", "--progress", "json", "--", "sh", "-c", "echo oh >&2; exit 3"];
    const { code, stdout, stderr } = await kodama.run(["exec", ...drives, ...words]);
    assert.equal(code, 5);
    assert.equal((JSON.parse(stdout) as unknown[]).length, 4);
    const reported = objects(stderr);
    assert.equal(reported.at(-1)?.["event"], "runEnded");
    assert.equal(reported.at(-1)?.["exitCode"], 5);
    assert.ok(!reported.some(({ event }) => event === "line"));
  });

  await t.step("--list runs nothing, and a change in many pods needs confirmation", async () => {
    const touch = ["--", "touch", "/tmp/touched"];
    const listed = await kodama.run(["exec", ...drives, "--list", "-o", "jsonl", ...touch]);
    assert.equal(objects(listed.stdout).length, 4);
    const asked = await kodama.run(["exec", ...drives, "--confirm-above", "3", ...touch]);
    assert.equal(asked.code, 2);
    assert.match(asked.stderr, /refusing to run in 4 pods .* without confirmation/);
    const look = ["--", "ls", "/tmp/touched"];
    assert.match((await kodama.run(["exec", ...drives, ...look])).stderr, /4 failed/);
    await kodama.succeed(["exec", ...drives, "--confirm-above", "3", "--yes", ...touch]);
    await kodama.succeed(["exec", ...drives, ...look]);
  });

  await t.step("--watch: what changed since the round before, until Ctrl-C", async () => {
    const cat = ["--watch=100ms", "--shell", "--", "cat /tmp/version || exit 3"];
    const write = async (pods: string[], line: string) =>
      await kodama.succeed(["exec", ...pods, "--shell", "--", line]);
    await write(two, "echo 4.4.2 >/tmp/version");
    await using running = real.start(["exec", ...two, ...cat]);
    const first = "---- weka-drive-[0-1] (2)\n4.4.2\n";
    await running.writes(({ stdout }) => stdout === first);
    await write(one, "echo 4.4.1 >/tmp/new; mv /tmp/new /tmp/version");
    await running.writes(({ stdout }) => stdout.endsWith("1 pod as before\n"));
    const changed =
      /^\d\d:\d\d:\d\d {2}1 pod \(weka-drive-0\) answers "4.4.1" instead of "4.4.2"\n {10}1 pod as before\n$/;
    assert.match(running.stdout.slice(first.length), changed);
    await write(two, "rm /tmp/version");
    await running.writes(({ stdout }) => stdout.match(/exit code 3 instead of ok/g)?.length === 2);
    running.signal("SIGINT");
    assert.equal(await running.ended(), 5);
    // Only the first round is recorded.
    const runs = objects(await kodama.succeed(["runs", "list", "-o", "jsonl"]));
    const watched = runs.filter(({ command }) => String(command).includes("cat /tmp/version"));
    assert.equal(watched.length, 1);
  });

  await t.step("run --watch: each line of data is a change", async () => {
    await using running = real.start(["run", "kwekash", "--watch=100ms", "-o", "jsonl"]);
    await running.writes(({ stdout }) => stdout.endsWith("\n"));
    running.signal("SIGINT");
    assert.equal(await running.ended(), 0);
    const [line, ...others] = objects(running.stdout);
    assert.deepEqual([line?.round, line?.groups, others], [1, [], []]);
    assert.equal((line?.new as { pods: unknown[] }[]).flatMap(({ pods }) => pods).length, 4);
  });

  await t.step("nothing but output is in a pipe: no status line", async () => {
    const { stderr } = await kodama.run(["exec", ...two, "--", "sleep", "1"]);
    assert.match(stderr, /^2 ok in \S+\n$/);
  });
});

Deno.test("each row of the table of exit codes, by the real program", async (t) => {
  await using cluster = await startTestCluster("weka:computes=0,clients=0");
  const real = await SourceKodama.on(cluster);
  const kodama = new KodamaInProcess(cluster.env);
  const dead = await writeDeadKubeconfig(cluster.folder);
  const kubeconfig = await Deno.readTextFile(cluster.kubeconfig);
  const both = { KUBECONFIG: `${cluster.kubeconfig}:${dead}`, KODAMA_CONNECT_TIMEOUT: "1s" };
  const context: string = JSON.parse(kubeconfig)["current-context"];
  const sh = (line: string) => ["--", "sh", "-c", line];
  const rows: [what: string, words: string[], code: number, env?: Record<string, string>][] = [
    ["every command ended with 0", [...drives, "--", "true"], 0],
    ["kodama's own error", [...one, "--", "true"], 1, { KUBECONFIG: "/dev/null/x" }],
    ["the command line is wrong", [...one, "--fanout", "0", "--", "true"], 2],
    ["no pod matches", ["-n", "weka-operator-system", "-m", "nothing", "--", "true"], 2],
    ["a limit of time", [...drives, "--timeout", "300ms", "--", "sleep", "60"], 3],
    ["a server that isn't there", ["--context", "dead", "web-0", "--", "true"], 4, both],
    [
      "unreachable is graver than timed out and failed",
      [
        ...["--context", context, "--context", "dead", ...two, "--timeout", "300ms"],
        ...sh("test $KODAMA_INDEX = 0 && sleep 60; exit 7"),
      ],
      4,
      both,
    ],
    [
      "timed out is graver than failed",
      [...two, "--timeout", "300ms", ...sh("test $KODAMA_INDEX = 0 && sleep 60; exit 7")],
      3,
    ],
    ["a command failed", [...two, ...sh("exit $KODAMA_INDEX")], 5],
    ["one pod: its own", [...one, ...sh("exit 42")], 42],
    ["--max-rc: the largest", [...drives, "--max-rc", ...sh("exit $((KODAMA_INDEX + 20))")], 23],
    ["a signal ends it as a shell says it", [...one, ...sh("kill -9 $$")], 137],
    ["no such command", [...one, "--", "no-such-command"], 127],
  ];
  for (const [what, words, expected, env = {}] of rows) {
    await t.step(`${expected}: ${what}`, async () => {
      const { code, stderr } = await kodama.run(["exec", ...words], { env });
      assert.equal(code, expected, stderr);
    });
  }

  await t.step(
    "4: a named pod that doesn't run, beside others, is in the report and the record",
    async () => {
      const pods = ["weka-drive-0", "weka-drive-new-0"];
      const args = ["exec", "-n", "weka-operator-system", ...pods, "-q"];
      const report = await kodama.run([...args, "-o", "json", "--", "true"]);
      assert.equal(report.code, 4, report.stderr);
      const targets = JSON.parse(report.stdout) as {
        pod: string;
        outcome: string;
        error: string | null;
      }[];
      const outcomes = targets.map(({ pod, outcome }) => `${pod} ${outcome}`);
      assert.deepEqual(outcomes.toSorted(), ["weka-drive-0 ok", "weka-drive-new-0 unreachable"]);
      assert.match(
        targets.find(({ outcome }) => outcome !== "ok")?.error ?? "",
        /^the pod is Pending: 0\/1 containers ready, Unschedulable/,
      );
      const recorded = await kodama.run(["runs", "show", "-o", "json"]);
      assert.match(recorded.stdout, /weka-drive-new-0/);
    },
  );

  await t.step("2: a shell without input, which would end at once", async () => {
    for (const command of [["bash"], ["/bin/sh", "-l"]]) {
      const { code, stderr } = await kodama.run(["exec", ...one, "--", ...command]);
      assert.equal(code, 2);
      assert.match(stderr, /^error: .* has no input here, and would end at once\nhint: -i passes/);
    }
    const { code, stdout } = await kodama.run(["exec", "-i", ...one, "--", "sh"], {
      stdin: "echo from input",
    });
    assert.deepEqual([code, stdout], [0, "from input\n"]);
  });

  await t.step("130: stopped by a signal, and nothing is left in the pods", async () => {
    await using running = real.start(["exec", ...two, ...sh("echo here; exec sleep 4711")]);
    await running.writes(({ stdout }) => stdout.match(/here/g)?.length === 2);
    running.signal("SIGTERM");
    assert.equal(await running.ended(), 130);
    assert.deepEqual((await processList()).filter((args) => args === "sleep 4711"), []);
  });

  await t.step("141: the reader of the output went away", async () => {
    const line = `{ kodama exec ${drives.join(" ")} -- yes; echo $? >&2; } | head -1 >/dev/null`;
    const { stderr } = await real.shell(line);
    assert.match(stderr, /^141$/m);
  });
});
