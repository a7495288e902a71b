/**
 * The remote end when the received bytes are damaged, have no room, or aren't alone: nothing gets a name that it
 * shouldn't.
 */
import assert from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import type { PodEndpoint } from "./endpoint.ts";
import { RemoteIndex } from "./remote_index.ts";
import type { SyncAction } from "../core/plan.ts";
import { ignoresNothing as nothing } from "../testing/memory_end.ts";
import type { TestShell } from "../testing/shell_channel.ts";
import {
  ends,
  fileOf,
  openRemoteFixture,
  put,
  remote,
  type RemoteFixtureOptions,
} from "../testing/remote_fixture.ts";
import { dash, shells } from "../testing/remote_shells.ts";
import { writeProgram } from "../../base/testing/program_file.ts";

const { signal } = new AbortController();

async function names(folder: string): Promise<string[]> {
  const all = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return all.filter((name) => !name.startsWith(".kodama-sync-")).sort();
}

/** The bytes with a changed byte of a text. */
function damaged(bytes: Uint8Array, text: string): Uint8Array {
  const at = new TextDecoder("latin1").decode(bytes).indexOf(text);
  if (at < 0) return bytes;
  const other = bytes.slice();
  other[at] = "X".charCodeAt(0);
  return other;
}

for (const shell of shells) {
  Deno.test(`${shell.name}: what was damaged on its way gets no name, and takes the place of nothing`, async () => {
    await using there = await openRemoteFixture(shell, {
      sent: (bytes) => damaged(bytes, "precious"),
    });
    await Deno.writeTextFile(`${there.folder}/old`, "as it was");
    await there.end.scan(nothing, signal);
    const steps = [await put("new", "precious"), await put("beside", "fine")];
    const texts = { new: "precious", beside: "fine", old: "precious" };
    assert.deepEqual(await ends(there, steps, texts), ["new: other", "beside: other"]);
    const change = [await put("old", "precious", await fileOf("as it was"))];
    assert.deepEqual(await ends(there, change, texts), ["old: other"]);
    assert.deepEqual(await names(there.folder), ["old"]);
    assert.equal(await Deno.readTextFile(`${there.folder}/old`), "as it was");
  });

  Deno.test(`${shell.name}: a copy of its own is made of a file that is in the folder, and of no other`, async () => {
    await using there = await openRemoteFixture(shell);
    await Deno.mkdir(`${there.folder}/d`);
    await Deno.writeTextFile(`${there.folder}/d/x`, "x");
    await there.end.scan(nothing, signal);
    await Deno.rename(`${there.folder}/d`, `${there.folder}/../outside`);
    await Deno.symlink("../outside", `${there.folder}/d`);
    await Deno.symlink("../outside/x", `${there.folder}/link`);
    await Deno.writeTextFile(`${there.folder}/y`, "y");
    await Deno.writeTextFile(`${there.folder}/other`, "z");
    const copy = async (path: string, from: string): Promise<SyncAction> => ({
      ...await put(path, "y"),
      kind: "put",
      entry: await fileOf(from === "y" || from === "other" ? "y" : "x"),
      from: { side: "remote", path: from },
    });
    const steps = [
      await copy("a", "d/x"),
      await copy("b", "link"),
      await copy("c", "y"),
      await copy("e", "other"),
    ];
    assert.deepEqual(await ends(there, steps), [
      "a: changed",
      "b: changed",
      "c: done",
      "e: changed",
    ]);
    assert.deepEqual(await names(there.folder), ["c", "d", "link", "other", "y"]);
  });

  Deno.test(`${shell.name}: a loop whose own folder is removed ends with the reason, and the next one knows the folder again`, async () => {
    let removeAt = "";
    const traits: RemoteFixtureOptions = {
      sent(bytes) {
        if (removeAt !== "" && new TextDecoder("latin1").decode(bytes).startsWith(removeAt)) {
          // Removed as the loop sees it: a tar that is at work would fill a folder that is being emptied.
          Deno.renameSync(`${folder}/.kodama-sync-test`, `${folder}/../removed-${removeAt}`);
        }
        return bytes;
      },
    };
    await using first = await openRemoteFixture(shell, traits);
    const { folder } = first;
    await Deno.writeTextFile(`${folder}/old`, "as it was");
    const { root } = await first.end.scan(nothing, signal);
    const change = [
      await put("old", "2", await fileOf("as it was")),
      await put("new", "1"),
      {
        kind: "put",
        side: "remote",
        path: "link",
        entry: { kind: "symlink", target: "old" },
        from: { side: "local", path: "link" },
        requires: [remote("link", undefined)],
      } satisfies SyncAction,
    ];
    const requests: [name: string, request: (end: PodEndpoint) => Promise<unknown>][] = [
      ["list 0", (end) => end.inspect(["old"], nothing, signal)],
      ["list 1", (end) => end.scan(nothing, signal)],
      ["put", (end) => ends({ ...first, end }, change, { new: "1", old: "2" })],
      ["commit", (end) => ends({ ...first, end }, change, { new: "1", old: "2" })],
      ["changed", (end) => end.changed(true)],
      ["watch", (end) => end.watch()],
    ];
    for (const [name, request] of requests) {
      await using there = await openRemoteFixture(shell, { ...traits, beside: first });
      assert.equal((await there.end.scan(nothing, signal)).root, root, name);
      const late = Promise.withResolvers<never>();
      using _limit = systemClock.timer(20_000, () => late.reject(new Error(`${name}: it hangs`)));
      removeAt = name;
      await assert.rejects(Promise.race([request(there.end), late.promise]), {
        name: "SideLostError",
        message: /\.kodama-sync-… in the pod was removed or replaced while it was in use/,
      }, name);
      removeAt = "";
    }
    await using last = await openRemoteFixture(shell, { beside: first });
    await last.end.scan(nothing, signal);
    assert.deepEqual(await ends(last, change, { new: "1", old: "2" }), [
      "old: done",
      "new: done",
      "link: done",
    ]);
    assert.deepEqual(await names(folder), ["link", "new", "old"]);
  });

  Deno.test(`${shell.name}: an agreement outlives its connection, and a removal of the loop's own folder`, async () => {
    await using first = await openRemoteFixture(shell);
    assert.equal(first.end.agreement, "");
    const agreements = [crypto.randomUUID(), crypto.randomUUID()];
    for (const one of agreements) await first.end.agree(one);
    await first.end.scan(nothing, signal);
    assert.equal(first.end.agreement, agreements[1]);
    {
      await using second = await openRemoteFixture(shell, { beside: first });
      assert.equal(second.end.agreement, agreements[1]);
      await Deno.remove(`${first.folder}/.kodama-sync-test`, { recursive: true });
      await assert.rejects(second.end.scan(nothing, signal), { name: "SideLostError" });
    }
    await using third = await openRemoteFixture(shell, { beside: first });
    assert.equal(third.end.agreement, agreements[1]);
  });

  Deno.test(`${shell.name}: a folder that is put back to another time ends the connection before the next answer`, async () => {
    await using first = await openRemoteFixture(shell);
    const own = `${first.folder}/.kodama-sync-test`;
    const [monday, tuesday] = [crypto.randomUUID(), crypto.randomUUID()];
    const copied = async () =>
      new Map(
        await Promise.all(
          ["id", "agreed", "now"].map(async (name) =>
            [name, await Deno.readTextFile(`${own}/${name}`)] as const
          ),
        ),
      );
    const restore = async (copy: ReadonlyMap<string, string>) => {
      for (const [name, text] of copy) await Deno.writeTextFile(`${own}/${name}`, text);
    };
    await first.end.agree(monday);
    const copy = await copied();
    await first.end.agree(tuesday);
    await restore(copy);
    await assert.rejects(first.end.scan(nothing, signal), { name: "SideLostError" });
    await using second = await openRemoteFixture(shell, { beside: first });
    assert.equal(second.end.agreement, monday);
    // The same agreement, and another time.
    const scanned = await copied();
    await second.end.scan(nothing, signal);
    await restore(scanned);
    await assert.rejects(second.end.scan(nothing, signal), { name: "SideLostError" });
    await using third = await openRemoteFixture(shell, { beside: first });
    assert.equal(third.end.agreement, monday);
  });

  Deno.test(`${shell.name}: a connection continues the last one of its process, unless the folder is of a time before`, async () => {
    const index = new RemoteIndex();
    await using first = await openRemoteFixture(shell, { index });
    await first.end.scan(nothing, signal);
    const now = `${first.folder}/.kodama-sync-test/now`;
    const copy = await Deno.readTextFile(now);
    assert.deepEqual(await ends(first, [await put("a", "1")], { a: "1" }), ["a: done"]);
    await first.end.scan(nothing, signal);
    const continues: boolean[] = [first.end.continues];
    for (const isRestored of [false, false, true, false]) {
      if (isRestored) await Deno.writeTextFile(now, copy);
      await using next = await openRemoteFixture(shell, { beside: first, index });
      continues.push(next.end.continues);
    }
    assert.deepEqual(continues, [false, true, true, false, false]);
  });

  Deno.test(`${shell.name}: a loop that another one of its synchronisation follows is ended by it`, async () => {
    await using first = await openRemoteFixture(shell);
    await using second = await openRemoteFixture(shell, { beside: first });
    await second.end.scan(nothing, signal);
    const late = Promise.withResolvers<string>();
    using _limit = systemClock.timer(20_000, () => late.resolve("it goes on"));
    const ended = first.end.lost.then(() => "ended");
    assert.equal(await Promise.race([ended, late.promise]), "ended");
  });
}

