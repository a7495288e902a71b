/**
 * The files of a release, as users get them: each is installed in a fresh Debian with nothing else (npm's: with nothing
 * but Node.js), runs what the README shows, is updated and removed.
 */
import assert from "node:assert/strict";
import { TestFolder } from "../harness/test_folder.ts";
import { copyBundle } from "../../tools/bundle.ts";
import { release } from "../../tools/release/release.ts";
import { releaseFiles } from "../../tools/release/check.ts";
import { npmName } from "../../tools/release/npm_package.ts";
import { runProgram } from "../../tools/release/run_program.ts";
import { makeSingleFile } from "../../tools/single_file.ts";
import { builtBundle } from "../harness/built_kodama.ts";
import { version } from "../../src/cli/version.ts";
import { DebianRoot } from "./debian_root.ts";
import { NpmRegistry } from "./npm_registry.ts";

const root = new URL("../../", import.meta.url);

const missing = await DebianRoot.missing();
// deno-lint-ignore no-console -- the only place where a skipped suite can give its reason
if (missing !== undefined) console.log(`skipped: ${missing}`);

/** The commands that the README shows: the cluster to try them on, and the block that is marked to be run. */
async function readmeScript(): Promise<string> {
  const page = await Deno.readTextFile(new URL("README.md", root));
  const cluster = /```sh\n(kodama cluster up[^]*?)```/.exec(page)?.[1];
  const commands = /```sh run\n([^]*?)```/.exec(page)?.[1];
  assert.ok(cluster !== undefined && commands !== undefined);
  return `kodama version\n${cluster}${commands}kodama cluster down\n`;
}

/** What the README's commands print, as far as it is the same everywhere. */
function assertReadme(output: string): void {
  assert.ok(output.startsWith(`kodama ${version} `), output);
  assert.match(output, /^---- cache-\[0-22\] \(23\)$[^]*^24 ok in /m);
  assert.match(output, /^result +4 ok in /m);
  assert.doesNotMatch(output, /^error:/m);
}

/** An older version of a package's folder: another number, and a file that the newer one doesn't have. */
async function makeOlder(folder: string, manifest: string): Promise<void> {
  const text = await Deno.readTextFile(`${folder}/${manifest}`);
  await Deno.writeTextFile(`${folder}/${manifest}`, text.replace(version, "0.0.9"));
}

