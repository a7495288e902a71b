/** The far end when what arrives is damaged, has no room, or isn't alone: nothing gets a name that it shouldn't. */
import assert from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import type { PodEndpoint } from "./endpoint.ts";
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

const { signal } = new AbortController();

async function names(folder: string): Promise<string[]> {
  const all = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return all.filter((name) => !name.startsWith(".kodama-sync-")).sort();
}

/** The bytes with one of a text's other than it was. */
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
        message: /\.kodama-sync-… in the pod was removed while it was in use/,
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
  await Deno.writeTextFile(`${folder}/tar`, tar, { mode: 0o755 });
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
