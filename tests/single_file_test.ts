/** kodama as a single file: unpacked once, into a folder that only its owner can write to. */
import { otherThan, unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { builtSingleFile } from "./harness/built_kodama.ts";
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

async function start(program: string, cache: string, words: readonly string[]): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...words],
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", XDG_CACHE_HOME: cache },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test({
  ...unless(await compilerMissing(), "a single file unpacks itself once and starts kodama"),
  fn: async (t) => {
    const folder = await Deno.makeTempDir({ prefix: "kodama-single-file-test-" });
    const file = `${folder}/kodama`;
    const cache = `${folder}/cache`;
    try {
      await Deno.copyFile(await builtSingleFile(), file);

      await t.step("its first start leaves one version in the cache", async () => {
        const { code, stdout, stderr } = await start(file, cache, ["version"]);
        assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
        assert.match(stdout, /^kodama \d/);
        const versions = await Array.fromAsync(Deno.readDir(`${cache}/kodama`));
        assert.equal(versions.length, 1);
        assert.match(versions[0]?.name ?? "", /^[0-9a-f]{64}$/);
      });

      await t.step("a later start unpacks nothing", async () => {
        const [version] = await Array.fromAsync(Deno.readDir(`${cache}/kodama`));
        const marker = `${cache}/kodama/${version?.name}/marker`;
        await Deno.writeTextFile(marker, "");
        assert.equal((await start(file, cache, ["version"])).code, 0);
        assert.ok((await Deno.stat(marker)).isFile);
      });

      await t.step("a version that no process uses is removed by the next one", async () => {
        const [version] = await Array.fromAsync(Deno.readDir(`${cache}/kodama`));
        const current = `${cache}/kodama/${version?.name}`;
        const [unused, used] = ["a", "b"].map((digit) => `${cache}/kodama/${digit.repeat(64)}`);
        await Deno.rename(current, unused ?? "");
        await Deno.mkdir(used ?? "");
        // As a running kodama: its lock is inherited by all that it starts.
        await using holder = new Deno.Command("flock", {
          args: ["--shared", "--no-fork", used ?? "", "sh", "-c", "echo held; exec cat"],
          stdin: "piped",
          stdout: "piped",
        }).spawn();
        const reader = holder.stdout.getReader();
        await reader.read();
        assert.equal((await start(file, cache, ["version"])).code, 0);
        const left = await Array.fromAsync(Deno.readDir(`${cache}/kodama`), ({ name }) => name);
        const expected = [version?.name ?? "", "b".repeat(64)];
        assert.deepEqual(left.toSorted(), expected.toSorted());
        await holder.stdin.close();
        await reader.cancel();
      });

      await t.step("a link by the name of another command is that command", async () => {
        await Deno.symlink(file, `${folder}/kpod`);
        const { code, stdout } = await start(`${folder}/kpod`, cache, ["--help"]);
        assert.equal(code, 0);
        assert.match(stdout, /\bkpod\b/);
      });

      await t.step("what others can write to isn't run", async () => {
        await Deno.chmod(`${cache}/kodama`, 0o777);
        const { code, stdout, stderr } = await start(file, cache, ["version"]);
        assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
        assert.equal(stderr, `error: ${cache}/kodama can be written by others\n`);
        await Deno.chmod(`${cache}/kodama`, 0o700);
      });

      await t.step("a file in the place of the cache is an error, as is a link", async () => {
        await Deno.mkdir(`${folder}/other`);
        await Deno.symlink(`${cache}/kodama`, `${folder}/other/kodama`);
        const { code, stderr } = await start(file, `${folder}/other`, ["version"]);
        assert.equal(code, 1);
        assert.equal(stderr, `error: ${folder}/other/kodama is not a folder\n`);
      });

      await t.step(
        "a cut file says that it is damaged, and leaves nothing behind",
        async () => {
          const bytes = await Deno.readFile(file);
          const middle = bytes.length >> 1;
          bytes.fill(0, middle, middle + 4096);
          const damaged = `${folder}/damaged`;
          await writeProgram(damaged, bytes);
          const { code, stderr } = await start(damaged, `${folder}/third`, ["version"]);
          assert.deepEqual({ code, stderr }, {
            code: 1,
            stderr: "error: kodama's file is damaged\n",
          });
          const left = await Array.fromAsync(Deno.readDir(`${folder}/third/kodama`));
          assert.deepEqual(left, []);
        },
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
