/** kodama as a single file: unpacked once, into a folder that only its owner can write to. */
import { otherThan, unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { makeSingleFile } from "../tools/single_file.ts";
import { builtSingleFile } from "./harness/built_kodama.ts";
import { TestFolder } from "./harness/test_folder.ts";
import { writeProgram } from "../src/base/testing/program_file.ts";

/** A C compiler and zlib's static library: what the file is made with. */
async function compilerMissing(): Promise<string | undefined> {
  const probe = new Deno.Command("sh", {
    args: ["-c", 'echo "int main(void){return 0;}" | cc -static -x c -o /dev/null - -lz'],
    stderr: "null",
  });
  const { success } = await probe.output();
  return success
    ? otherThan("linux")
    : "this machine has no C compiler with static libraries and zlib";
}

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Starts it with a cache of its own, or with other variables. */
async function start(
  program: string,
  cache: string | Readonly<Record<string, string>>,
  words: readonly string[],
): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...words],
    clearEnv: true,
    env: {
      PATH: "/usr/bin:/bin",
      ...(typeof cache === "string" ? { XDG_CACHE_HOME: cache } : cache),
    },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Returns the names of what is in a folder, sorted, without the lock of a cache. */
async function namesIn(folder: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return names.filter((name) => name !== ".lock").toSorted();
}

/** Returns the paths of the files below a folder. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const files = await Promise.all(
    entries.map(({ name, isDirectory }) =>
      isDirectory ? filesBelow(`${folder}/${name}`) : [`${folder}/${name}`]
    ),
  );
  return files.flat().toSorted();
}

/** Makes a single file whose Deno prints its args, and whose other files it names there. */
async function makeSmall(folder: string): Promise<string> {
  const bundled = `${folder}/bundled`;
  await Deno.mkdir(`${bundled}/workflows`, { recursive: true });
  await Deno.writeTextFile(`${bundled}/main.js`, "main\n");
  await Deno.writeTextFile(`${bundled}/empty.js`, "");
  await Deno.writeTextFile(`${bundled}/large.js`, "large\n".repeat(500_000));
  await Deno.writeTextFile(`${bundled}/workflows/a.yaml`, "steps: []\n");
  const deno = `${folder}/deno`;
  await writeProgram(deno, '#!/bin/sh\nfor word; do :; done\necho "$KODAMA_ARGV0 $word"\n');
  const path = `${folder}/small`;
  await makeSingleFile(path, { bundled, target: { compiler: ["cc"], deno } });
  return path;
}

