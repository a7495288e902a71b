import assert from "node:assert/strict";
import { KodamaError } from "../base/errors.ts";
import { unless } from "../base/testing/unless.ts";
import { localFiles } from "./files.ts";

/** Runs with a folder that is removed after the test. */
async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kodama-files-" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const isConfigError = (error: unknown) => error instanceof KodamaError && error.kind === "config";

Deno.test("changes at once are all made, each to what the one before has written", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const files = localFiles(() => folder);
    const path = `${folder}/list`;
    const lines = Array.from({ length: 20 }, (_, at) => `${at}`);
    await Promise.all(lines.map((line) => {
      const others = localFiles(() => folder);
      return others.changeText(path, 1000, async (text = "") => {
        await Promise.resolve();
        return `${text}${line}\n`;
      });
    }));
    const text = await files.readText(path, 1000) ?? "";
    assert.deepEqual(text.trim().split("\n").sort(), lines.toSorted());
    assert.deepEqual(await files.changeText(path, 1000, (same = "") => same), { changed: false });
    await assert.rejects(files.changeText(path, 10, (same = "") => same), /larger than 10 bytes/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a file that isn't there has no text, and neither has one below a file", () =>
  withFolder(async (folder) => {
    const files = localFiles(() => folder);
    await Deno.writeTextFile(`${folder}/a`, "x");
    assert.equal(await files.readText(`${folder}/b`, 10), undefined);
    assert.equal(await files.readText(`${folder}/a/b`, 10), undefined);
    assert.deepEqual(await files.listFiles(`${folder}/c`), []);
  }));

Deno.test("a file is read up to its limit, and refused above it", () =>
  withFolder(async (folder) => {
    const files = localFiles(() => folder);
    await Deno.writeTextFile(`${folder}/a`, "12345");
    assert.equal(await files.readText(`${folder}/a`, 5), "12345");
    await assert.rejects(files.readText(`${folder}/a`, 4), isConfigError);
  }));

Deno.test("what isn't text, or isn't a file, is refused by name", () =>
  withFolder(async (folder) => {
    const files = localFiles(() => folder);
    await Deno.writeFile(`${folder}/a`, Uint8Array.of(0xff, 0xfe));
    await assert.rejects(files.readText(`${folder}/a`, 10), /a is not UTF-8 text/);
    await assert.rejects(files.readText(folder, 10), isConfigError);
  }));

Deno.test("`readText()` within a folder follows links that stay in it, and refuses all others", () =>
  withFolder(async (folder) => {
    const within = `${folder}/repository`;
    await Deno.mkdir(`${within}/.kodama`, { recursive: true });
    await Deno.mkdir(`${folder}/repository-secrets`);
    for (const path of ["id_ed25519", "repository/plain", "repository-secrets/key"]) {
      await Deno.writeTextFile(`${folder}/${path}`, path);
    }
    const links = {
      "to-plain": "plain",
      "absolute": `${within}/plain`,
      "file": "../id_ed25519",
      "chained": "file",
      "beside": "../repository-secrets/key",
      "above": "..",
      ".kodama/configs": "../../repository-secrets",
      "dangling": "../gone",
    };
    for (const [name, target] of Object.entries(links)) {
      await Deno.symlink(target, `${within}/${name}`);
    }
    await Deno.symlink("repository", `${folder}/linked`);
    const files = localFiles(() => folder);
    const read = (name: string, top = within) =>
      files.readText(`${top}/${name}`, 100, { within: top });
    for (const name of ["plain", "to-plain", "absolute"]) {
      assert.equal(await read(name), "repository/plain", name);
    }
    assert.equal(await read("plain", `${folder}/linked`), "repository/plain");
    assert.equal(await read("dangling"), undefined);
    for (const name of ["file", "chained", "beside", "above/id_ed25519", ".kodama/configs/key"]) {
      await assert.rejects(read(name), (error: Error) => {
        const where = `refusing to read ${within}/${name}: a link leads to ${folder}/`;
        return isConfigError(error) && error.message.startsWith(where);
      }, name);
    }
    assert.equal(await files.readText(`${within}/file`, 100), "id_ed25519");
  }));

Deno.test("files are listed in order, folders aren't", () =>
  withFolder(async (folder) => {
    for (const name of ["b.yaml", "a.yaml"]) await Deno.writeTextFile(`${folder}/${name}`, "");
    await Deno.mkdir(`${folder}/c`);
    assert.deepEqual(await localFiles(() => folder).listFiles(folder), ["a.yaml", "b.yaml"]);
  }));

Deno.test("a new file is its owner's alone, in folders that are too", () =>
  withFolder(async (folder) => {
    await localFiles(() => folder).replaceText(`${folder}/x/y/config.yaml`, "a: 1\n");
    const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;
    assert.equal(await Deno.readTextFile(`${folder}/x/y/config.yaml`), "a: 1\n");
    assert.equal(await modeOf(`${folder}/x/y/config.yaml`), 0o600);
    assert.equal(await modeOf(`${folder}/x/y`), 0o700);
  }));

Deno.test("a symbolic link stays one: what it points to is replaced", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/dotfiles`);
    await Deno.writeTextFile(`${folder}/dotfiles/real.yaml`, "old");
    await Deno.symlink(`${folder}/dotfiles/real.yaml`, `${folder}/config.yaml`);
    await localFiles(() => folder).replaceText(`${folder}/config.yaml`, "new");
    assert.ok((await Deno.lstat(`${folder}/config.yaml`)).isSymlink);
    assert.equal(await Deno.readTextFile(`${folder}/dotfiles/real.yaml`), "new");
    assert.deepEqual(await localFiles(() => folder).listFiles(`${folder}/dotfiles`), ["real.yaml"]);
  }));

Deno.test("a write that fails leaves nothing behind", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/taken`);
    await assert.rejects(
      localFiles(() => folder).replaceText(`${folder}/taken`, "x"),
      isConfigError,
    );
    assert.deepEqual(await localFiles(() => folder).listFiles(folder), []);
  }));

