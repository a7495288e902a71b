/** Workflows with a person at the terminal: what they are asked for, what they see, and Ctrl-C. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import { PseudoTerminal, terminalMissing } from "./harness/pseudo_terminal.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

const missing = await terminalMissing();

const asking = `params:
  who: { required: true, description: Whom it greets }
  level: { required: true, enum: [low, high] }
  token: { required: true, secret: true }
steps:
  - id: sure
    prompt: Is \${{ params.who }} ready?
  - id: colour
    prompt: Which colour?
    choices: [red, blue]
  - check: \${{ params.token == "hunter2-hunter2" }}
    message: the token was \${{ params.token }}
outputs: { summary: "\${{ params.who }} \${{ params.level }} \${{ steps.colour.answer }}" }
`;

const ending = `select: { namespace: weka-operator-system, pods: [weka-drive-0] }
steps:
  - id: long
    exec: echo it has begun; sleep 60
  - exec: echo never
finally:
  - id: clean
    exec: echo cleaned after \${{ outcome }}
`;

const dangerous = `steps:
  - kubectl: [delete, pod, nobody]
`;

Deno.test({
  ...unless(missing, "a workflow and the person at its terminal"),
  fn: async (t) => {
    await using cluster = await startTestCluster("weka:computes=0,clients=0");
    const kodama = await SourceKodama.on(cluster);
    const { folder } = cluster;
    for (const [name, text] of Object.entries({ asking, ending, dangerous })) {
      await Deno.writeTextFile(`${folder}/${name}.yaml`, text);
    }
    const options = { env: kodama.env, cwd: folder, columns: 120 };
    const open = async (...words: string[]) =>
      await PseudoTerminal.open(kodama.args(["run", ...words]), options);

    await t.step(
      "parameters are asked for, each by its own rules; secrets aren't seen",
      async () => {
        await using terminal = await open("./asking.yaml");
        await terminal.shows("the first", /who \(Whom it greets\): ?$/);
        await terminal.type("you");
        await terminal.press("Enter");
        await terminal.shows("the second", /level: \(low, high\) ?$/);
        await terminal.type("middle");
        await terminal.press("Enter");
        await terminal.shows("that it can't be", /it must be one of low, high/);
        await terminal.type("high");
        await terminal.press("Enter");
        await terminal.shows("the secret", /token: ?$/);
        await terminal.type("hunter2-hunter2");
        await terminal.press("Enter");
        await terminal.shows("the question", /Is you ready\? \[y\/N\] ?$/);
        await terminal.type("y");
        await terminal.press("Enter");
        await terminal.shows("the choice", /Which colour\? \(red, blue\) ?$/);
        await terminal.type("blue");
        await terminal.press("Enter");
        assert.equal(await terminal.exitCode(), 0);
        const screen = await terminal.screen();
        assert.match(screen, /^summary: you high blue$/m);
        assert.doesNotMatch(screen, /hunter2/);
        for await (const { name } of Deno.readDir(`${kodama.configFolder}/runs`)) {
          const record = await Deno.readTextFile(`${kodama.configFolder}/runs/${name}`);
          assert.doesNotMatch(record, /hunter2/);
        }
      },
    );

    await t.step("a no ends it, and nothing behind it runs", async () => {
      await using terminal = await open(
        "./asking.yaml",
        ..."-p who=me -p level=low -p token=hunter2-hunter2".split(" "),
      );
      await terminal.shows("the question", /Is me ready\?/);
      await terminal.press("Enter");
      assert.equal(await terminal.exitCode(), 1);
      assert.match(await terminal.screen(), /refused: no to: Is me ready\?/);
    });

    await t.step(
      "kubectl that isn't known only to read asks, and after a no isn't run",
      async () => {
        await using terminal = await open("./dangerous.yaml", "--trust");
        await terminal.shows("the question", /kubectl delete pod nobody\s[^]*Continue\? \[y\/N/);
        await terminal.press("Enter");
        assert.equal(await terminal.exitCode(), 1);
        assert.match(await terminal.screen(), /cancelled; nothing was run/);
      },
    );

    await t.step(
      "Ctrl-\\ shows the state; two Ctrl-C end what runs, and finally runs",
      async () => {
        await using terminal = await open("./ending.yaml", "--trust");
        await terminal.shows("the command", /it has begun/);
        await terminal.shows("how long it has taken so far", /^long: \d+s$/m);
        await terminal.press("C-\\");
        await terminal.shows("the state twice", /^long: \d+s\n[^]*^long: \d+s$/m);
        await terminal.press("C-c");
        await terminal.shows("what a second one does", /Ctrl-C again within 3s to cancel/);
        await terminal.press("C-c");
        assert.equal(await terminal.exitCode(), 130);
        const screen = await terminal.screen();
        assert.match(screen, /cleaned after cancelled/);
        assert.doesNotMatch(screen, /never/);
        const left = ["exec", "-n", "weka-operator-system", "weka-drive-0", "--", "sh", "-c"];
        const { stdout } = await new KodamaInProcess(kodama.env).run([
          ...left,
          "ps -o args | grep '[s]leep 60' || echo none",
        ]);
        assert.equal(stdout.trim(), "none", "nothing of it is left in the pod");
      },
    );

    await t.step(
      "without a terminal, missing parameters are named, and nothing starts",
      async () => {
        const { code, stdout, stderr } = await kodama.run(["run", `${folder}/asking.yaml`]);
        assert.deepEqual([code, stdout], [2, ""]);
        assert.match(stderr, /parameters who, level, token must be given/);
        assert.match(stderr, /hint: --param who=… --param level=… --param token=…/);
      },
    );
  },
});

Deno.test("two runs of one workflow: one refuses, or waits until the other has ended", async (t) => {
  await using cluster = await startTestCluster("weka:computes=0,clients=0");
  const kodama = await SourceKodama.on(cluster);
  const text = (mode: string) =>
    `concurrency: ${mode}
select: { namespace: weka-operator-system, pods: [weka-drive-0] }
steps:
  - exec: echo begun; until [ -e /tmp/${mode} ]; do sleep 0.1; done; echo done
`;
  const pod = ["exec", "-n", "weka-operator-system", "weka-drive-0", "--yes", "-q", "--"];
  const file = (mode: string) => `${cluster.folder}/${mode}.yaml`;
  for (const mode of ["refuse", "wait"]) await Deno.writeTextFile(file(mode), text(mode));

  await t.step("refuse: the second fails, by the first one's id", async () => {
    await using first = kodama.start(["run", file("refuse"), "--trust"]);
    await first.writes(({ stdout }) => stdout.includes("begun"));
    const second = await kodama.run(["run", file("refuse"), "--trust"]);
    assert.equal(second.code, 1);
    assert.match(second.stderr, /error: run \d{8}-\d{6}-\w+ of "refuse" is still running/);
    await new KodamaInProcess(kodama.env).run([...pod, "touch", "/tmp/refuse"]);
    await first.ended();
    assert.match(first.stdout, /done/);
  });

  await t.step("wait: the second says so, and runs once the first is killed", async () => {
    await using first = kodama.start(["run", file("wait"), "--trust"]);
    await first.writes(({ stdout }) => stdout.includes("begun"));
    await using second = kodama.start(["run", file("wait"), "--trust"]);
    await second.writes(({ stderr }) => /waiting for run \S+ of "wait"/.test(stderr));
    assert.equal(second.stdout, "");
    first.signal("SIGKILL");
    await second.writes(({ stdout }) => stdout.includes("begun"));
    await new KodamaInProcess(kodama.env).run([...pod, "touch", "/tmp/wait"]);
    await second.ended();
    assert.match(second.stdout, /done/);
  });
});
