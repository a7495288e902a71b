import assert from "node:assert/strict";
import { removeAbandoned, TestFolder } from "./test_folder.ts";

const old = new Date(0);

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

Deno.test("a folder whose test was killed is taken away by a later one; one in use, or foreign, is not", async () => {
  await using parent = await TestFolder.open("kodama-folders-");
  for (const name of ["kodama-a-left", "kodama-a-held", "kodama-a-young", "kodama-b-left"]) {
    await Deno.mkdir(`${parent.path}/${name}`);
    await Deno.writeTextFile(`${parent.path}/${name}/.in-use`, "");
    if (name !== "kodama-a-young") {
      await Deno.utime(`${parent.path}/${name}/.in-use`, old, old);
    }
  }
  await Deno.mkdir(`${parent.path}/kodama-a-foreign`);
  using held = await Deno.open(`${parent.path}/kodama-a-held/.in-use`, { write: true });
  await held.lock(true);
  await removeAbandoned(parent.path, "kodama-a-");
  assert.deepEqual(await names(parent.path), [
    ".in-use",
    "kodama-a-foreign",
    "kodama-a-held",
    "kodama-a-young",
    "kodama-b-left",
  ]);
});

Deno.test("a folder is gone with its test", async () => {
  let path: string;
  {
    await using folder = await TestFolder.open("kodama-folders-");
    path = folder.path;
    assert.equal((await Deno.stat(path)).isDirectory, true);
  }
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
});
