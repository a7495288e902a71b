import assert from "node:assert/strict";
import type { Outcome } from "../../exec/outcome.ts";
import { endsOf, outputsOf, type Play, play, saying } from "../testing/step_fixture.ts";
import type { WorkflowEvent } from "../step_events.ts";
import type { CopyWork } from "../engine/environment.ts";

const text = `
permissions: { read: [conf], write: [saved] }
steps:
  - id: out
    copy: { from: ":/var/lib/db", to: saved }
    maxFail: 1
outputs:
  failed: \${{ steps.out.failed }}
  bytes: \${{ steps.out.bytes }}
  where: \${{ steps.out.byTarget.a.to }}
`;

const pods = { a: saying(""), b: saying("") };

/** Copies with the given outcomes; a copy that is ok has seven bytes. */
function copying(outcomes: Readonly<Record<string, Outcome>>, seen: CopyWork[] = []): Play {
  return {
    files: { "w.yaml": text },
    pods,
    environment: {
      copy: async (work) => {
        seen.push(work);
        await work.permit(`${work.folder}/${work.way.local}`);
        const outcomeOf = (name: string): Outcome => outcomes[name] ?? { kind: "ok" };
        return {
          perform: ({ target }) => Promise.resolve(outcomeOf(target.pod)),
          copied: (name) =>
            outcomeOf(name).kind === "ok"
              ? { to: `${work.way.local}/${name}/db`, files: 1, bytes: 7 }
              : undefined,
        };
      },
    },
  };
}

function targetEnds(events: readonly WorkflowEvent[]): string[] {
  return events.flatMap((event) =>
    event.event === "targetEnded" ? [`${event.name} ${event.outcome}`] : []
  );
}

Deno.test("a copy reports each target, and tolerates failures within maxFail", async () => {
  const outcomes = { b: { kind: "failed", exitCode: 1, reason: "no space" } } as const;
  const { events } = await play(copying(outcomes));
  assert.deepEqual(targetEnds(events), ["a ok", "b failed"]);
  assert.deepEqual(endsOf(events), ["out ok", "= ok"]);
  assert.deepEqual(outputsOf(events), { failed: ["b"], bytes: 7, where: "saved/a/db" });
});

Deno.test("a resumed run copies only the remaining targets, and counts all", async () => {
  const before = await play(copying({}));
  const end = before.events.find((event) => event.event === "targetEnded");
  assert.ok(end !== undefined);
  const seen: CopyWork[] = [];
  const { events } = await play({
    ...copying({}, seen),
    input: {
      retained: {
        steps: new Map(),
        targets: new Map([["out", { ends: new Map([["a", end.record]]) }]]),
      },
    },
  });
  assert.deepEqual(seen.map(({ targets }) => targets.map(({ name }) => name)), [["b"]]);
  assert.deepEqual(outputsOf(events), { failed: [], bytes: 14, where: "saved/a/db" });
});

Deno.test("a symbolic link grants no access outside of the permissions", async () => {
  const { events } = await play({
    ...copying({}),
    local: {
      realPath: (path) =>
        Promise.resolve(path.replace("/project/workflows/saved", "/home/me/.ssh")),
    },
  });
  assert.deepEqual(endsOf(events).slice(0, 1), [
    "out denied: permissions don't grant write /home/me/.ssh, to which /project/workflows/saved leads " +
    "(permissions: { write: [/home/me/.ssh] })",
  ]);
  assert.deepEqual(targetEnds(events), []);
});

Deno.test("an expression can't copy outside of the permissions", async () => {
  const files = {
    "w.yaml": text.replace("to: saved", 'to: "${{ params.to }}"') + "params: { to: ../secret }\n",
  };
  const { events } = await play({ ...copying({}), files });
  assert.match(endsOf(events)[0] ?? "", /^out denied: permissions don't grant write /);
});

Deno.test("no step writes to kodama's own folder, whatever is granted", async () => {
  const files = {
    "w.yaml": text.replace("write: [saved]", "write: true").replace("to: saved", "to: /config/x"),
  };
  const { events } = await play({
    ...copying({}),
    files,
    local: { realPath: (path) => Promise.resolve(path.replace(/^.*\/config/, "/config")) },
  });
  assert.match(endsOf(events)[0] ?? "", /^out denied: no step writes to kodama's own folder: /);
});

Deno.test("an expression that makes both ends remote fails the step with a message", async () => {
  const both = `params: { from: ":/etc/a" }
permissions: { read: true }
steps:
  - { id: both, copy: { from: "\${{ params.from }}", to: ":/tmp/a" } }
`;
  const { events } = await play({ ...copying({}), files: { "w.yaml": both } });
  assert.match(endsOf(events)[0] ?? "", /^both failed: both ends are in the pods/);
});