Deno.test("a spool gives back what was added, from any place, and is gone afterwards", () =>
  withFolder(async (folder) => {
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    {
      await using spool = await localFiles(() => folder).spool();
      await spool.append(new TextEncoder().encode("hello "));
      const [, middle] = await Promise.all([
        spool.append(new TextEncoder().encode("world")),
        spool.read(4, 100),
      ]);
      assert.equal(text(middle), "o world");
      assert.equal(text(await spool.read(0, 5)), "hello");
      assert.equal(text(await spool.read(11, 5)), "");
    }
    assert.deepEqual(await localFiles(() => folder).listFiles(folder), []);
  }));

Deno.test("a file is made once; replaced it is a new one, and what a link points to stays", () =>
  withFolder(async (folder) => {
    const files = localFiles(() => folder);
    const bytes = new TextEncoder().encode("new");
    const path = `${folder}/deep/a`;
    const make = async (replace: boolean) => {
      await using file = await files.create(path, { private: true, replace });
      await file.write(bytes);
    };
    await make(false);
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    assert.equal((await Deno.stat(`${folder}/deep`)).mode! & 0o777, 0o700);
    await assert.rejects(make(false), { kind: "conflict", message: `${path} already exists` });
    await files.remove(path);
    await Deno.writeTextFile(`${folder}/elsewhere`, "mine");
    await Deno.symlink(`${folder}/elsewhere`, path);
    await assert.rejects(make(false), { kind: "conflict" });
    await make(true);
    assert.equal(await Deno.readTextFile(`${folder}/elsewhere`), "mine");
    assert.equal(await Deno.readTextFile(path), "new");
    assert.equal((await files.inspect(path))?.bytes, 3);
    await files.remove(path);
    await files.remove(path);
    assert.equal(await files.inspect(path), undefined);
  }));

Deno.test("an error is the system's words, without the name of an operation of the runtime", () =>
  withFolder(async (folder) => {
    const path = `${folder}/${"x".repeat(300)}/config.yaml`;
    await assert.rejects(localFiles(() => folder).replaceText(path, ""), (error: Error) => {
      assert.equal(error.message, `cannot write ${path}: File name too long (os error 36)`);
      return true;
    });
  }));

Deno.test(
  unless(
    Deno.build.os === "windows" ? "the system has no owners" : undefined,
    "`controlledByOthers()` finds files and folders that another user owns, or all users may write to",
  ),
  () =>
    withFolder(async (folder) => {
      const files = localFiles(() => folder);
      const path = `${folder}/inner/file`;
      await Deno.mkdir(`${folder}/inner`, { mode: 0o755 });
      await Deno.writeTextFile(path, "", { mode: 0o644 });
      assert.equal(await files.controlledByOthers(path), undefined);
      assert.equal(await files.controlledByOthers(`${folder}/none`), undefined);
      await Deno.chmod(path, 0o666);
      assert.equal(await files.controlledByOthers(path), "mode");
      await Deno.chmod(path, 0o644);
      await Deno.chmod(`${folder}/inner`, 0o777);
      assert.equal(await files.controlledByOthers(path), "mode");
      await Deno.chmod(`${folder}/inner`, 0o755);
      await Deno.symlink(path, `${folder}/link`);
      assert.equal(await files.controlledByOthers(`${folder}/link`), undefined);
      if (Deno.uid() !== 0) return;
      await Deno.chown(path, 65534, null);
      assert.equal(await files.controlledByOthers(path), "owner");
      assert.equal(await files.controlledByOthers(`${folder}/link`), "owner");
      await Deno.chown(path, 0, null);
      await Deno.chown(`${folder}/inner`, 65534, null);
      assert.equal(await files.controlledByOthers(path), "owner");
    }),
);
