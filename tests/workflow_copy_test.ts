/** Copies of workflows between this machine and pods of the embedded cluster, and what a repository can't make of them. */
import assert from "node:assert/strict";
import type { TestCluster } from "../src/actions/host.ts";
import { rerunSteps, runSteps, type StepsEvent } from "../src/actions/workflow/run_steps.ts";
import { findAnyRun } from "../src/actions/runs/past_runs.ts";
import { inProcessCluster } from "./harness/cluster_in_process.ts";

const { signal } = new AbortController();
const said = {
  params: new Map<string, string>(),
  yes: true,
  trustNow: true,
  signal,
  finallySignal: signal,
};

interface Place {
  cluster: TestCluster;
  folder: string;
}

/** Runs `steps` in the drive pods. */
async function run({ cluster, folder }: Place, steps: string): Promise<StepsEvent[]> {
  const path = `${folder}/w.yaml`;
  const head = "select: { namespace: weka-operator-system, match: weka-drive-, exclude: held }\n";
  await Deno.writeTextFile(path, head + steps);
  return await Array.fromAsync(runSteps(cluster.host, { ...said, workflow: path, overrides: {} }));
}

function reasonOf(events: readonly StepsEvent[]): string {
  const end = events.at(-1);
  if (end?.event !== "runEnded") return "no end";
  return end.error === null ? `${end.outcome}` : `${end.outcome}: ${end.error}`;
}

