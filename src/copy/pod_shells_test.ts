/** Copies through kodama's scripts in real shells, with the real tar of Debian and of busybox. */
import assert from "node:assert/strict";
import { lutimes } from "node:fs/promises";
import fc from "fast-check";
import { anyText } from "../base/testing/any_text.ts";
import { CopyFailure, type OpenCopyScript } from "./pod_script.ts";
import {
  assertNothingLeft,
  checksums,
  CountingMeter,
  download,
  files,
  treeAt,
  upload,
} from "./testing/copy_fixture.ts";
import { sendTree } from "./to_pod.ts";
import type { Cut } from "../kube/testing/process_channel.ts";
import { type ImageShell, imageShells } from "../kube/testing/image_shells.ts";
import { imageWith, openInImage, type TestImage } from "./testing/image_process.ts";
import { temporaryFolder } from "../files/testing/temporary_folder.ts";
import { writeProgram } from "../base/testing/program_file.ts";

/** A folder with an entry of each kind that is copied. */
async function makeTree(root: string): Promise<void> {
  await Deno.mkdir(`${root}/sub/deep`, { recursive: true });
  await Deno.mkdir(`${root}/empty folder`);
  await writeProgram(`${root}/-x`, "a dash\n");
  await Deno.writeTextFile(`${root}/new\nline`, "");
  await Deno.writeTextFile(`${root}/*`, "a star\n");
  await Deno.writeTextFile(`${root}/.hidden \\ "'$x`, "quotes\n");
  await Deno.writeTextFile(`${root}/${"l".repeat(250)}`, "long\n");
  await Deno.writeFile(`${root}/sub/deep/big`, crypto.getRandomValues(new Uint8Array(65_536)));
  await Deno.link(`${root}/-x`, `${root}/sub/hard`);
  await Deno.symlink("../-x", `${root}/sub/link`);
  await Deno.symlink(`/nowhere/${"t".repeat(200)}`, `${root}/dangling`);
  using sparse = await Deno.open(`${root}/sparse`, { write: true, create: true });
  await sparse.seek(3_000_000, Deno.SeekMode.Start);
  await sparse.write(new TextEncoder().encode("data behind a hole"));
  await sparse.truncate(9_000_000);
  await Deno.chmod(`${root}/sub`, 0o711);
  await Deno.utime(`${root}/-x`, 981_173_106, 981_173_106);
  await lutimes(`${root}/sub/link`, 981_173_106, 981_173_106);
  for (const folder of [`${root}/sub`, root]) await Deno.utime(folder, 981_173_106, 981_173_106);
}

const programs = Deno.makeTempDirSync({ prefix: "kodama-copy-images-" });
addEventListener("unload", () => Deno.removeSync(programs, { recursive: true }));
const images = await imageShells(programs);

