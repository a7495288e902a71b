/**
 * What kodama 0.1.0 wrote is read by every later version: each format of its files and of its objects in a cluster, as
 * in `tests/fixtures/state-0.1`. Records of runs, which expire, are those of version 2: earlier ones are listed as such.
 * A file of a version still to come is refused with what to do, and left as it is.
 */
import assert from "node:assert/strict";
import { readLocalSession } from "../src/actions/session/local_file.ts";
import { readRequest } from "../src/agent/task_request.ts";
import type { KodamaError } from "../src/base/errors.ts";
import { openSavedState } from "../packages/cluster/saved_state.ts";
import { thisMachine } from "./harness/cluster_in_process.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import { TestFolder } from "./harness/test_folder.ts";
import { filePath } from "../src/files/file_path.ts";
import { AncestorStore } from "../src/sync/engine/ancestor_store.ts";
import { LocalAncestorFiles } from "../src/sync/local/ancestor_files.ts";
import { readLayout, readQueries } from "../src/ui/saved_files.ts";

const fixture = filePath(new URL("fixtures/state-0.1/", import.meta.url));
const runs = { exec: "20261122-213117-2399fd8", workflow: "20261122-213218-23091c1" };

/** A file of the fixture, and what reads it: args of kodama, or a function of the folder. */
interface Format {
  path: string;
  read: readonly string[] | ((folder: string) => Promise<string>);
  shows: RegExp;
  /** Whether one of a later version is refused; the others may only get new fields, or are text. */
  later: "refused" | "unversioned";
}

const machine = (folder: string) => thisMachine({ HOME: folder, KODAMA_CONFIG_DIR: folder });

const formats: readonly Format[] = [
  {
    path: "trust.json",
    read: ["workflow", "trust", "list"],
    shows: /^\/srv\/shop\/workflows\/hosts\.yaml /m,
    later: "refused",
  },
  {
    path: "config.yaml",
    read: ["config", "get", "exec.fanout"],
    shows: /^8\n$/,
    later: "unversioned",
  },
  {
    path: "sync/shop.work/record.json",
    read: ["sync", "list"],
    shows: /^shop\.work +stopped .* \/srv\/shop +db-0:\/tmp\/src /m,
    later: "refused",
  },
  {
    path: "sync/shop.work/agreed.jsonl",
    read: async (folder) => {
      const [base, journal] = ["agreed.jsonl", "agreed.journal"]
        .map((name) => `${folder}/sync/shop.work/${name}`) as [string, string];
      using files = new LocalAncestorFiles({ base, journal });
      const { ancestor } = await AncestorStore.open(files);
      return [...ancestor?.entries.keys() ?? []].toSorted().join();
    },
    shows: /^a\.txt,b\.txt,c\.txt$/,
    later: "refused",
  },
  {
    path: "forwards/db/record.json",
    read: ["forward", "list"],
    shows: /^db +stopped .*sts\/db 15432:5432/m,
    later: "refused",
  },
  {
    path: "forwards/recent.json",
    read: async (folder) => (await (await machine(folder).forwards()).recent()).join(),
    shows: /./,
    // It saves typing: what can't be read is as good as none.
    later: "unversioned",
  },
  {
    path: "sessions/fix.yaml",
    read: async (folder) => JSON.stringify(await readLocalSession(machine(folder), "fix")),
    shows: /^{"namespace":"default","context":"kodama-lab"}$/,
    later: "unversioned",
  },
  {
    path: "ui/default.json",
    read: async (folder) => JSON.stringify(await readLayout(machine(folder), "default")),
    shows: /"pane":"pods".*"pane":"namespaces"/,
    later: "refused",
  },
  {
    path: "ui-queries.json",
    read: async (folder) => JSON.stringify(await readQueries(machine(folder))),
    shows: /"history":\["select 1"\],"saved":{"sizes":/,
    later: "refused",
  },
  {
    path: "memory/kodama-lab.md",
    read: ["memory", "show", "--context", "kodama-lab"],
    shows: /its disk fills on Mondays/,
    later: "unversioned",
  },
  {
    path: "instructions.md",
    read: ["instructions", "show"],
    shows: /^Answer in one sentence\.$/m,
    later: "unversioned",
  },
  {
    path: "model-calls/2026-11-22T21-31-17.000Z-2399fd80.jsonl",
    read: ["model", "stats"],
    shows: /^anthropic\/claude-sonnet-4-5 +2 +1 /m,
    later: "unversioned",
  },
  {
    path: "lab/kept.json",
    read: async (folder) => {
      using state = await openSavedState(`${folder}/lab`, "/srv/shop/world.yaml");
      return state.snapshot.objects.map(({ object: { metadata } }) => metadata.name).join();
    },
    shows: /^shop,kodama-session-fix$/,
    later: "refused",
  },
  {
    path: "agent-task",
    read: async (folder) => {
      const { prompt, adapter } = readRequest(await Deno.readTextFile(`${folder}/agent-task`));
      return `${adapter}: ${prompt}`;
    },
    shows: /^claude: Add unit tests$/,
    later: "unversioned",
  },
];

/** Returns the program, and the fixture in a folder of its own. */
async function openState(folder: string): Promise<KodamaInProcess> {
  await copyFolder(fixture, folder);
  return new KodamaInProcess({ HOME: folder, KODAMA_CONFIG_DIR: folder });
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    const [source, target] = [`${from}/${name}`, `${to}/${name}`];
    await (isDirectory ? copyFolder(source, target) : Deno.copyFile(source, target));
  }
}