Deno.test("copies of a workflow", async (t) => {
  await using cluster = await inProcessCluster("weka:computes=0,clients=0");
  const inFolder = (name: string, test: (place: Place) => Promise<void>) =>
    t.step(name, async () => {
      await using temp = await cluster.folder();
      await test({ cluster, folder: temp.path });
    });

  await inFolder("a folder goes into every pod, and comes back from each", async (place) => {
    const { folder } = place;
    await Deno.mkdir(`${folder}/conf/d`, { recursive: true });
    await Deno.writeTextFile(`${folder}/conf/a`, "one");
    await Deno.writeTextFile(`${folder}/conf/d/b`, "two");
    const events = await run(
      place,
      `permissions: { read: [conf], write: [back] }
steps:
  - copy: { from: conf, to: ":/tmp/whole" }
  - copy: { from: ":/tmp/whole", to: "back/{pod}/" }
`,
    );
    assert.equal(reasonOf(events), "ok");
    for (const pod of ["weka-drive-0", "weka-drive-1", "weka-drive-2"]) {
      const path = `${folder}/back/${pod}/whole/d/b`;
      assert.equal(await Deno.readTextFile(path), "two");
    }
  });

  await inFolder(
    "a link within a folder is copied as a link, and not what it leads to",
    async (place) => {
      await Deno.mkdir(`${place.folder}/conf`);
      await Deno.symlink("/etc/hosts", `${place.folder}/conf/link`);
      const events = await run(
        place,
        `permissions: { read: [conf] }
steps:
  - copy: { from: conf, to: ":/tmp/links" }
  - { id: leads, exec: [readlink, /tmp/links/link] }
  - check: \${{ steps.leads.distinct == ["/etc/hosts"] }}
`,
      );
      assert.equal(reasonOf(events), "ok");
    },
  );

  const secret = "steps:\n  - copy: { from: conf/a, to: ':/tmp/a' }\n";
  await inFolder("a link to a file that isn't granted is not read", async (place) => {
    await Deno.mkdir(`${place.folder}/conf`);
    await Deno.symlink("/etc/hosts", `${place.folder}/conf/a`);
    const events = await run(place, `permissions: { read: [conf] }\n${secret}`);
    assert.match(reasonOf(events), /^denied: permissions don't grant read \/etc\/hosts/);
  });

  await inFolder("the very place that a link leads to can be granted", async (place) => {
    await Deno.mkdir(`${place.folder}/conf`);
    await Deno.symlink("/etc/hosts", `${place.folder}/conf/a`);
    const events = await run(place, `permissions: { read: [conf, /etc/hosts] }\n${secret}`);
    assert.equal(reasonOf(events), "ok");
  });

  await inFolder("no link in a folder that is granted leads a copy out of it", async (place) => {
    const { folder } = place;
    await Deno.mkdir(`${folder}/saved`);
    await Deno.mkdir(`${folder}/outside`);
    await Deno.symlink(`${folder}/outside`, `${folder}/saved/weka-drive-1`);
    const steps = (to: string) =>
      `permissions: { write: [saved] }\nsteps:\n  - copy: { from: ":/etc/hostname", to: "${to}" }\n`;
    for (const to of ["saved", "saved/{pod}/", "saved/{pod}"]) {
      assert.match(reasonOf(await run(place, steps(to))), /^denied: .*\/outside, to which/);
    }
    assert.deepEqual(await Array.fromAsync(Deno.readDir(`${folder}/outside`)), []);
  });

  await inFolder("output that is saved goes through no link either", async (place) => {
    await Deno.mkdir(`${place.folder}/outside`);
    await Deno.symlink(`${place.folder}/outside`, `${place.folder}/saved`);
    const grant = "permissions: { write: [saved] }\n";
    for (const step of ["exec: [hostname]", "logs: {}"]) {
      const events = await run(place, `${grant}steps:\n  - { ${step}, save: saved }\n`);
      assert.match(reasonOf(events), /^denied: .*\/outside, to which saved leads/);
    }
    assert.deepEqual(await Array.fromAsync(Deno.readDir(`${place.folder}/outside`)), []);
  });

  await inFolder("lines of logs have times only if the step says so", async (place) => {
    const { folder } = place;
    const events = await run(
      place,
      `permissions: { write: [saved] }
steps:
  - { id: plain, logs: { tail: 1 } }
  - { id: timed, logs: { tail: 1, timestamps: true } }
  - { logs: { tail: 1 }, save: saved }
outputs: { plain: "\${{ steps.plain.distinct }}", timed: "\${{ steps.timed.distinct }}" }
`,
    );
    const end = events.at(-1);
    assert.ok(end?.event === "runEnded" && end.outcome === "ok");
    const { plain, timed } = end.outputs as Record<string, string[]>;
    const time = /^\d{4}-\d\d-\d\dT\S+Z /;
    const saved = await Deno.readTextFile(`${folder}/saved/weka-drive-0.log`);
    assert.ok(plain?.every((text) => text !== "" && !time.test(text)), `${plain}`);
    assert.ok(timed?.every((text) => time.test(text)), `${timed}`);
    assert.ok(saved !== "" && !time.test(saved), saved);
    const lines = events.flatMap((one) => one.event === "line" ? [one] : []);
    for (const { step, text } of lines) assert.equal(time.test(text), step === "timed", text);
  });

  await inFolder("copies that would be one file are refused before any begins", async (place) => {
    const events = await run(
      place,
      `permissions: { write: [saved] }
steps:
  - copy: { from: ":/etc/hostname", to: "saved/{namespace}" }
`,
    );
    assert.match(reasonOf(events), /^failed: the copies of several pods would all be saved\//);
    assert.equal(events.some(({ event }) => event === "targetEnded"), false);
  });

  await inFolder("rerun copies again only where it failed", async (place) => {
    const steps = `permissions: { write: [saved] }
steps:
  - exec: '[ "$KODAMA_INDEX" = 1 ] || echo x > /tmp/some'
  - id: copy
    copy: { from: ":/tmp/some", to: saved }
`;
    assert.match(reasonOf(await run(place, steps)), /^failed: 1 of 3 pods failed: weka-drive-1/);
    const past = await findAnyRun(cluster.host, undefined);
    assert.equal(past.kind, "workflow");
    if (past.kind !== "workflow") return;
    await run(place, "steps:\n  - exec: echo x > /tmp/some\n");
    await Deno.writeTextFile(
      `${place.folder}/w.yaml`,
      `select: { namespace: weka-operator-system, match: weka-drive-, exclude: held }\n${steps}`,
    );
    await Deno.remove(`${place.folder}/saved`, { recursive: true });
    const events = await Array.fromAsync(
      rerunSteps(cluster.host, past.run, { ...said, resume: { kind: "failed" } }),
    );
    assert.equal(reasonOf(events), "ok");
    const made = await Array.fromAsync(Deno.readDir(`${place.folder}/saved`), ({ name }) => name);
    assert.deepEqual(made, ["weka-drive-1"]);
  });
});
