import assert from "node:assert/strict";
import fc from "fast-check";
import { normalise } from "./normalise.ts";
import { formatScenario, parseScenario, type Step } from "./scenario.ts";

const sample = `---
runs: embedded
not real because: it names the embedded node
world: weka
---
# A title

Some words.

\`\`\`yaml apply
kind: Pod
\`\`\`

\`\`\`text file=hosts.txt
one

two
\`\`\`

\`\`\`console
$ kodama pods
out

$ false
2> bad
2>
[exit 1]
\`\`\`

The end.
`;

Deno.test("a scenario is read into its parts, and written back as it was", () => {
  const scenario = parseScenario(sample);
  assert.deepEqual(scenario.parts.map(({ kind }) => kind), [
    "prose",
    "apply",
    "prose",
    "file",
    "prose",
    "console",
    "prose",
  ]);
  const [, , , file, , console] = scenario.parts;
  assert.ok(file?.kind === "file" && console?.kind === "console");
  assert.equal(file.text, "one\n\ntwo\n");
  assert.deepEqual(console.steps, [
    { command: "kodama pods", stdout: "out\n\n", stderr: "", exitCode: 0 },
    { command: "false", stdout: "", stderr: "bad\n\n", exitCode: 1 },
  ]);
  assert.equal(formatScenario(scenario), sample);
});

Deno.test("whatever commands print, what is written is read back the same", () => {
  const line = fc.stringMatching(/^[^\n$2[`\r][^\n`\r]{0,12}$/);
  const text = fc.array(line, { maxLength: 4 })
    .map((lines) => lines.map((each) => `${each}\n`).join(""));
  const step: fc.Arbitrary<Step> = fc.record({
    command: line,
    stdout: text,
    stderr: text,
    exitCode: fc.nat(255),
  }, { noNullPrototype: true });
  fc.assert(fc.property(fc.array(step), (steps) => {
    const { parts: _parts, ...scenario } = parseScenario(sample);
    const parts = [{ kind: "console", fence: "\`\`\`console", steps }] as const;
    const again = parseScenario(formatScenario({ ...scenario, parts: [...parts] }));
    assert.deepEqual(again.parts[1], parts[0]);
  }));
});

const broken: [string, RegExp][] = [
  ["# no header", /line 1: a scenario begins with a header/],
  ["---\nruns: embedded", /the header has no end/],
  ["---\nruns: moon\n---", /runs is embedded/],
  ["---\nruns: embedded\n---", /or says: not real because/],
  ["---\ncolour: red\n---", /line 2: a header has the fields/],
  ["---\nruns: embedded, real\n---\n```console\n$ a", /line 4: the block has no end/],
  ["---\nruns: embedded, real\n---\n```console\nout\n```", /line 5: a console block begins with/],
  ["---\nruns: embedded, real\n---\n```ruby\n```", /line 4: a block is/],
];

for (const [text, message] of broken) {
  Deno.test(`a scenario that can't be read says where: ${message.source}`, () => {
    assert.throws(() => parseScenario(text), message);
  });
}

const normalised: [string, string][] = [
  ["at 2026-01-02T03:04:05.678Z", "at {time}"],
  ["web-6fd8f48ff6-mjwzn: up", "web-{hash}-{id}: up"],
  ["weka-drive-0: up", "weka-drive-0: up"],
  ["3 ok in 1.25s", "3 ok in {duration}"],
  ["https://127.0.0.1:40123/x", "{server}/x"],
  ["in /tmp/abc/work of team-1", "in {work} of {namespace}"],
  ["team-12 and a-team-1", "team-12 and a-{namespace}"],
];

for (const [before, after] of normalised) {
  Deno.test(`"${before}" becomes "${after}"`, () => {
    assert.equal(normalise(before, { work: "/tmp/abc/work", namespace: "team-1" }), after);
  });
}
