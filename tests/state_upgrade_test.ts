/**
 * What kodama 0.1.0 wrote is read by every later version: records of runs, trust and settings, as files of that version
 * in `tests/fixtures/state-0.1`. A file of a version still to come is refused with what to do, and left as it is.
 */
import assert from "node:assert/strict";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";
import { TestFolder } from "./harness/test_folder.ts";
import { filePath } from "../src/files/file_path.ts";

const fixture = filePath(new URL("fixtures/state-0.1/", import.meta.url));
const runs = { exec: "20261122-213117-2399fd8", workflow: "20261122-213218-23091c1" };

/** The fixture in a folder of its own. */
async function openState(folder: string): Promise<KodamaInProcess> {
  for (const path of ["config.yaml", "trust.json"]) {
    await Deno.copyFile(`${fixture}${path}`, `${folder}/${path}`);
  }
  await Deno.mkdir(`${folder}/runs`);
  for await (const { name } of Deno.readDir(`${fixture}runs`)) {
    await Deno.copyFile(`${fixture}runs/${name}`, `${folder}/runs/${name}`);
  }
  return new KodamaInProcess({ HOME: folder, KODAMA_CONFIG_DIR: folder });
}

Deno.test("records, trust and settings of kodama 0.1.0 are read", async () => {
  await using folder = await TestFolder.open("kodama-state-");
  const kodama = await openState(folder.path);
  const read = async (...args: string[]) => {
    const { code, stdout, stderr } = await kodama.run(args);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, args.join(" "));
    return stdout;
  };
  const listed = JSON.parse(await read("runs", "list", "-o", "json"));
  assert.deepEqual(listed.map(({ id }: { id: string }) => id).slice(0, 2), [
    runs.workflow,
    runs.exec,
  ]);
  assert.match(await read("runs", "show", runs.exec), /^db-0 +failed +1 .*\ndb-1 +ok +0 /m);
  assert.match(
    await read("runs", "show", runs.workflow),
    /^names +ok +5\/5 .*\ncheck +failed +4\/5 /m,
  );
  assert.match(await read("workflow", "trust", "list"), /^\/srv\/shop\/workflows\/hosts\.yaml /);
  assert.equal(await read("config", "get", "exec.fanout"), "8\n");
});

Deno.test("a file of a later version is refused with what to do, and left as it is", async () => {
  await using folder = await TestFolder.open("kodama-state-");
  const kodama = await openState(folder.path);
  const cases = [
    { path: `runs/${runs.exec}.jsonl`, args: ["runs", "show", runs.exec] },
    { path: `runs/${runs.workflow}.jsonl`, args: ["runs", "show", runs.workflow] },
    { path: "trust.json", args: ["workflow", "trust", "list"] },
  ];
  for (const { path, args } of cases) {
    const file = `${folder.path}/${path}`;
    const later = (await Deno.readTextFile(file)).replace(/"version": ?1/, '"version": 2');
    await Deno.writeTextFile(file, later);
    const { code, stdout, stderr } = await kodama.run(args);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: "" }, path);
    assert.match(stderr, /version: 2, and this kodama reads 1: .*update this one$/m);
    assert.doesNotMatch(stderr, /remove the file/);
    assert.equal(await Deno.readTextFile(file), later);
  }
  // One record of a later version doesn't hide the others.
  assert.match((await kodama.run(["runs", "list"])).stdout, /\bprintenv HOSTNAME\b/);
});
