/** The far end in real shells: dash with GNU's programs, and busybox with none but its own. */
import assert from "node:assert/strict";
import { ignoringOf } from "../core/ignore_rules.ts";
import type { SyncAction } from "../core/plan.ts";
import { ignoresNothing as nothing } from "../testing/memory_end.ts";
import { ends, fileOf, hex, openRemoteFixture, put, remote } from "../testing/remote_fixture.ts";
import { shells } from "../testing/remote_shells.ts";
import { writeProgram } from "../../base/testing/program_file.ts";

const { signal } = new AbortController();

for (const shell of shells) {
  Deno.test(`${shell.name}: a scan returns kinds, modes, contents and links`, async () => {
    await using there = await openRemoteFixture(shell);
    await Deno.mkdir(`${there.folder}/a/b`, { recursive: true });
    await Deno.writeTextFile(`${there.folder}/a/b/one two`, "12");
    await writeProgram(`${there.folder}/run`, "#!");
    await Deno.symlink("a/b", `${there.folder}/link`);
    await Deno.writeTextFile(`${there.folder}/line\nbreak`, "x");
    const { entries, unread } = await there.end.scan(nothing, signal);
    const reported = [...entries].map(([path, entry]) =>
      entry.kind === "file"
        ? `${path} ${entry.size} ${(entry.mode & 0o777).toString(8)} ${entry.digest.slice(0, 4)}`
        : `${path} ${entry.kind} ${entry.kind === "symlink" ? entry.target : ""}`
    );
    assert.deepEqual(reported.sort(), [
      "a folder ",
      "a/b folder ",
      `a/b/one two 2 644 ${(await hex("12")).slice(0, 4)}`,
      "link symlink a/b",
      `run 2 755 ${(await hex("#!")).slice(0, 4)}`,
    ]);
    assert.equal(unread.size, 0);
  });

  Deno.test(`${shell.name}: the root of a container is refused by any name`, async () => {
    for (const root of ["/", "//.", "/usr/..", "/proc/self/root"]) {
      await assert.rejects(openRemoteFixture(shell, { root }), {
        kind: "usage",
        message: `refusing to sync the root of a container, which ${root} is`,
      });
    }
  });

  Deno.test(`${shell.name}: a repository that is made in the folder has nothing of kodama's own`, async () => {
    await using there = await openRemoteFixture(shell);
    const git = async (...args: string[]) => {
      const env = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
      const { stdout } = await new Deno.Command("git", { args, cwd: there.folder, env }).output();
      return new TextDecoder().decode(stdout);
    };
    await git("init", "-q");
    await there.end.scan(nothing, signal);
    assert.deepEqual(await ends(there, [await put("x", "x")], { x: "x" }), ["x: done"]);
    assert.equal(await git("status", "--porcelain"), "?? x\n");
  });

  Deno.test(`${shell.name}: what is new goes to places where nothing is, and nowhere else`, async () => {
    await using there = await openRemoteFixture(shell);
    await there.end.scan(nothing, signal);
    await Deno.writeTextFile(`${there.folder}/taken`, "theirs");
    await Deno.mkdir(`${there.folder}/d`);
    const steps: SyncAction[] = [
      { kind: "makeFolder", side: "remote", path: "new", requires: [remote("new", undefined)] },
      await put("new/a b", "content"),
      await put("d/x", "x"),
      await put("taken", "mine"),
      await put("changed", "as it was"),
      {
        kind: "put",
        side: "remote",
        path: "new/l",
        entry: { kind: "symlink", target: "a b" },
        from: { side: "local", path: "new/l" },
        requires: [remote("new/l", undefined)],
      },
    ];
    const texts = { "new/a b": "content", "d/x": "x", taken: "mine", changed: "as it is now" };
    assert.deepEqual(await ends(there, steps, texts), [
      "new: done",
      "new/a b: done",
      "d/x: done",
      "taken: changed",
      "changed: changed",
      "new/l: done",
    ]);
    assert.equal(await Deno.readTextFile(`${there.folder}/new/a b`), "content");
    assert.equal(await Deno.readTextFile(`${there.folder}/taken`), "theirs");
    assert.equal(await Deno.readLink(`${there.folder}/new/l`), "a b");
    await assert.rejects(Deno.lstat(`${there.folder}/changed`));
  });

  Deno.test(`${shell.name}: a place is changed only while it is as it was scanned`, async () => {
    await using there = await openRemoteFixture(shell);
    for (const name of ["a", "b", "c", "d", "e"]) {
      await Deno.writeTextFile(`${there.folder}/${name}`, name);
    }
    await Deno.mkdir(`${there.folder}/full`);
    await Deno.writeTextFile(`${there.folder}/full/x`, "x");
    await there.end.scan(nothing, signal);
    await Deno.writeTextFile(`${there.folder}/b`, "B");
    const entry = async (name: string) => await fileOf(name);
    const steps: SyncAction[] = [
      await put("a", "AA", await entry("a")),
      await put("b", "BB", await entry("b")),
      {
        kind: "setMode",
        side: "remote",
        path: "c",
        entry: await fileOf("c", 0o755),
        requires: [remote("c", await entry("c"))],
      },
      {
        kind: "remove",
        side: "remote",
        path: "d",
        entry: await entry("d"),
        requires: [remote("d", await entry("d"))],
      },
      {
        kind: "remove",
        side: "remote",
        path: "e",
        entry: await entry("e"),
        requires: [remote("e", await entry("e")), remote("b", await entry("b"))],
      },
      {
        kind: "removeFolder",
        side: "remote",
        path: "full",
        requires: [remote("full", { kind: "folder" })],
      },
    ];
    assert.deepEqual(await ends(there, steps, { a: "AA", b: "BB" }), [
      "a: done",
      "b: changed",
      "c: done",
      "d: done",
      "e: changed",
      "full: notEmpty",
    ]);
    assert.equal(await Deno.readTextFile(`${there.folder}/a`), "AA");
    assert.equal(await Deno.readTextFile(`${there.folder}/b`), "B");
    assert.equal(((await Deno.stat(`${there.folder}/c`)).mode ?? 0) & 0o777, 0o755);
    assert.equal(await Deno.readTextFile(`${there.folder}/e`), "e");
  });

  Deno.test(`${shell.name}: a folder that became a link is not gone through`, async () => {
    await using there = await openRemoteFixture(shell);
    await Deno.mkdir(`${there.folder}/d`);
    await Deno.writeTextFile(`${there.folder}/d/x`, "x");
    await there.end.scan(nothing, signal);
    const outside = `${there.folder}/../outside`;
    await Deno.rename(`${there.folder}/d`, outside);
    await Deno.symlink(outside, `${there.folder}/d`);
    const steps = [await put("d/y", "new"), await put("d/x", "other", await fileOf("x"))];
    assert.deepEqual(await ends(there, steps, { "d/y": "new", "d/x": "other" }), [
      "d/y: changed",
      "d/x: changed",
    ]);
    assert.equal(await Deno.readTextFile(`${outside}/x`), "x");
  });

  Deno.test(`${shell.name}: contents come as one archive; those that are gone don't`, async () => {
    await using there = await openRemoteFixture(shell);
    await Deno.writeTextFile(`${there.folder}/a\\n b`, "one");
    await Deno.writeFile(`${there.folder}/big`, new Uint8Array(100_000).fill(7));
    const entry = await fileOf("one");
    const wanted = ["a\\n b", "gone", "big"].map((path) => ({ path, entry }));
    const got: string[] = [];
    for await (const { at, size, body } of there.end.read(wanted)) {
      let bytes = 0;
      for await (const piece of body) bytes += piece.length;
      got.push(`${wanted[at]?.path} ${size} ${bytes}`);
    }
    assert.deepEqual(got, ["a\\n b 3 3", "big 100000 100000"]);
    assert.equal((await there.end.scan(nothing, signal)).entries.size, 2, "the link goes on");
  });

  Deno.test(`${shell.name}: many files go over and come back`, async () => {
    await using there = await openRemoteFixture(shell);
    await there.end.scan(nothing, signal);
    const texts: Record<string, string> = {};
    const steps: SyncAction[] = [];
    for (let at = 0; at < 300; at++) {
      const folder = `d${at % 10}`;
      if (at < 10) {
        const requires = [remote(folder, undefined)];
        steps.push({ kind: "makeFolder", side: "remote", path: folder, requires });
      }
      texts[`${folder}/${at}`] = `content ${at}`;
      steps.push(await put(`${folder}/${at}`, `content ${at}`));
    }
    const reported = await ends(there, steps, texts);
    assert.deepEqual(reported.filter((line) => !line.endsWith(": done")), []);
    const { entries } = await there.end.scan(nothing, signal);
    assert.equal(entries.size, 310);
  });

  Deno.test(`${shell.name}: a watcher reports an edit, or a scan finds it`, async () => {
    await using there = await openRemoteFixture(shell);
    await Deno.mkdir(`${there.folder}/d`);
    await there.end.scan(nothing, signal);
    await there.end.watch();
    await there.untilEvent((one) => one.kind === "watched");
    await Deno.writeTextFile(`${there.folder}/d/x`, "x");
    if (there.end.watcher === "none") {
      assert.deepEqual((await there.end.changed(false)).includes("d/x"), true);
    } else await there.untilEvent((one) => one.kind === "changed" && one.path === "d/x");
    const { entries } = await there.end.inspect(["d/x", "gone"], nothing, signal);
    assert.equal(entries.get("d/x")?.kind, "file");
    assert.equal(entries.get("gone"), undefined);
  });
}