Deno.test({
  ...unless(await compilerMissing(), "a single file unpacks itself once and starts kodama"),
  fn: async () => {
    await using folder = await TestFolder.open("kodama-single-file-test-");
    const file = `${folder.path}/kodama`;
    const cache = `${folder.path}/cache`;
    await Deno.copyFile(await builtSingleFile(), file);
    const { code, stdout, stderr } = await start(file, cache, ["version"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, /^kodama \d/);
    const [version = "", ...more] = await namesIn(`${cache}/kodama`);
    assert.match(version, /^[0-9a-f]{64}$/);
    assert.deepEqual(more, []);
    await Deno.symlink(file, `${folder.path}/kpod`);
    assert.match((await start(`${folder.path}/kpod`, cache, ["--help"])).stdout, /\bkpod\b/);
  },
});

Deno.test({
  ...unless(await compilerMissing(), "a single file keeps its cache whole, and safe"),
  fn: async (t) => {
    await using test = await TestFolder.open("kodama-single-file-test-");
    const folder = test.path;
    const file = await makeSmall(folder);
    const cache = `${folder}/cache`;
    const works = { code: 0, stdout: "small word\n", stderr: "" };
    assert.deepEqual(await start(file, cache, ["word"]), works);
    const [hash = ""] = await namesIn(`${cache}/kodama`);
    const version = `${cache}/kodama/${hash}`;
    const files = await filesBelow(version);
    assert.equal(files.length, 6);

    await t.step("a later start unpacks nothing", async () => {
      await Deno.writeTextFile(`${version}/marker`, "");
      const { ino } = await Deno.stat(`${version}/large.js`);
      assert.deepEqual(await start(file, cache, ["word"]), works);
      assert.equal((await Deno.stat(`${version}/large.js`)).ino, ino);
    });

    const damages: Readonly<Record<string, (path: string) => Promise<void>>> = {
      removed: (path) => Deno.remove(path),
      emptied: (path) => Deno.writeTextFile(path, "other length"),
      "not executable, or executable": async (path) => {
        await Deno.chmod(path, ((await Deno.stat(path)).mode ?? 0) ^ 0o100);
      },
    };
    for (const [kind, damage] of Object.entries(damages)) {
      await t.step(`each file in turn is ${kind}: the next start mends it`, async () => {
        for (const path of files) {
          await damage(path);
          assert.deepEqual(await start(file, cache, ["word"]), works, path);
          assert.deepEqual(await filesBelow(version), [...files, `${version}/marker`].toSorted());
        }
        assert.deepEqual(await namesIn(`${cache}/kodama`), [hash]);
      });
    }

    await t.step("a removed folder is mended, and a running kodama's version stays", async () => {
      const { ino } = await Deno.stat(version);
      await Deno.remove(`${version}/workflows`, { recursive: true });
      assert.deepEqual(await start(file, cache, ["word"]), works);
      assert.equal((await Deno.stat(version)).ino, ino);
    });

    await t.step("of 20 first starts at once one unpacks, and all work", async () => {
      const other = `${folder}/at-once`;
      // What a start that was killed has left is removed by the next one that unpacks.
      await Deno.mkdir(`${other}/kodama/.new-abcdef/workflows`, { recursive: true });
      await Deno.chmod(`${other}/kodama`, 0o700);
      const ended = await Promise.all(
        Array.from({ length: 20 }, () => start(file, other, ["word"])),
      );
      assert.deepEqual(ended, ended.map(() => works));
      assert.deepEqual(await namesIn(`${other}/kodama`), [hash]);
    });

    await t.step("a version that no process uses is removed by the next one", async () => {
      const [unused, used] = ["a", "b"].map((digit) => `${cache}/kodama/${digit.repeat(64)}`);
      await Deno.rename(version, unused ?? "");
      await Deno.mkdir(used ?? "");
      // As a running kodama: its lock is inherited by all that it starts.
      await using holder = new Deno.Command("flock", {
        args: ["--shared", "--no-fork", used ?? "", "sh", "-c", "echo held; exec cat"],
        stdin: "piped",
        stdout: "piped",
      }).spawn();
      const reader = holder.stdout.getReader();
      await reader.read();
      assert.equal((await start(file, cache, ["word"])).code, 0);
      assert.deepEqual(await namesIn(`${cache}/kodama`), [hash, "b".repeat(64)].toSorted());
      await holder.stdin.close();
      await reader.cancel();
    });

    await t.step(
      "without a home it unpacks into a folder of this user among the temporary",
      async () => {
        for (const home of [{}, { HOME: `${folder}/missing` }, { HOME: "/proc" }]) {
          const TMPDIR = await Deno.makeTempDir({ dir: folder });
          assert.deepEqual(await start(file, { ...home, TMPDIR }, ["word"]), works);
          assert.deepEqual(await namesIn(TMPDIR), [`kodama-${Deno.uid()}`]);
          assert.equal(
            ((await Deno.stat(`${TMPDIR}/kodama-${Deno.uid()}`)).mode ?? 0) & 0o777,
            0o700,
          );
        }
      },
    );

    await t.step("a cache that can't be made is an error with a way out", async () => {
      for (const variables of [{ XDG_CACHE_HOME: "/proc/none" }, { TMPDIR: "/proc" }]) {
        const { code, stdout, stderr } = await start(file, variables, ["word"]);
        assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
        assert.match(
          stderr,
          /^error: kodama can't unpack itself into \/proc\/.*\nhint: set XDG_CACHE_HOME /,
        );
      }
    });

    await t.step("what others can write to isn't run", async () => {
      await Deno.chmod(`${cache}/kodama`, 0o777);
      const { code, stdout, stderr } = await start(file, cache, ["word"]);
      assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
      const hint = `if its files are your own: chmod go-w '${cache}/kodama'`;
      assert.equal(stderr, `error: ${cache}/kodama can be written by others\nhint: ${hint}\n`);
      await Deno.chmod(`${cache}/kodama`, 0o700);
    });

    await t.step("a file in the place of the cache is an error, as is a link", async () => {
      await Deno.mkdir(`${folder}/other`);
      await Deno.symlink(`${cache}/kodama`, `${folder}/other/kodama`);
      const { code, stderr } = await start(file, `${folder}/other`, ["word"]);
      assert.equal(code, 1);
      assert.match(stderr, /^error: .*\/other\/kodama is not a folder\nhint: set XDG_CACHE_HOME /);
    });

    await t.step("a cut file says that it is damaged, and leaves nothing behind", async () => {
      const bytes = await Deno.readFile(file);
      const stream = bytes.length - 2000;
      bytes.fill(0, stream, stream + 200);
      const damaged = `${folder}/damaged`;
      await writeProgram(damaged, bytes);
      const { code, stderr } = await start(damaged, `${folder}/third`, ["word"]);
      assert.equal(code, 1);
      assert.match(stderr, /^error: kodama's file is damaged\nhint: download it again, /);
      assert.deepEqual(await namesIn(`${folder}/third/kodama`), []);
    });

    const owners = Deno.uid() === 0 ? undefined : "only root can own another user's home";
    await t.step({
      ...unless(owners, "root unpacks nothing into the home of another user"),
      fn: async () => {
        const HOME = `${folder}/home`;
        await Deno.mkdir(HOME);
        await Deno.chown(HOME, 1000, 1000);
        // A namespace of its own: /var/cache of this machine stays as it is.
        const line = 'mount -t tmpfs tmpfs /var/cache && "$@" && ls /var/cache/kodama';
        const { code, stdout, stderr } = await start(
          "unshare",
          { HOME },
          ["--mount", "sh", "-c", line, "sh", file, "word"],
        );
        assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
        assert.equal(stdout, `${works.stdout}${hash}\n`);
        assert.deepEqual(await namesIn(HOME), []);
      },
    });
  },
});
