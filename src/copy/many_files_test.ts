/** Folders of many small files: made by a second thread here, compared and placed by a single exec in a pod. */
import assert from "node:assert/strict";
import { type TreeEntry, WholeBody } from "./entry.ts";
import { CopyFailure, type OpenCopyScript } from "./pod_script.ts";
import type { TreeSource } from "./source.ts";
import { sendTree } from "./to_pod.ts";
import { localCopyFiles } from "./local/files.ts";
import {
  assertNothingLeft,
  checksums,
  CountingMeter,
  download,
  treeAt,
  upload,
} from "./testing/copy_fixture.ts";
import { imageWith, openInImage } from "./testing/image_process.ts";
import { temporaryFolder } from "../files/testing/temporary_folder.ts";
import { writeProgram } from "../base/testing/program_file.ts";

const programs = ["cat", "cksum", "cut", "find", "mkdir", "mv", "rm", "sort", "stat", "tar", "wc"];
/** So many that the second thread has more than it takes at once. */
const many = 1500;

const encoder = new TextEncoder();

function fileEntry(path: string, text: string): TreeEntry {
  const bytes = encoder.encode(text);
  const body = new WholeBody(() => bytes);
  return {
    kind: "file",
    path: encoder.encode(path),
    mode: 0o644,
    mtime: 1,
    size: bytes.length,
    body,
  };
}

/** Files with sizes, modes and times of their own, names of which some come last as further names of the first. */
async function makeMany(root: string, files = many): Promise<void> {
  const modes = [0o600, 0o644, 0o755, 0o777, 0o400];
  await Deno.mkdir(root);
  for (let folder = 0; folder < 10; folder++) {
    await Deno.mkdir(`${root}/${folder}`);
    for (let file = 0; file < files / 10; file++) {
      const path = `${root}/${folder}/${file}`;
      Deno.writeTextFileSync(path, `${folder} ${file}\n`.repeat((file * 7) % 90));
      Deno.chmodSync(path, modes[file % modes.length] ?? 0o644);
      Deno.utimeSync(path, 1_000_000_000 + file, 1_000_000_000 + file);
    }
    Deno.linkSync(`${root}/0/1`, `${root}/${folder}/linked`);
  }
  await Deno.writeFile(`${root}/large`, new Uint8Array(300_000).fill(7));
}

/** The scripts that were started in the pod, in order. */
function listened(open: OpenCopyScript): { open: OpenCopyScript; scripts: string[] } {
  const scripts: string[] = [];
  return {
    scripts,
    open: (script, args) => {
      scripts.push(script);
      return open(script, args);
    },
  };
}

Deno.test("many small files go and come back as they were; into a pod by one exec", async () => {
  await using own = await temporaryFolder("kodama-copy-many-");
  const folder = own.path;
  await makeMany(`${folder}/tree`);
  const { open, scripts } = listened(openInImage(await imageWith(folder, programs), folder));
  const sent = await upload(`${folder}/tree`, { open, path: "remote", name: "tree" });
  assert.deepEqual([sent.files, sent.checksum], [many + 1, "cksum"]);
  assert.deepEqual(scripts, ["receiveFolder"]);
  const whole = await treeAt(`${folder}/tree`);
  assert.deepEqual(await treeAt(`${folder}/remote`), whole);
  const came = await download({ open, path: "remote" }, `${folder}/back`);
  assert.deepEqual([came.files, came.checksum], [many + 1, "cksum"]);
  assert.deepEqual(await treeAt(`${folder}/back`), whole);
  await assertNothingLeft(folder);
});

Deno.test("where nothing sorts in the pod, or a name makes a line of its own, it is compared here", async () => {
  await using own = await temporaryFolder("kodama-copy-many-");
  const folder = own.path;
  await Deno.mkdir(`${folder}/tree`);
  await Deno.writeTextFile(`${folder}/tree/plain`, "plain\n");
  const unsorted = await imageWith(folder, programs.filter((program) => program !== "sort"));
  const one = listened(openInImage(unsorted, folder));
  const sent = await upload(`${folder}/tree`, { open: one.open, path: "one", name: "tree" });
  assert.deepEqual([sent.checksum, sent.notes], ["cksum", []]);
  await Deno.writeTextFile(`${folder}/tree/a\nb`, "odd\n");
  const two = listened(openInImage(await imageWith(folder, programs), folder));
  await upload(`${folder}/tree`, { open: two.open, path: "two", name: "tree" });
  for (const { scripts } of [one, two]) assert.deepEqual(scripts, ["receiveFolder", "placeFolder"]);
  assert.deepEqual(await treeAt(`${folder}/two`), await treeAt(`${folder}/tree`));
});