for (const image of images) {
  Deno.test(`${image.name}: a folder goes and comes back as it was`, async () => {
    await using own = await temporaryFolder("kodama-copy-");
    const folder = own.path;
    await Deno.mkdir(`${folder}/remote`);
    await makeTree(`${folder}/tree`);
    const open = openInImage(image, folder);
    const sent = await upload(`${folder}/tree`, { open, path: `${folder}/remote`, name: "tree" });
    assert.ok(sent.files >= 7 && sent.checksum !== null, JSON.stringify(sent));
    const whole = await treeAt(`${folder}/tree`);
    const pod = await treeAt(`${folder}/remote/tree`);
    // busybox makes links when all else is done, without their times, which changes those of their folders.
    if (image.name === "busybox") {
      for (const path of ["dangling", "sub/link"]) pod[path] = whole[path] ?? "";
      for (const path of ["", "sub"]) {
        pod[path] = whole[path] ?? "";
        await Deno.utime(`${folder}/remote/tree/${path}`, 981_173_106, 981_173_106);
      }
    }
    assert.deepEqual(pod, whole);
    const came = await download({ open, path: "remote/tree" }, `${folder}/back`);
    assert.equal(came.failure, undefined);
    assert.deepEqual(await treeAt(`${folder}/back`), await treeAt(`${folder}/remote/tree`));
    for (const side of ["", "/remote"]) await assertNothingLeft(folder + side);
  });

  Deno.test(`${image.name}: into a folder that is there, what is new replaces what is old`, async () => {
    await using own = await temporaryFolder("kodama-copy-");
    const folder = own.path;
    await makeTree(`${folder}/tree`);
    for (const side of ["remote", "local"]) {
      await Deno.mkdir(`${folder}/${side}/sub`, { recursive: true });
      await Deno.writeTextFile(`${folder}/${side}/sub/kept`, "kept\n");
      await Deno.writeTextFile(`${folder}/${side}/-x`, "old\n");
      await Deno.symlink("/etc/passwd", `${folder}/${side}/*`);
    }
    const open = openInImage(image, folder);
    await upload(`${folder}/tree`, { open, path: "remote", name: "." });
    await download({ open, path: `${folder}/tree` }, `${folder}/local`);
    for (const side of ["remote", "local"]) {
      const at = (name: string) => Deno.readTextFile(`${folder}/${side}/${name}`);
      assert.deepEqual([await at("sub/kept"), await at("-x"), await at("*")], [
        "kept\n",
        "a dash\n",
        "a star\n",
      ]);
      assert.equal((await Deno.lstat(`${folder}/${side}/*`)).isSymlink, false);
      await assertNothingLeft(`${folder}/${side}`);
    }
  });

  Deno.test(`${image.name}: another kind in the way changes nothing`, async () => {
    await using own = await temporaryFolder("kodama-copy-");
    const folder = own.path;
    await Deno.mkdir(`${folder}/tree/b`, { recursive: true });
    await Deno.writeTextFile(`${folder}/tree/a`, "new\n");
    for (const side of ["remote", "local"]) {
      await Deno.mkdir(`${folder}/${side}`);
      await Deno.writeTextFile(`${folder}/${side}/a`, "old\n");
      // A link to a folder isn't a folder: nothing is written through it.
      await Deno.symlink("/tmp", `${folder}/${side}/b`);
    }
    const open = openInImage(image, folder);
    await assert.rejects(
      upload(`${folder}/tree`, { open, path: "remote", name: "." }),
      failure(/\/b exists in the pod and is not a directory/),
    );
    await assert.rejects(download({ open, path: "tree" }, `${folder}/local`), /is not a folder/);
    for (const side of ["remote", "local"]) {
      assert.equal(await Deno.readTextFile(`${folder}/${side}/a`), "old\n");
      await assertNothingLeft(`${folder}/${side}`);
    }
  });

  Deno.test(`${image.name}: a file whose link breaks goes on where it was, both ways`, async () => {
    await using own = await temporaryFolder("kodama-copy-");
    const folder = own.path;
    const bytes = crypto.getRandomValues(new Uint8Array(65_536));
    const size = 40 * bytes.length;
    {
      using file = await Deno.open(`${folder}/file`, { write: true, create: true, mode: 0o640 });
      for (let at = 0; at < 40; at++) await file.write(bytes);
    }
    await Deno.mkdir(`${folder}/remote`);
    const cuts: Cut[] = [{ afterInput: size / 2 }, {}, {}];
    const cutting = openInImage(image, folder, () => cuts.shift() ?? {});
    const to = { open: cutting, path: "remote/", name: "file" };
    await assert.rejects(upload(`${folder}/file`, to), again);
    assert.deepEqual(await namesIn(`${folder}/remote`), ["part"]);
    const meter = new CountingMeter();
    const sent = await upload(`${folder}/file`, { ...to, meter });
    assert.ok(sent.resumedBytes > 0 && sent.resumedBytes <= size / 2, `${sent.resumedBytes}`);
    assert.equal(meter.movedBytes, size - sent.resumedBytes);

    const cutsBack: Cut[] = [{ afterOutput: size / 2 }, {}];
    const open = openInImage(image, folder, () => cutsBack.shift() ?? {});
    await Deno.mkdir(`${folder}/back`);
    await assert.rejects(download({ open, path: "remote/file" }, `${folder}/back/file`), again);
    assert.deepEqual(await namesIn(`${folder}/back`), ["part"]);
    const came = await download({ open, path: "remote/file" }, `${folder}/back/file`);
    assert.equal(came.resumedBytes, size / 2);
    const whole = await treeAt(`${folder}/file`);
    assert.deepEqual(await treeAt(`${folder}/remote/file`), whole);
    assert.deepEqual(await treeAt(`${folder}/back/file`), whole);
  });

  Deno.test(`${image.name}: what an attempt has left of another file is not gone on from`, async () => {
    await using own = await temporaryFolder("kodama-copy-");
    const folder = own.path;
    await Deno.writeTextFile(`${folder}/file`, "the right bytes\n".repeat(100_000));
    await Deno.mkdir(`${folder}/remote`);
    const cuts: Cut[] = [{ afterInput: 1_000_000 }];
    const open = openInImage(image, folder, () => cuts.shift() ?? {});
    await assert.rejects(upload(`${folder}/file`, { open, path: "remote", name: "file" }), again);
    for await (const { name } of Deno.readDir(`${folder}/remote`)) {
      using part = await Deno.open(`${folder}/remote/${name}`, { write: true });
      assert.ok((await part.stat()).size > 500_000);
      await part.write(new TextEncoder().encode("T"));
    }
    const sent = await upload(`${folder}/file`, { open, path: "remote", name: "file" });
    assert.equal(sent.resumedBytes, 0);
    assert.deepEqual(await treeAt(`${folder}/remote/file`), await treeAt(`${folder}/file`));

    const back = `${folder}/back`;
    await Deno.mkdir(back);
    const cutsBack: Cut[] = [{ afterOutput: 1_000_000 }];
    const from = openInImage(image, folder, () => cutsBack.shift() ?? {});
    const downloadAgain = () => download({ open: from, path: "remote/file" }, `${back}/file`);
    await assert.rejects(downloadAgain(), again);
    for await (const { name } of Deno.readDir(back)) {
      using part = await Deno.open(`${back}/${name}`, { write: true });
      await part.write(new TextEncoder().encode("T"));
    }
    // Another beginning ends an attempt; the next has nothing to resume from.
    await assert.rejects(downloadAgain(), again);
    assert.equal((await downloadAgain()).resumedBytes, 0);
    assert.deepEqual(await treeAt(`${back}/file`), await treeAt(`${folder}/file`));
  });

  Deno.test(`${image.name}: who still writes for a link that broke does no harm`, async () => {
    await using own = await temporaryFolder("kodama-copy-");
    const folder = own.path;
    const bytes = crypto.getRandomValues(new Uint8Array(65_536));
    {
      using file = await Deno.open(`${folder}/file`, { write: true, create: true });
      for (let at = 0; at < 40; at++) await file.write(bytes);
    }
    await Deno.mkdir(`${folder}/remote`);
    let asked: readonly string[] = [];
    const broken = openInImage(image, folder, () => ({ afterInput: 10 }));
    const listening: OpenCopyScript = (script, args) => broken(script, asked = args);
    const to = { path: "remote/file", name: "file" };
    await assert.rejects(upload(`${folder}/file`, { open: listening, ...to }), again);
    const open = openInImage(image, folder);
    await using left = await open("receiveFile", asked);
    await left.expect("have");
    await left.write("0\n");
    for (let at = 0; at < 10; at++) await left.write(bytes);
    class Waking extends CountingMeter {
      override moved(count: number): void {
        const before = this.movedBytes;
        super.moved(count);
        const half = 20 * bytes.length;
        if (before < half && this.movedBytes >= half) {
          left.write(bytes).then(() => left.closeInput());
        }
      }
    }
    await upload(`${folder}/file`, { open, ...to, meter: new Waking() });
    await left.done().catch(() => {});
    assert.deepEqual(await treeAt(`${folder}/remote/file`), await treeAt(`${folder}/file`));
    await assertNothingLeft(`${folder}/remote`);
  });

  Deno.test(`${image.name}: a folder whose link breaks leaves nothing, wherever it breaks`, async () => {
    await using own = await temporaryFolder("kodama-copy-");
    const folder = own.path;
    await makeTree(`${folder}/tree`);
    await Deno.mkdir(`${folder}/remote`);
    for (const at of [1, 512, 10_240, 65_536]) {
      const broken = openInImage(image, folder, () => ({ afterInput: at, afterOutput: at }));
      await assert.rejects(
        upload(`${folder}/tree`, { open: broken, path: "remote", name: "tree" }),
        again,
      );
      await assert.rejects(
        download({ open: broken, path: "tree" }, `${folder}/remote/back`),
        again,
      );
      assert.deepEqual(await namesIn(`${folder}/remote`), []);
    }
  });

  Deno.test(`${image.name}: what isn't there, or is in the way, is said`, async () => {
    await using own = await temporaryFolder("kodama-copy-");
    const folder = own.path;
    await Deno.writeTextFile(`${folder}/file`, "x\n");
    await Deno.mkdir(`${folder}/tree`);
    const open = openInImage(image, folder);
    const send = (from: string, path: string) =>
      upload(`${folder}/${from}`, { open, path, name: from });
    await assert.rejects(
      download({ open, path: "nothing" }, `${folder}/back`),
      failure(/no such file or directory in the pod/),
    );
    await assert.rejects(
      download({ open, path: "/dev/null" }, `${folder}/back`),
      failure(/neither a file nor a directory/),
    );
    await assert.rejects(
      send("file", "nothing/"),
      failure(/^directory .* does not exist in the pod/),
    );
    await assert.rejects(
      send("file", "no/such"),
      failure(/^the parent directory .* does not exist in the pod/),
    );
    await assert.rejects(send("tree", "file"), failure(/is not a directory/));
    await Deno.mkdir(`${folder}/remote/file`, { recursive: true });
    await assert.rejects(send("file", "remote"), failure(/is a directory/));
    await assert.rejects(
      send("tree", "/proc"),
      failure(/kodama-|Permission|No such file|not permitted/i),
    );
  });

  Deno.test(`${image.name}: names of any byte go from one pod to another`, async () => {
    await using own = await temporaryFolder("kodama-copy-");
    const folder = own.path;
    await Deno.mkdir(`${folder}/from`);
    const made = await new Deno.Command("sh", {
      args: [
        "-c",
        `cd "$0" && printf one >"$(printf 'a\\377b')" && touch -d @1000000000 a* &&
        ln -s "$(printf '\\376')" "$(printf '\\375')"`,
        `${folder}/from`,
      ],
    }).output();
    assert.equal(made.code, 0);
    const open = openInImage(image, folder);
    const { openPodSource } = await import("./from_pod.ts");
    const { sendTree } = await import("./to_pod.ts");
    const { checksums } = await import("./testing/copy_fixture.ts");
    await using opened = await openPodSource({
      open,
      path: "from",
      checksums: checksums(),
      identity: "",
    });
    assert.ok(opened.source.kind === "tree");
    const to = {
      open,
      path: "to",
      name: "from",
      checksums: checksums(),
      meter: new CountingMeter(),
    };
    await sendTree(opened.source, to);
    // Not the times of links: busybox's tar doesn't set them.
    const listing = async (name: string) =>
      (await new Deno.Command("sh", {
        args: [
          "-c",
          `cd "$0" && find . -type f -printf '%f %m %T@\\n' -o -printf '%f %y %l\\n' | LC_ALL=C sort`,
          `${folder}/${name}`,
        ],
      }).output()).stdout;
    const listed = await listing("from");
    assert.match(new TextDecoder().decode(listed), /b \d+ 1000000000\.0*\n/);
    assert.deepEqual(await listing("to"), listed);
    const came = await download({ open, path: "from" }, `${folder}/here`);
    assert.match(came.notes.join("\n"), /aren't UTF-8 are kept as .*\\xFF/);
    assert.equal(await Deno.readTextFile(`${folder}/here/a\\xFFb`), "one");
  });
}

Deno.test("random trees round-trip through every shell and tar", async () => {
  await using own = await temporaryFolder("kodama-copy-");
  const name = anyText({ minLength: 1 })
    .map((text) => text.toWellFormed().replace(/[\0/]/g, "_"))
    .filter((text) => ![".", ".."].includes(text) && new TextEncoder().encode(text).length < 250);
  const tree = fc.dictionary(
    name,
    fc.oneof(
      fc.uint8Array({ maxLength: 2000 }),
      fc.dictionary(name, fc.uint8Array({ maxLength: 100 }), { maxKeys: 3 }),
    ),
    { maxKeys: 5 },
  );
  let turn = 0;
  await fc.assert(
    fc.asyncProperty(tree, async (content) => {
      turn += 1;
      const image = images[turn % images.length];
      if (image === undefined) return;
      const folder = `${own.path}/${turn}`;
      await Deno.mkdir(`${folder}/tree`, { recursive: true });
      for (const [path, one] of Object.entries(content)) {
        if (one instanceof Uint8Array) await Deno.writeFile(`${folder}/tree/${path}`, one);
        else {
          await Deno.mkdir(`${folder}/tree/${path}`);
          for (const [inner, bytes] of Object.entries(one)) {
            await Deno.writeFile(`${folder}/tree/${path}/${inner}`, bytes);
          }
        }
      }
      const open = openInImage(image, folder);
      await upload(`${folder}/tree`, { open, path: "remote", name: "tree" });
      await download({ open, path: "remote" }, `${folder}/back`);
      assert.deepEqual(await treeAt(`${folder}/back`), await treeAt(`${folder}/tree`));
    }),
    { numRuns: 40 },
  );
});

Deno.test("an image with a shell and cat alone gives single files; what it lacks is named", async () => {
  await using own = await temporaryFolder("kodama-copy-");
  const folder = own.path;
  await Deno.writeTextFile(`${folder}/file`, "content\n".repeat(1000));
  await Deno.mkdir(`${folder}/tree`);
  const bare = openInImage(await imageWith(folder, ["cat"]), folder);
  const came = await download({ open: bare, path: "file" }, `${folder}/back`);
  assert.equal(came.bytes, 8000);
  assert.equal(
    await Deno.readTextFile(`${folder}/back`),
    await Deno.readTextFile(`${folder}/file`),
  );
  await assert.rejects(
    download({ open: bare, path: "tree" }, `${folder}/x`),
    failure(/no tar, which folders need/),
  );
  await assert.rejects(
    upload(`${folder}/file`, { open: bare, path: "copy", name: "file" }),
    failure(/no mv/),
  );
  const few = openInImage(await imageWith(folder, ["cat", "wc", "mv", "rm"]), folder);
  const sent = await upload(`${folder}/file`, { open: few, path: "copy", name: "file" });
  assert.equal(sent.checksum, null);
  assert.equal(
    await Deno.readTextFile(`${folder}/copy`),
    await Deno.readTextFile(`${folder}/file`),
  );
});

Deno.test("a disk that is full is named, and what was there stays", async () => {
  await using own = await temporaryFolder("kodama-copy-");
  const folder = own.path;
  const mounted = await new Deno.Command("unshare", {
    args: ["-m", "sh", "-c", `mount -t tmpfs -o size=256k none "$0" && exit 0`, folder],
    stdout: "null",
    stderr: "null",
  }).output().catch(() => undefined);
  if (mounted?.code !== 0) return;
  await Deno.writeFile(`${folder}/file`, new Uint8Array(3_000_000).fill(1));
  await Deno.mkdir(`${folder}/tree`);
  await Deno.rename(`${folder}/file`, `${folder}/tree/file`);
  await Deno.mkdir(`${folder}/remote`);
  const image = images[0];
  assert.ok(image);
  // Each script gets a file system of its own, with room for a quarter of the file.
  const small = {
    ...image,
    args: [
      "/usr/bin/unshare",
      "-m",
      "sh",
      "-c",
      `mount -t tmpfs -o size=256k none "${folder}/remote" && exec "$@"`,
      "small",
      ...image.args,
    ],
  };
  const open = openInImage(small, folder);
  await assert.rejects(
    upload(`${folder}/tree`, { open, path: "remote", name: "tree" }),
    failure(/No space left on device/),
  );
  await assert.rejects(
    upload(`${folder}/tree/file`, { open, path: "remote", name: "file" }),
    failure(/No space left on device/),
  );
});

for (
  const [program, script, reason] of [
    ["mv", 'echo "mv: cannot move: Device or resource busy" >&2; exit 1', /resource busy/],
    ["dd", 'echo "dd: error writing: No space left on device" >&2; exit 1', /No space left/],
  ] as const
) {
  Deno.test(`a file that the pod's ${program} refuses leaves nothing`, async () => {
    await using own = await temporaryFolder("kodama-copy-");
    const folder = own.path;
    await Deno.writeFile(`${folder}/file`, new Uint8Array(3_000_000).fill(1));
    await Deno.mkdir(`${folder}/remote`);
    const programs = ["cat", "cksum", "chmod", "dd", "head", "mv", "rm", "stat", "touch"];
    const image = await imageWith(folder, programs.filter((one) => one !== program));
    // Whether it takes the options is asked with no data.
    const known = program === "dd" ? 'case $* in *count=0*) exec /bin/dd "$@" ;; esac\n' : "";
    await writeProgram(`${image.path}/${program}`, `#!/bin/sh\n${known}${script}\n`);
    const open = openInImage(image, folder);
    const sending = upload(`${folder}/file`, { open, path: "remote/file", name: "file" });
    await assert.rejects(sending, failure(reason));
    assert.deepEqual(await namesIn(`${folder}/remote`), []);
  });
}

Deno.test("a folder that an attempt has placed is placed there again, and not in it", async () => {
  await using own = await temporaryFolder("kodama-copy-");
  const folder = own.path;
  await makeTree(`${folder}/tree`);
  await Deno.mkdir(`${folder}/remote`);
  const [image] = images;
  assert.ok(image);
  for (const path of ["remote/new", "remote"]) {
    const to = {
      open: openInImage(image, folder),
      ...{ path, name: "tree", checksums: checksums(), meter: new CountingMeter() },
    };
    const send = async () => {
      const source = await files.source(`${folder}/tree`);
      assert.ok(source.kind === "tree");
      await sendTree(source, to);
    };
    await send();
    const placed = Object.keys(await treeAt(`${folder}/remote`));
    await send();
    assert.deepEqual(Object.keys(await treeAt(`${folder}/remote`)), placed);
  }
});

/** Debian's programs, but a tar behind which something happens to the file `$CHANGED`. */
async function imageWhereTarIsFollowedBy(
  folder: string,
  command: string,
  { isGnu = true } = {},
): Promise<TestImage> {
  await Deno.mkdir(folder, { recursive: true });
  const image = await imageWith(folder, ["cat", "cksum", "find", "head", "stat", "tail"]);
  const version = isGnu ? 'exec tar "$@"' : "exit 1";
  const script = `#!/bin/sh\nPATH=/usr/bin:/bin\ncase $* in *--version*) ${version} ;; esac\n` +
    `tar "$@"\ncode=$?\n${command}\nexit $code\n`;
  await writeProgram(`${image.path}/tar`, script);
  return image;
}

Deno.test("a log that grows is copied as long as it was; a file that changes is an error", async () => {
  await using own = await temporaryFolder("kodama-copy-");
  const folder = own.path;
  await Deno.mkdir(`${folder}/tree`);
  await Deno.writeTextFile(`${folder}/tree/log`, "first\n");
  const grows = await imageWhereTarIsFollowedBy(folder, `echo more >>${folder}/tree/log`);
  const from = { open: openInImage(grows, folder), path: "tree" };
  const came = await download(from, `${folder}/back`);
  assert.equal(await Deno.readTextFile(`${folder}/back/log`), "first\n");
  assert.match(came.notes.join(), /they grew: log/);
  const changes = await imageWhereTarIsFollowedBy(folder, `echo other >${folder}/tree/log`);
  const changed = download({ open: openInImage(changes, folder), path: "tree" }, `${folder}/other`);
  await assert.rejects(changed, failure(/changed in the pod while they were copied: log/));
  await assert.rejects(Deno.lstat(`${folder}/other`), Deno.errors.NotFound);
});

for (
  const [what, filter, up, down] of [
    ["with other bytes", "tr r R", /isn't what was sent/, /the checksums differ/],
    ["with its end missing", "head -c 5000", /only 5000 of 16000 bytes/, /became shorter/],
  ] as const
) {
  Deno.test(`a file that arrives ${what} isn't taken for the file, either way`, async () => {
    await using own = await temporaryFolder("kodama-copy-");
    const folder = own.path;
    await Deno.writeTextFile(`${folder}/file`, "the right bytes\n".repeat(1000));
    for (const side of ["remote", "local"]) await Deno.mkdir(`${folder}/${side}`);
    const image = await imageWith(folder, ["cksum", "mv", "rm", "stat"]);
    const cat =
      `#!/bin/sh\nPATH=/usr/bin:/bin\n[ "$#" = 0 ] || exec <"$1"\n${filter}\nexec cat >/dev/null\n`;
    await writeProgram(`${image.path}/cat`, cat);
    const open = openInImage(image, folder);
    const sending = upload(`${folder}/file`, { open, path: "remote/file", name: "file" });
    await assert.rejects(sending, failure(up));
    await assert.rejects(download({ open, path: "file" }, `${folder}/local/file`), failure(down));
    for (const side of ["remote", "local"]) {
      await assert.rejects(Deno.lstat(`${folder}/${side}/file`), Deno.errors.NotFound);
      await assertNothingLeft(`${folder}/${side}`);
    }
  });
}

Deno.test("a sparse file comes with its holes, and is compared", async () => {
  await using own = await temporaryFolder("kodama-copy-");
  const folder = own.path;
  {
    using file = await Deno.open(`${folder}/sparse`, { write: true, create: true });
    await file.truncate(50_000_000);
    await file.seek(20_000_000, Deno.SeekMode.Start);
    await file.write(new TextEncoder().encode("data behind a hole"));
  }
  const [image] = images;
  assert.ok(image);
  const meter = new CountingMeter();
  const open = openInImage(image, folder);
  const came = await download({ open, path: "sparse" }, `${folder}/back`, meter);
  assert.deepEqual([came.bytes, came.checksum], [50_000_000, "cksum"]);
  assert.ok(meter.movedBytes < 1_000_000, `${meter.movedBytes}`);
  assert.deepEqual(await treeAt(`${folder}/back`), await treeAt(`${folder}/sparse`));
  assert.ok(((await Deno.stat(`${folder}/back`)).blocks ?? 0) * 512 < 1_000_000);
});

Deno.test("what a tar couldn't read counts, with checksums and without", async () => {
  await using own = await temporaryFolder("kodama-copy-");
  const folder = own.path;
  await Deno.mkdir(`${folder}/tree`);
  await Deno.writeTextFile(`${folder}/tree/file`, "x\n");
  using sparse = await Deno.open(`${folder}/sparse`, { write: true, create: true });
  await sparse.truncate(50_000_000);
  const image = await imageWhereTarIsFollowedBy(folder, "echo tar: lost: Denied >&2; code=2");
  const open = openInImage(image, folder);
  for (const choice of ["auto", "none"] as const) {
    const came = await download({ open, path: "tree", choice }, `${folder}/back-${choice}`);
    assert.equal(came.failure, "tar: lost: Denied");
  }
  // busybox's exit code for it is 1, which GNU's has for files that changed.
  const other = await imageWhereTarIsFollowedBy(
    `${folder}/other`,
    "echo lost: Denied >&2; code=1",
    {
      isGnu: false,
    },
  );
  for (const choice of ["auto", "none"] as const) {
    const from = { open: openInImage(other, folder), path: "tree", choice };
    assert.equal((await download(from, `${folder}/other-${choice}`)).failure, "lost: Denied");
  }
  const alone = download({ open, path: "sparse", choice: "none" }, `${folder}/back`);
  await assert.rejects(alone, failure(/tar: lost: Denied/));
  await assert.rejects(Deno.lstat(`${folder}/back`), Deno.errors.NotFound);
});

for (const image of images) {
  Deno.test(`${image.name}: small files come in few pieces, and what sends them ends with the link`, async () => {
    await using own = await temporaryFolder("kodama-copy-");
    const folder = own.path;
    await Deno.mkdir(`${folder}/tree`);
    for (let file = 0; file < 500; file++) Deno.writeTextFileSync(`${folder}/tree/${file}`, "x\n");
    const begin = async (sender: ImageShell) => {
      const pod = await openInImage(sender, folder)("send", ["", `${folder}/tree`]);
      await pod.expect("folder");
      await pod.write("archive\n");
      return pod;
    };
    {
      await using pod = await begin(image);
      const sizes: number[] = [];
      for await (const { length } of pod.data()) sizes.push(length);
      const bytes = sizes.reduce((sum, one) => sum + one, 0);
      assert.ok(bytes >= 500 * 1024 && sizes.length <= 2 * bytes / 65_536 + 2, `${sizes.length}`);
    }
    // Its tar never ends by itself: only the end of the link can end it.
    const endless =
      `#!/bin/sh\nPATH=${image.path}\ncase $* in *--version*) exec tar "$@" ;; esac\n` +
      'tar "$@"\nexec cat /dev/zero\n';
    await Deno.mkdir(`${folder}/programs`);
    await writeProgram(`${folder}/programs/tar`, endless);
    await using pod = await begin({ ...image, path: `${folder}/programs:${image.path}` });
    await pod.closeInput();
    await assert.rejects(pod.done(), CopyFailure);
  });
}

Deno.test("a file that changes here while it is copied is an error", async () => {
  await using own = await temporaryFolder("kodama-copy-");
  const folder = own.path;
  await Deno.writeFile(`${folder}/file`, new Uint8Array(1_000_000));
  const [image] = images;
  assert.ok(image);
  class Touching extends CountingMeter {
    override moved(bytes: number): void {
      super.moved(bytes);
      Deno.utimeSync(`${folder}/file`, 1, 1);
    }
  }
  const to = {
    open: openInImage(image, folder),
    path: "copy",
    name: "file",
    meter: new Touching(),
  };
  await assert.rejects(upload(`${folder}/file`, to), /changed while it was copied/);
  await assert.rejects(Deno.lstat(`${folder}/copy`), Deno.errors.NotFound);
});

Deno.test("a pod that floods instead of answering is refused", async () => {
  await using own = await temporaryFolder("kodama-copy-");
  const folder = own.path;
  await Deno.writeTextFile(`${folder}/file`, "x\n");
  for (const flood of ["exec yes", "while :; do echo kodama: >&2; printf %01024d 0; done"]) {
    const shell = ["/bin/sh", "-c", flood];
    const path = "/usr/bin:/bin";
    const open = openInImage({ name: "hostile", args: shell, path, endless: true }, folder);
    const to = { open, path: "copy", name: "file" };
    await assert.rejects(upload(`${folder}/file`, to), failure(/was not requested/));
    await assert.rejects(
      download({ open, path: "x" }, `${folder}/x`),
      failure(/was not requested/),
    );
  }
});

async function namesIn(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.map(({ name }) => name.split(".").at(-1) ?? "").sort();
}

function failure(reason: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof CopyFailure, String(error));
    assert.ok(error.outcome.kind === "failed", JSON.stringify(error.outcome));
    assert.match(error.outcome.reason ?? "", reason);
    return true;
  };
}

function again(error: unknown): true {
  assert.ok(error instanceof CopyFailure, String(error));
  assert.deepEqual(
    [error.outcome.kind, error.again],
    ["unknown", true],
    JSON.stringify(error.outcome),
  );
  return true;
}