for (const shell of shells) {
  Deno.test(`${shell.name}: new folders are reported and watched, ignored ones are not scanned`, async () => {
    await using there = await openRemoteFixture(shell);
    await Deno.mkdir(`${there.folder}/modules/deep`, { recursive: true });
    await Deno.writeTextFile(`${there.folder}/modules/deep/x`, "x");
    const rules = { rank: "gitignore", name: "test", text: "modules/\n" } as const;
    const ignoring = ignoringOf((folder) => folder === "" ? [rules] : []);
    await there.end.watch();
    assert.deepEqual([...(await there.end.scan(ignoring, signal)).entries.keys()], []);
    assert.equal(there.end.watchIsStale, true, "it looks at what is left out");
    await there.end.watch();
    assert.equal(there.end.watchIsStale, false);
    assert.deepEqual([...(await there.end.scan(ignoring, signal)).entries.keys()], []);
    if (there.end.watcher === "none") return;
    await Deno.mkdir(`${there.folder}/new`);
    await there.untilEvent((one) => one.kind === "changedAnywhere");
    await there.end.scan(ignoring, signal);
    if (there.end.watchIsStale) await there.end.watch();
    await Deno.writeTextFile(`${there.folder}/new/y`, "y");
    await there.untilEvent((one) => one.kind === "changed" && one.path === "new/y");
    const reported = there.news.flatMap((one) => one.kind === "changed" ? [one.path] : []);
    assert.deepEqual(reported.filter((path) => path.startsWith("modules")), []);
  });
}