/** Returns the file as a later version would write it. */
function laterVersion(text: string): string {
  return /"version": ?1/.test(text)
    ? text.replace(/"version": ?1/, '"version": 2')
    : text.includes("ancestor-1")
    ? text.replace("ancestor-1", "ancestor-2")
    : text.replace("{", '{ "version": 2,');
}

Deno.test("every format of kodama 0.1.0 is read", async (t) => {
  await using folder = await TestFolder.open("kodama-state-");
  const kodama = await openState(folder.path);
  for (const { path, read, shows } of formats) {
    await t.step(path, async () => {
      const text = typeof read === "function"
        ? await read(folder.path)
        : await kodama.succeed(read);
      assert.match(text, shows);
    });
  }
  await t.step(
    "the runs are in a list, which says that their records are older",
    async () => {
      const older = (await kodama.succeed(["runs", "list"])).matchAll(
        / an earlier one has written/g,
      );
      assert.equal([...older].length, 3);
      const listed = JSON.parse(await kodama.succeed(["runs", "list", "-o", "json"]));
      const ids = listed.map(({ id }: { id: string }) => id);
      assert.deepEqual(ids.slice(0, 2), [runs.workflow, runs.exec]);
    },
  );
});

Deno.test("a file of a later version is refused with what to do, and left as it is", async (t) => {
  await using folder = await TestFolder.open("kodama-state-");
  const kodama = await openState(folder.path);
  for (const { path, read, later } of formats) {
    if (later !== "refused") continue;
    await t.step(path, async () => {
      const file = `${folder.path}/${path}`;
      const before = await Deno.readTextFile(file);
      const text = laterVersion(before);
      await Deno.writeTextFile(file, text);
      const message = typeof read === "function"
        ? await read(folder.path).then(
          () => "read",
          (error: KodamaError) => `${error.message} ${error.hint}`,
        )
        : (await kodama.run(read)).stderr;
      assert.match(message, /update this one|another version of kodama: use that one/);
      assert.doesNotMatch(message, /remove/);
      assert.equal(await Deno.readTextFile(file), text);
      await Deno.writeTextFile(file, before);
    });
  }
  await t.step("recent forwards of a later version aren't replaced", async () => {
    const file = `${folder.path}/forwards/recent.json`;
    const text = laterVersion(await Deno.readTextFile(file));
    await Deno.writeTextFile(file, text);
    const forwards = await machine(folder.path).forwards();
    assert.deepEqual(await forwards.recent(), []);
    await forwards.remember({ name: "web", args: ["svc/web"] });
    assert.equal(await Deno.readTextFile(file), text);
  });
  await t.step("one record of a later version doesn't hide the others", async () => {
    const objects = await Deno.readTextFile(`${fixture}objects.yaml`);
    const record = objects.split("\n").filter((line) => /^ +\{"event":/.test(line))
      .map((line) => `${line.trim()}\n`).join("");
    const file = (id: string) => `${folder.path}/runs/${id}.jsonl`;
    await Deno.writeTextFile(file("20261123-063729-905d339"), record);
    const later = record.replace('"version":2', '"version":3');
    await Deno.writeTextFile(file("20261123-070000-0000000"), later);
    const listed = await kodama.succeed(["runs", "list"]);
    assert.match(listed, /\bworkflow names +2 /);
    assert.match(listed, /version: 3, and this kodama reads 2/);
  });
});

Deno.test("objects of kodama 0.1.0 in a cluster are read, and later ones are refused", async () => {
  const text = await Deno.readTextFile(`${fixture}objects.yaml`);
  const run = "20261123-063729-905d339";
  const [other, laterRun] = ["20261122-000000-0000000", "20261124-000000-0000000"];
  // The same run, in which one pod has answered something else.
  const compared = text.slice(
    0,
    text.indexOf("---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kodama-session"),
  )
    .replaceAll(run, other).replaceAll("db-1\\n", "db-9\\n").replaceAll(
      "76ca08f14635a85a",
      "76ca08f14635a85b",
    );
  const later = text.replaceAll(run, laterRun).replaceAll("session-fix", "session-new")
    .replaceAll("name: fix\n", "version: 2\n    name: new\n").replaceAll(
      "session: fix",
      "session: new",
    )
    .replaceAll('"version":2', '"version":3').replaceAll('"version":1', '"version":2');
  await using folder = await TestFolder.open("kodama-state-");
  await Deno.writeTextFile(`${folder.path}/world.yaml`, `${text}---\n${compared}---\n${later}`);
  await using cluster = await startTestCluster(`${folder.path}/world.yaml`);
  const kodama = new KodamaInProcess(cluster.env);
  const data = async (...args: string[]) =>
    JSON.parse(await kodama.succeed([...args, "-o", "json"]));

  const listed = await data("runs", "list", "--in-cluster");
  assert.deepEqual(
    listed.map(({ id, run, unreadable }: Record<string, unknown>) =>
      [id, run !== null, unreadable !== undefined] as const
    ).toSorted(),
    [[other, true, false], [run, true, false], [laterRun, false, true]],
  );
  const shown = await data("runs", "show", run, "--in-cluster");
  assert.deepEqual(
    shown.run.steps.map(({ targets }: { targets: { outcome: string; stdout: string }[] }) =>
      targets.map(({ outcome, stdout }) => `${outcome} ${stdout}`)
    ),
    [["ok db-0\n", "ok db-1\n"], ["ok ", "failed "]],
  );
  const diff = await kodama.succeed(["runs", "diff", other, run, "--in-cluster"]);
  assert.match(diff, /1 pod \(db-1\) answers "db-1" instead of "db-9"/);
  const report = await kodama.succeed(["runs", "report", run, "--in-cluster"]);
  assert.match(report, /db-1/);
  const refused = await kodama.run(["runs", "show", laterRun, "--in-cluster"]);
  assert.match(refused.stderr, /version: 3, and this kodama reads 2: .*update this one$/m);

  assert.equal((await data("get", "fix")).image, "debian:12");
  const session = await kodama.run(["get", "new"]);
  assert.match(session.stderr, /version: 2, and this kodama reads 1: .*update this one$/m);
  assert.match(await kodama.succeed(["list"]), /^fix /m);
});