Deno.test({
  name: "the files of a release",
  ignore: missing !== undefined,
  fn: async (t) => {
    await using work = await TestFolder.open("kodama-release-test-");
    const [out, again] = [`${work.path}/out`, `${work.path}/again`];
    const script = await readmeScript();

    await t.step("two builds are equal, byte by byte", async () => {
      const url = "https://code.example/kodama/releases/download/v1";
      const { names, unmade } = await release({ out, url });
      assert.deepEqual(unmade, []);
      assert.deepEqual(names.toSorted(), releaseFiles(version));
      await release({ out: again, url });
      const sums = (folder: string) => Deno.readTextFile(`${folder}/SHA256SUMS`);
      assert.equal(await sums(again), await sums(out));
      await Deno.remove(again, { recursive: true });
    });

    await t.step("npm: install, npx, the README's commands, update, removal", async () => {
      await using debian = await DebianRoot.open({ withNode: true });
      await using registry = await NpmRegistry.open();
      const older = `${work.path}/older`;
      await Deno.mkdir(older);
      await runProgram(["tar", "-xzf", `${out}/${npmName}-${version}.tgz`, "-C", older]);
      await makeOlder(`${older}/package`, "package.json");
      await Deno.writeTextFile(`${older}/package/lib/of-the-older.js`, "");
      await runProgram(["tar", "-czf", `${debian.path}/tmp/older.tgz`, "-C", older, "package"]);
      await Deno.copyFile(`${out}/${npmName}-${version}.tgz`, `${debian.path}/tmp/newer.tgz`);
      const before = await debian.files();
      const flags = `--silent --no-audit --no-fund --no-update-notifier --registry=${registry.url}`;
      const npx = await debian.run(`npx --yes ${flags} --package=/tmp/newer.tgz kodama version`, {
        as: "me",
      });
      assert.ok(npx.startsWith(`kodama ${version} `), npx);
      await debian.run(`npm install --global ${flags} /tmp/older.tgz`, { as: "root" });
      await debian.run(`npm install --global ${flags} /tmp/newer.tgz`, { as: "root" });
      assert.ok(!(await debian.files()).some((path) => path.endsWith("/of-the-older.js")));
      assertReadme(await debian.run(script, { as: "me" }));
      await debian.run(`npm uninstall --global ${flags} ${npmName}`, { as: "root" });
      assert.deepEqual(onlyIn(await debian.files(), before), ["./home/me/hostnames"]);
    });

    await t.step("single file: the README's commands, update, removal", async () => {
      await using debian = await DebianRoot.open();
      const { folder: bundled } = await builtBundle();
      const before = await debian.files();
      await Deno.copyFile(
        `${out}/kodama-${version}-linux-x64.tar.gz`,
        `${debian.path}/tmp/new.tgz`,
      );
      const olderBundle = `${work.path}/older-bundle`;
      await Deno.mkdir(olderBundle);
      await copyBundle(bundled, olderBundle);
      await Deno.writeTextFile(`${olderBundle}/of-the-older.js`, "");
      await makeSingleFile(`${debian.path}/tmp/older`, { bundled: olderBundle });
      const versions = "ls ~/.cache/kodama";
      const first = await debian.run(`/tmp/older version; ${versions}`, { as: "me" });
      await debian.run("tar -xzf /tmp/new.tgz -C /usr/local/bin kodama", { as: "root" });
      assertReadme(await debian.run(script, { as: "me" }));
      const [left, ...more] = (await debian.run(versions, { as: "me" })).trim().split("\n");
      assert.deepEqual(more, []);
      assert.ok(left !== undefined && !first.includes(left), "the older version was removed");
      await debian.run("rm /usr/local/bin/kodama", { as: "root" });
      await debian.run("rm -r ~/.cache/kodama && rmdir ~/.cache", { as: "me" });
      assert.deepEqual(onlyIn(await debian.files(), before), ["./home/me/hostnames"]);
    });

    await t.step("Debian package: install, the README's commands, update, removal", async () => {
      await using debian = await DebianRoot.open();
      const older = `${work.path}/older-debian`;
      const name = `kodama_${version}_amd64.deb`;
      await runProgram(["dpkg-deb", "-R", `${out}/${name}`, older]);
      await makeOlder(older, "DEBIAN/control");
      await Deno.writeTextFile(`${older}/usr/lib/kodama/of-the-older.js`, "");
      await runProgram(["dpkg-deb", "-Znone", "--build", older, `${debian.path}/tmp/older.deb`]);
      await Deno.copyFile(`${out}/${name}`, `${debian.path}/tmp/newer.deb`);
      const before = await debian.files();
      await debian.run("dpkg --install /tmp/older.deb", { as: "root" });
      await debian.run("dpkg --install /tmp/newer.deb", { as: "root" });
      assert.ok(!(await debian.files()).some((path) => path.endsWith("/of-the-older.js")));
      assertReadme(await debian.run(script, { as: "me" }));
      const names = await debian.run("kpod --help; kubectl-kodama --help", { as: "me" });
      assert.match(names, /\bkpod\b[^]*\bkubectl kodama\b/);
      await debian.run("dpkg --purge kodama", { as: "root" });
      assert.deepEqual(onlyIn(await debian.files(), before), ["./home/me/hostnames"]);
    });

    await t.step(
      "ARM: the executables of the single file and of the package are for it",
      async () => {
        const unpacked = `${work.path}/arm64`;
        await Deno.mkdir(unpacked);
        const archive = `${out}/kodama-${version}-linux-arm64.tar.gz`;
        await runProgram(["tar", "-xzf", archive, "-C", unpacked]);
        await runProgram(["dpkg-deb", "-x", `${out}/kodama_${version}_arm64.deb`, unpacked]);
        for (const path of ["kodama", "usr/lib/kodama/deno"]) {
          using file = await Deno.open(`${unpacked}/${path}`);
          const header = new Uint8Array(20);
          await file.read(header);
          // https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html: e_machine, 183 is AArch64.
          assert.equal(new DataView(header.buffer).getUint16(18, true), 183, path);
        }
      },
    );
  },
});

/** Returns what is in `files` and not in `before`, as paths of the topmost folders. */
function onlyIn(files: readonly string[], before: readonly string[]): string[] {
  const known = new Set(before);
  const added = files.filter((path) => !known.has(path));
  return added.filter((path) => !added.includes(path.slice(0, path.lastIndexOf("/"))));
}
