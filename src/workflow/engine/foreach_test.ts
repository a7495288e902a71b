import assert from "node:assert/strict";
import { endsOf, inspected, outputsOf, type Play, play } from "../testing/step_fixture.ts";
import { nothingRetained, roundIdentity } from "./step_identity.ts";

/** Rounds over five items, each of which takes the time that it names. */
function rounds(fields: string, run: Play["run"] = () => 0): Play {
  return {
    files: {
      "w.yaml": `permissions: { run: [do] }
steps:
  - id: each
    foreach: [a, b, c, d, e]
${fields.split("\n").map((line) => `    ${line}`).join("\n")}
    steps:
      - shell: [do, "\${{ item }}"]
        id: one
      - wait: 1s
    allowFailure: any
outputs: { rounds: "\${{ steps.each.items.map(one, one.item + ' ' + one.outcome) }}" }
`,
    },
    run,
  };
}

Deno.test("rounds run at the given fanout, in the order of the list", async () => {
  for (const [fanout, seconds] of [[1, 5], [2, 3], [5, 1], [100, 1]] as const) {
    const { clock, ran, events } = await play(rounds(`fanout: ${fanout}`));
    assert.equal(clock.elapsedMs(), seconds * 1000);
    assert.deepEqual(ran.map(([, item]) => item), ["a", "b", "c", "d", "e"]);
    const all = ["a ok", "b ok", "c ok", "d ok", "e ok"];
    assert.deepEqual(outputsOf(events), { rounds: all });
  }
});

Deno.test("no round starts after too many failures, and running ones continue", async () => {
  const { ran, events } = await play(
    rounds("fanout: 2\nmaxFail: 1", ([, item]) => item === "a" || item === "c" ? 1 : 0),
  );
  assert.deepEqual(ran.map(([, item]) => item), ["a", "b", "c"]);
  assert.deepEqual(outputsOf(events), { rounds: ["a failed", "b ok", "c failed"] });
  assert.match(endsOf(events).at(-2) ?? "", /^each failed: do ended with exit code 1/);
});

Deno.test("a resumed run retains the steps of each round", async () => {
  const done = {
    outcome: { kind: "ok" },
    output: { stdout: "", stderr: "", exitCode: 0 },
  } as const;
  const identityOf = (item: string) => `each${roundIdentity(item, 0)}/one`;
  const retained = {
    ...nothingRetained,
    steps: new Map([[identityOf("b"), done], [identityOf("d"), done]]),
  };
  const { ran } = await play({ ...rounds("fanout: 3"), input: { retained } });
  assert.deepEqual(ran.map(([, item]) => item), ["a", "c", "e"]);
});

Deno.test("fanout can be an expression, and must be a number from 1", async () => {
  const text = (n: string) =>
    `params: { n: ${n} }\nsteps:\n  - foreach: [1, 2]\n    fanout: \${{ params.n[0] }}\n    steps: [{ wait: 1s }]\n`;
  const { clock } = await play({ files: { "w.yaml": text("[2]") } });
  assert.equal(clock.elapsedMs(), 1000);
  const { events } = await play({ files: { "w.yaml": text("[many]") } });
  assert.match(endsOf(events)[0] ?? "", /failed: fanout: expected a whole number from 1/);
});

Deno.test("rounds whose failure was tolerated are reported", async () => {
  const lines = async (run: Play["run"]) =>
    (await play(rounds("maxFail: 3", run))).events.flatMap((event) =>
      event.event === "line" && event.step === "each" ? [event.text] : []
    );
  assert.deepEqual(await lines(([, item]) => item === "b" || item === "d" ? 1 : 0), [
    "2 of 5 rounds failed, which maxFail allows: b, d",
  ]);
  assert.deepEqual(await lines(() => 0), []);
});

Deno.test("rounds have outputs, by their order and by item; those of a failed round are null", async () => {
  const text = (more = "") =>
    `permissions: { run: [echo, "false"] }
steps:
  - id: each
    foreach: [a, 2, { x: 1 }]
    as: one
    maxFail: 1
    steps:
      - { id: said, shell: [echo, "\${{ one }}", "\${{ index }}"] }
      - when: \${{ index == 1 }}
        shell: ["false"]
    outputs: { line: "\${{ steps.said.stdout }}", item: "\${{ one }}"${more} }
  - { id: never, when: "\${{ run.id == '' }}", foreach: [a], steps: [{ wait: 1s }], outputs: { o: x } }
outputs:
  lines: \${{ steps.each.items.map(one, one.outputs.line) }}
  a: \${{ steps.each.byItem.a.line }}
  record: \${{ steps.each.byItem["{\\"x\\":1}"].item }}
  none: \${{ size(steps.never.items) }}
`;
  const { events } = await play({
    files: { "w.yaml": text() },
    run: ([program]) => program === "false" ? 1 : 0,
  });
  assert.deepEqual(outputsOf(events), {
    lines: ["a 0", null, '{"x":1} 2'],
    a: "a 0",
    record: { x: 1 },
    none: 0,
  });
  const wrong = await play({ files: { "w.yaml": text(', bad: "${{ [one][index] }}"') } });
  assert.match(
    endsOf(wrong.events).find((end) => end.startsWith("each ")) ?? "",
    /^each failed: outputs.bad: .*\(w.yaml:3\)$/,
  );
  const { diagnostics } = await inspected({
    "w.yaml": text(', b: "${{ steps.sad.stdout }}", c: "${{ steps.each.items }}"')
      .replace("byItem.a.line", "byItem.a.lime"),
  });
  assert.deepEqual(diagnostics.map(({ line, message }) => `${line} ${message}`), [
    '11 no step before this has the id "sad"; did you mean "said"?',
    '11 no step before this has the id "each"; it is defined later',
    '15 unknown name "lime"; did you mean "line"?',
  ]);
});
