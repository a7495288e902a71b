/** Which folders are never synced, by all of their names. */
import assert from "node:assert/strict";
import { wholeOf } from "./whole_folder.ts";

Deno.test("a whole machine or home folder is recognised by any name", async () => {
  const root = await Deno.makeTempDir({ prefix: "kodama-whole-" });
  try {
    await Deno.mkdir(`${root}/disk/me/project`, { recursive: true });
    await Deno.symlink(`${root}/disk`, `${root}/users`);
    await Deno.symlink(`${root}/disk/me/`, `${root}/mine`);
    await Deno.symlink("/", `${root}/all`);
    const rows: [folder: string, is: Awaited<ReturnType<typeof wholeOf>>][] = [
      ...["/", "//", "/..", "C:/", "C:", `${root}/all`, `${root}/all/.`]
        .map((folder): [string, "machine"] => [folder, "machine"]),
      ...[`${root}/users/me`, `${root}/disk/me/`, `${root}/mine`, `${root}/disk`, `${root}/users`]
        .map((folder): [string, "home"] => [folder, "home"]),
      ...[root, `${root}/all${root}/mine`, `${root}/disk/me/project/..`]
        .map((folder): [string, "home"] => [folder, "home"]),
      [`${root}/disk/me/project`, undefined],
      [`${root}/mine/project`, undefined],
      [`${root}/disk/other`, undefined],
      [`${root}/users/me-too`, undefined],
    ];
    for (const home of [`${root}/users/me`, `${root}/disk/me/`, `${root}/mine`]) {
      for (const [folder, is] of rows) {
        assert.equal(await wholeOf(folder, home), is, `${folder} with home ${home}`);
      }
    }
    assert.equal(await wholeOf("/nowhere/me", "/nowhere/me"), "home");
    assert.equal(await wholeOf("/nowhere", "/nowhere/me"), "home");
    assert.equal(await wholeOf("/nowhere/mine", "/nowhere/me"), undefined);
    for (const none of [undefined, ""]) assert.equal(await wholeOf("/nowhere", none), undefined);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
