import assert from "node:assert/strict";
import { YamlSource } from "../base/yaml/source.ts";
import { inspected } from "./testing/step_fixture.ts";
import { upgraded } from "./upgrade.ts";

const old = new URL("../../tests/fixtures/workflows-0.1/", import.meta.url);

async function textOf(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(`${name}.yaml`, old));
}

async function upgradeOf(text: string, bases: Readonly<Record<string, string>> = {}) {
  return await upgraded(
    { path: "w.yaml", text },
    async (name) => ({ path: `${name}.yaml`, text: bases[name] ?? await textOf(name) }),
  );
}

/** The comments of a file, without their indentation. */
function commentsOf(text: string): string[] {
  return [...text.matchAll(/(?:^|\s)(#.*)$/gm)].map(([, comment = ""]) => comment);
}

/** The fields of version 1, anywhere. */
const gone =
  /^\s*(?:- )?(?:retry|continueOn|failFast|cpuTime|shuffle|extends):|[{,] (?:retry|continueOn|failFast|cpuTime|shuffle):/m;

for (const { name } of Deno.readDirSync(old)) {
  Deno.test(`the upgrade of ${name} of kodama 0.1 has no errors, all comments, and nothing more to do`, async () => {
    const before = await Deno.readTextFile(new URL(name, old));
    const { text, changes } = await upgradeOf(before);
    const uses = { "disk-usage.yaml": (await upgradeOf(await textOf("disk-usage"))).text };
    const { diagnostics } = await inspected({ "w.yaml": text, ...uses, "deploy.ts": "" });
    assert.deepEqual(diagnostics.map(({ line, message }) => `${line}: ${message}`), []);
    for (const comment of commentsOf(before)) assert.ok(text.includes(comment), comment);
    assert.doesNotMatch(text, gone);
    assert.deepEqual(await upgradeOf(text), { text, changes: [] });
    if (changes.length === 0) assert.equal(text, before);
  });
}

Deno.test("only the text of the changed fields is replaced", async () => {
  const { text, changes } = await upgradeOf(`# A header

description: 'quoted'   # and why
defaults: { retry: 2, failFast: true, timeout: 1m } # in one line
select:
  shuffle: true # at random
  sort: age
steps:
  # the first
  - retry: { attempts: 3, delay: 1s }   # three in all
    exec: [id]
    continueOn: "anything"
  - { exec: [id], failFast: false, continueOn: failure }
  - exec: [id]
    serial: [1]
    failFast: true   # goes with its line
  - foreach: [1]
    concurrency: 2
    steps:
      - script: "1"
        cpuTime: 10s
      - script: "2"
        cpuTime: 10s
        timeout: 20s
finally:
  - failFast: true
    fanout: \${{ params.n }}
    exec: [id]
`);
  assert.equal(
    text,
    `# A header

version: 2
description: 'quoted'   # and why
defaults: { attempts: 2, serial: 32, timeout: 1m } # in one line
select:
  sort: random
steps:
  # the first
  - attempts: { most: 3, delay: 1s }   # three in all
    exec: [id]
    allowFailure: any
  - { exec: [id], allowFailure: true }
  - exec: [id]
    serial: [1]
  - foreach: [1]
    fanout: 2
    steps:
      - script: "1"
        timeout: 10s
      - script: "2"
        timeout: 10s
finally:
  - serial: \${{ params.n }}
    fanout: \${{ params.n }}
    exec: [id]
`.replace(/\n {4}fanout: \$\{\{ params.n \}\}/, "\n    fanout: ${{ params.n }}"),
  );
  assert.equal(changes[0], "4: retry is attempts");
  assert.ok(changes.includes("12: continueOn is allowFailure: any"), changes.join("\n"));
});

Deno.test("a file that extends others gets their fields", async () => {
  const bases = {
    a: "extends: b\nselect: { match: a, node: near }\nparams: { one: 2, two: 2 }\n",
    b: "description: the last\nselect: { match: b, node: far }\nsteps:\n  - exec: [id] # why\n",
  };
  const text = "# mine\nextends: a\nselect: { match: own }\nparams: { one: 1 }\n";
  const found = await upgradeOf(text, bases);
  assert.deepEqual(YamlSource.parse({ path: "", text: found.text }).plain, {
    version: 2,
    description: "the last",
    select: { match: "own", node: "near" },
    params: { one: 1, two: 2 },
    steps: [{ exec: ["id"] }],
  });
  assert.deepEqual(commentsOf(found.text), ["# mine", "# why"]);
});
