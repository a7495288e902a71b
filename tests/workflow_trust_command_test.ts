/** Trust in workflow files, by the real program: asked for on a terminal, listed, taken back, locked. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { PseudoTerminal, terminalMissing } from "./harness/pseudo_terminal.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

const workflow = `
permissions:
  run: [git]
  cluster: [{ verbs: [exec] }]
steps:
  - id: count
    script: scripts/count.ts
`;

/** A repository with one workflow, and a kodama that has never seen it. */
class Fixture implements AsyncDisposable {
  private constructor(readonly folder: string, readonly kodama: SourceKodama) {}

  static async open(): Promise<Fixture> {
    const folder = await Deno.makeTempDir({ prefix: "kodama-trust-" });
    const env = { HOME: `${folder}/home`, PATH: Deno.env.get("PATH") ?? "", NO_COLOR: "1" };
    const fixture = new Fixture(folder, await SourceKodama.on({ env, folder }));
    await Deno.mkdir(`${folder}/repo/workflows/scripts`, { recursive: true });
    await fixture.write("deploy.yaml", workflow);
    await fixture.write("scripts/count.ts", "kodama.output(1);\n");
    return fixture;
  }

  async write(name: string, text: string): Promise<void> {
    await Deno.writeTextFile(`${this.repository}/workflows/${name}`, text);
  }

  get repository(): string {
    return `${this.folder}/repo`;
  }

  async run(...words: string[]) {
    return await this.kodama.run(["workflow", "trust", ...words], { cwd: this.repository });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

const missing = await terminalMissing();

Deno.test({
  ...unless(missing, "a workflow is looked at on a terminal, and trusted by a yes alone"),
  async fn() {
    await using fixture = await Fixture.open();
    const words = fixture.kodama.args(["workflow", "trust", "add", "deploy"]);
    const options = { env: fixture.kodama.env, cwd: fixture.repository, columns: 160 };
    for (const [answer, code] of [["n", 1], ["", 1], ["y", 0]] as const) {
      await using terminal = await PseudoTerminal.open(words, options);
      const screen = await terminal.shows("the question", /Trust it\? \[y\/N\]/);
      assert.match(screen, /The workflow deploy is new here: .*deploy\.yaml/);
      assert.match(screen, /^ +run git \(a program can do all that you can do\)$/m);
      assert.match(screen, /^ +in scripts, of the cluster: exec in the namespaces of its pods$/m);
      await terminal.type(answer);
      await terminal.press("Enter");
      assert.equal(await terminal.exitCode(), code);
    }
    const { stdout } = await fixture.run("list", "-o", "json");
    assert.deepEqual(JSON.parse(stdout).map((one: { path: string }) => one.path), [
      `${fixture.repository}/workflows/deploy.yaml`,
    ]);
  },
});

Deno.test("a change of a script is a change of its workflow", async () => {
  await using fixture = await Fixture.open();
  assert.equal((await fixture.run("add", "deploy", "--yes")).code, 0);
  await fixture.write("scripts/count.ts", "kodama.output(2);\n");
  const again = await fixture.run("add", "deploy", "--yes");
  assert.match(again.stderr, /has changed since you trusted it/);
  assert.match(again.stderr, /^ +changed: scripts\/count\.ts$/m);
  const third = await fixture.run("add", "deploy");
  assert.match(third.stderr, /needs no question: it is trusted already/);
});

Deno.test("without a terminal nothing becomes trusted", async () => {
  await using fixture = await Fixture.open();
  const { code, stderr } = await fixture.run("add", "deploy");
  assert.equal(code, 2);
  assert.match(stderr, /there is no terminal to ask on.*\nhint: pass --yes to trust it/);
  assert.match((await fixture.run("list")).stderr, /no workflow is trusted/);
});

Deno.test("trust is taken back, by name or of all", async () => {
  await using fixture = await Fixture.open();
  await fixture.run("add", "deploy", "--yes");
  const wrong = await fixture.run("revoke", "deplyo");
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /no workflow deplyo is trusted; did you mean "deploy"\?/);
  assert.match((await fixture.run("revoke", "deploy")).stderr, /no longer trusted: .*deploy\.yaml/);
  assert.match((await fixture.run("revoke", "--all")).stderr, /no workflow was trusted/);
  assert.equal((await fixture.run("revoke")).code, 2);
});

Deno.test("a lock file names every file that the workflows reach", async () => {
  await using fixture = await Fixture.open();
  const { code, stdout } = await fixture.run("lock");
  assert.equal(code, 0);
  const lock = JSON.parse(stdout);
  assert.deepEqual(Object.keys(lock.workflows), ["deploy.yaml"]);
  assert.deepEqual(Object.keys(lock.workflows["deploy.yaml"]), ["deploy.yaml", "scripts/count.ts"]);
});