/** GNU's programs, and a tar that unpacks all and says that it could not. */
async function shellWithoutRoom(folder: string): Promise<TestShell> {
  await Deno.symlink("/bin/sh", `${folder}/sh`);
  const tar = `#!/bin/sh
/bin/tar "$@" || exit
case " $* " in *" -xmof "*) echo "tar: new: Cannot write: No space left on device" >&2; exit 2 ;; esac
`;
  await writeProgram(`${folder}/tar`, tar);
  return { name: "full", path: `${folder}:${dash.path}` };
}

Deno.test("of an archive for which there was no room nothing is taken", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-full-" });
  try {
    await using there = await openRemoteFixture(await shellWithoutRoom(folder));
    await Deno.writeTextFile(`${there.folder}/old`, "as it was");
    await there.end.scan(nothing, signal);
    const steps = [await put("new", "1"), await put("old", "2", await fileOf("as it was"))];
    assert.deepEqual(await ends(there, steps, { new: "1", old: "2" }), ["new: full", "old: full"]);
    assert.deepEqual(await names(there.folder), ["old"]);
    assert.equal(await Deno.readTextFile(`${there.folder}/old`), "as it was");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** GNU's programs, on a file system whose clock stands still. */
async function shellWithoutClock(folder: string): Promise<TestShell> {
  await Deno.symlink("/bin/sh", `${folder}/sh`);
  const still = "s/[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\\.[0-9]* /10:00:00.000000000 /g";
  const stat = `#!/bin/sh
case $2 in
  *.9Y*) exit 1 ;;
esac
/usr/bin/stat "$@" >"${folder}/stats" 2>&1
code=$?
sed '${still}' "${folder}/stats"
exit "$code"
`;
  await writeProgram(`${folder}/stat`, stat);
  return { name: "still", path: `${folder}:${dash.path}` };
}

Deno.test("a save that no time reveals is seen by the next scan, and not overwritten before", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-still-" });
  try {
    await using there = await openRemoteFixture(await shellWithoutClock(folder));
    const save = (text: string) => Deno.writeTextFile(`${there.folder}/a`, text);
    const digest = async () => {
      const entry = (await there.end.scan(nothing, signal)).entries.get("a");
      return entry?.kind === "file" ? entry.digest : "";
    };
    await save("3");
    assert.equal(await digest(), (await fileOf("3")).digest);
    await save("4");
    assert.equal(await digest(), (await fileOf("4")).digest);
    await save("5");
    const change = [await put("a", "6", await fileOf("4"))];
    assert.deepEqual(await ends(there, change, { a: "6" }), ["a: changed"]);
    assert.equal(await Deno.readTextFile(`${there.folder}/a`), "5");
    assert.equal(await digest(), (await fileOf("5")).digest);
    assert.deepEqual(
      await ends(there, [await put("a", "6", await fileOf("5"))], { a: "6" }),
      ["a: done"],
    );
    await save("7");
    assert.equal(await digest(), (await fileOf("7")).digest);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