Deno.test("a folder of which a file arrives with other bytes gets no place, and the file is named", async () => {
  await using own = await temporaryFolder("kodama-copy-many-");
  const folder = own.path;
  await makeMany(`${folder}/tree`, 100);
  const image = await imageWith(folder, programs.filter((program) => program !== "tar"));
  const damaging =
    `#!/bin/sh\nPATH=/usr/bin:/bin\ncase $* in *--version*) exec tar "$@" ;; esac\n` +
    `tar "$@" && echo other >"$2/tree/3/7"\n`;
  await writeProgram(`${image.path}/tar`, damaging);
  const open = openInImage(image, folder);
  await Deno.mkdir(`${folder}/there`);
  for (const path of ["remote", "there"]) {
    await assert.rejects(
      upload(`${folder}/tree`, { open, path, name: "." }),
      (error) => {
        assert.ok(error instanceof CopyFailure && "reason" in error.outcome);
        assert.equal(error.outcome.reason, "what arrived in the pod isn't what was sent: 3/7");
        return true;
      },
    );
  }
  await assert.rejects(Deno.lstat(`${folder}/remote`), Deno.errors.NotFound);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(`${folder}/there`)), []);
  await assertNothingLeft(folder);
});

Deno.test("a folder whose source turns out to be another gets no place", async () => {
  await using own = await temporaryFolder("kodama-copy-many-");
  const folder = own.path;
  const source: TreeSource = {
    kind: "tree",
    key: "key",
    checksum: undefined,
    bytes: undefined,
    async *entries() {
      yield await Promise.resolve(fileEntry("a", "a\n"));
    },
    finish: () => Promise.reject(new CopyFailure({ kind: "failed", exitCode: 1, reason: "other" })),
  };
  const { open, scripts } = listened(openInImage(await imageWith(folder, programs), folder));
  let ended: Promise<unknown> | undefined;
  const awaited: OpenCopyScript = async (script, args) => {
    const pod = await open(script, args);
    const dispose = pod[Symbol.asyncDispose].bind(pod);
    pod[Symbol.asyncDispose] = () => {
      ended = pod.closeInput().then(() => pod.done()).catch(() => {}).then(dispose);
      return Promise.resolve();
    };
    return pod;
  };
  const to = { open: awaited, path: "remote", name: "x", checksums: checksums() };
  await assert.rejects(sendTree(source, { ...to, meter: new CountingMeter() }), CopyFailure);
  await ended;
  assert.deepEqual(scripts, ["receiveFolder"]);
  await assert.rejects(Deno.lstat(`${folder}/remote`), Deno.errors.NotFound);
  await assertNothingLeft(folder);
});

Deno.test("of many files, one that can't be made is named, and nothing is left", async () => {
  await using own = await temporaryFolder("kodama-copy-many-");
  const { unpackFolder } = localCopyFiles();
  const putting = async () => {
    await using folder = await unpackFolder(`${own.path}/in/here`, "key");
    for (let index = 0; index < many; index++) {
      await folder.put(fileEntry(index === 700 ? "n".repeat(300) : `${index}`, "x\n"));
    }
    await folder.place();
  };
  await assert.rejects(putting(), /cannot write .*\/here\/n{300}: File name too long/);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(`${own.path}/in`)), []);
});

Deno.test("of many files, one that comes twice is what came later", async () => {
  await using own = await temporaryFolder("kodama-copy-many-");
  const { unpackFolder } = localCopyFiles();
  await using folder = await unpackFolder(`${own.path}/here`, "key");
  for (let index = 0; index < many; index++) await folder.put(fileEntry(`${index}`, "early\n"));
  for (const index of [3, 1499]) await folder.put(fileEntry(`${index}`, `late ${index}\n`));
  const large = { ...fileEntry("1498", "x".repeat(200_000)) };
  await folder.put(large);
  await folder.place();
  const sizes = ["3", "1499", "1498", "4"].map((name) =>
    Deno.statSync(`${own.path}/here/${name}`).size
  );
  assert.deepEqual(sizes, [7, 10, 200_000, 6]);
});
