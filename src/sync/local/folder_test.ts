/** This machine's end of a synchronisation over real files: the scanned paths, and those that are never touched. */
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { digestsOf } from "../remote/digests.ts";
import { linuxRules } from "../core/skipped_paths.ts";
import type { Entry } from "../core/model.ts";
import type { Expectation, SyncAction } from "../core/plan.ts";
import { ignoresNothing } from "../testing/memory_end.ts";
import type { Content, RequestedFile } from "../core/tree.ts";
import { nativeChecksums } from "../../copy/local/files.ts";
import { localFailure } from "./steps.ts";
import { globalIgnoreFile, ignoreSources, LocalFolder } from "./folder.ts";
import { IgnoreScope, ignoringOf } from "../core/ignore_rules.ts";

const { signal } = new AbortController();
const encoder = new TextEncoder();

class Fixture implements AsyncDisposable {
  private constructor(
    private readonly around: string,
    readonly root: string,
    readonly folder: LocalFolder,
  ) {}

  /** Creates a folder with the given texts in it, and another beside it. */
  static async with(texts: Record<string, string>): Promise<Fixture> {
    const around = await Deno.makeTempDir({ prefix: "kodama-local-" });
    const root = `${around}/work`;
    await Deno.mkdir(root);
    await Deno.mkdir(`${around}/outside`);
    const folder = new LocalFolder(root, "test", linuxRules);
    folder.use(await digestsOf("sha256sum", nativeChecksums));
    const fixture = new Fixture(around, root, folder);
    for (const [path, text] of Object.entries(texts)) await fixture.save(path, text);
    return fixture;
  }

  async save(path: string, text: string): Promise<void> {
    const full = `${this.root}/${path}`;
    await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(full, text);
  }

  text(path: string): Promise<string> {
    return Deno.readTextFile(`${this.root}/${path}`);
  }

  /** Returns the result of a scan at a path, which a plan is made of. */
  async seen(path: string): Promise<Expectation> {
    const { entries } = await this.folder.scan(ignoresNothing, signal);
    return local(path, entries.get(path));
  }

  /** Returns the result of each step, with contents that come from the pod. */
  async ends(steps: readonly SyncAction[], texts: Record<string, string> = {}): Promise<string[]> {
    const results = await Array.fromAsync(
      this.folder.perform(steps, contentsOf(texts), signal),
    );
    return results.map(({ at, result }) =>
      `${steps[at]?.path}: ${result.kind === "failed" ? result.reason : result.kind}`
    );
  }

  async names(path = ""): Promise<string[]> {
    const names = await Array.fromAsync(Deno.readDir(`${this.root}/${path}`), ({ name }) => name);
    return names.sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.around, { recursive: true });
  }
}

function contentsOf(texts: Record<string, string>) {
  return async function* (requested: readonly RequestedFile[]): AsyncGenerator<Content> {
    for (const [at, { path }] of requested.entries()) {
      const bytes = encoder.encode(texts[path] ?? "");
      const body = async function* () {
        yield await Promise.resolve(bytes);
      };
      yield await Promise.resolve({ at, size: bytes.length, body: body() });
    }
  };
}

function local(path: string, entry: Expectation["entry"]): Expectation {
  return { side: "local", path, entry };
}

async function fileOf(text: string, mode = 0o644): Promise<Extract<Entry, { kind: "file" }>> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text)));
  return { kind: "file", size: text.length, mtimeMs: 0, mode, digest: digest.toHex() };
}

async function put(
  path: string,
  text: string,
  requires: readonly Expectation[],
): Promise<SyncAction> {
  const from = { side: "remote", path } as const;
  return { kind: "put", side: "local", path, entry: await fileOf(text), from, requires };
}

/** Returns the action that removes a file as it was scanned. */
function remove(path: string, { entry }: Expectation): SyncAction {
  assert.ok(entry?.kind === "file");
  return { kind: "remove", side: "local", path, entry, requires: [local(path, entry)] };
}

Deno.test("what was edited after it was looked at is neither replaced, nor removed, nor given another mode", async () => {
  await using fixture = await Fixture.with({
    put: "1",
    gone: "1",
    mode: "1",
    beside: "1",
    same: "1",
  });
  const [was, gone, mode, beside] = [
    await fixture.seen("put"),
    await fixture.seen("gone"),
    await fixture.seen("mode"),
    await fixture.seen("beside"),
  ];
  // Of the same size, and at the same time: only the content differs.
  for (const name of ["put", "gone", "mode", "beside"]) await fixture.save(name, "2");
  const steps: SyncAction[] = [
    await put("put", "theirs", [was]),
    remove("gone", gone),
    {
      kind: "setMode",
      side: "local",
      path: "mode",
      entry: await fileOf("1", 0o755),
      requires: [mode],
    },
    await put("same", "theirs", [await fixture.seen("same"), beside]),
    await put("same", "theirs", [await fixture.seen("same")]),
  ];
  assert.deepEqual(await fixture.ends(steps, { put: "theirs", same: "theirs" }), [
    "put: changed",
    "gone: changed",
    "mode: changed",
    "same: changed",
    "same: done",
  ]);
  assert.deepEqual(
    [await fixture.text("put"), await fixture.text("gone"), await fixture.text("same")],
    ["2", "2", "theirs"],
  );
  assert.equal(((await Deno.stat(`${fixture.root}/mode`)).mode ?? 0) & 0o111, 0);
});

Deno.test("a file created meanwhile stays, and unplanned content isn't renamed into place", async () => {
  await using fixture = await Fixture.with({ taken: "mine" });
  const steps = [
    await put("taken", "theirs", [local("taken", undefined)]),
    await put("new", "as planned", [local("new", undefined)]),
    await put("unconditional", "theirs", []),
  ];
  const texts = { taken: "theirs", new: "as it is now", unconditional: "theirs" };
  assert.deepEqual(await fixture.ends(steps, texts), [
    "taken: changed",
    "new: changed",
    "unconditional: changed",
  ]);
  assert.deepEqual(await fixture.names(), ["taken"], "and nothing of kodama's own is left");
  assert.equal(await fixture.text("taken"), "mine");
});

Deno.test("a folder that became a link isn't gone through, to write, to remove or to read", async () => {
  await using fixture = await Fixture.with({ "d/x": "x", "own": "own" });
  const [x, own] = [await fixture.seen("d/x"), await fixture.seen("own")];
  await Deno.rename(`${fixture.root}/d`, `${fixture.root}/../outside/d`);
  await Deno.symlink("../outside/d", `${fixture.root}/d`);
  const copy: SyncAction = {
    ...await put("copy", "x", [local("copy", undefined)]),
    kind: "put",
    entry: await fileOf("x"),
    from: { side: "local", path: "d/x" },
  };
  const steps = [
    await put("d/new", "new", [local("d/new", undefined)]),
    await put("d/x", "other", [x]),
    remove("d/x", x),
    copy,
    { ...copy, path: "copy of own", requires: [local("copy of own", undefined)] },
  ];
  assert.deepEqual(await fixture.ends(steps, { "d/new": "new", "d/x": "other" }), [
    "d/new: changed",
    "d/x: changed",
    "d/x: changed",
    "copy: changed",
    "copy of own: changed",
  ]);
  assert.deepEqual(await fixture.names("../outside/d"), ["x"]);
  assert.equal(await fixture.text("../outside/d/x"), "x");
  const ownCopy = { ...copy, entry: await fileOf("own"), from: { side: "local", path: "own" } };
  assert.ok(own.entry !== undefined);
  assert.deepEqual(await fixture.ends([ownCopy as SyncAction]), ["copy: done"]);
  assert.equal(await fixture.text("copy"), "own");
});

Deno.test("a full disk, a missing right and a folder that isn't empty are distinguished", () => {
  const reasons = [
    new Error("No space left on device (os error 28)"),
    new Error("Disk quota exceeded (os error 122)"),
    new Deno.errors.PermissionDenied("Permission denied (os error 13)"),
    new Error("Directory not empty (os error 39)"),
    new Deno.errors.NotFound("No such file or directory (os error 2)"),
    new Error("Input/output error (os error 5): rename '/a/b' -> '/a/c'"),
  ].map((error) => localFailure(error).reason);
  assert.deepEqual(reasons, ["full", "full", "denied", "notEmpty", "missing", "other"]);
});

Deno.test("a look goes to no path that leads out, and to nothing of kodama's own", async () => {
  await using fixture = await Fixture.with({ "a": "a", ".kodama-sync-test/0": "staged" });
  await fixture.save("../outside/secret", "secret");
  const paths = ["a", "gone", "../outside/secret", "/etc/passwd", "b/../a", ".kodama-sync-test/0"];
  const { entries } = await fixture.folder.inspect([...paths, "a\nb", ""], ignoresNothing, signal);
  assert.deepEqual([...entries.keys()], ["a", "gone"]);
  assert.deepEqual([...(await fixture.folder.scan(ignoresNothing, signal)).entries.keys()], ["a"]);
});

Deno.test("a folder that was put in its place is another one, and one that is gone isn't empty", async () => {
  await using fixture = await Fixture.with({ a: "a" });
  const before = await fixture.folder.scan(ignoresNothing, signal);
  assert.equal((await fixture.folder.scan(ignoresNothing, signal)).root, before.root);
  await Deno.rename(fixture.root, `${fixture.root}/../outside/mounted`);
  await assert.rejects(
    fixture.folder.scan(ignoresNothing, signal),
    (error) => error instanceof KodamaError && error.kind === "notFound",
  );
  await Deno.mkdir(fixture.root);
  const after = await fixture.folder.scan(ignoresNothing, signal);
  assert.notEqual(after.root, before.root);
});

Deno.test("a name that is invalid on the other side is skipped, but not its folder", async () => {
  await using fixture = await Fixture.with({
    "d/good": "a",
    "d/line\nbreak": "b",
    "line\nbreak/in": "c",
  });
  const { entries, unread } = await fixture.folder.scan(ignoresNothing, signal);
  assert.deepEqual([...entries.keys()].sort(), ["d", "d/good"]);
  assert.deepEqual(entries.get("d"), { kind: "folder", holdsOthers: true });
  assert.deepEqual([...unread].sort(), ["d/line\nbreak", "line\nbreak"]);
});

Deno.test("a file that the disk has no room for takes none from the others", async () => {
  await using fixture = await Fixture.with({});
  const [big, small] = [
    await put("big", "1", [local("big", undefined)]),
    await put("small", "2", [local("small", undefined)]),
  ];
  const { writeSync } = Deno.FsFile.prototype;
  const contents = async function* (requested: readonly RequestedFile[]): AsyncGenerator<Content> {
    for await (const content of contentsOf({ big: "1", small: "2" })(requested)) {
      Deno.FsFile.prototype.writeSync = content.at > 0 ? writeSync : () => {
        throw new Error("No space left on device (os error 28)");
      };
      if (content.at > 0) {
        assert.deepEqual(await fixture.names(".kodama-sync-test"), [".gitignore"]);
      }
      yield content;
    }
  };
  try {
    const ended = await Array.fromAsync(fixture.folder.perform([big, small], contents, signal));
    const reasons = ended.map(({ result: end }) => end.kind === "failed" ? end.reason : end.kind);
    assert.deepEqual([reasons, await fixture.names()], [["full", "done"], ["small"]]);
  } finally {
    Deno.FsFile.prototype.writeSync = writeSync;
  }
});

Deno.test("git's own exclude files count, below .gitignore, as git check-ignore has it", async () => {
  await using fixture = await Fixture.with({
    ".gitignore": "!kept.log\n/built\n",
    ".git/info/exclude": "*.log\nnotes/\n",
    "sub/.gitignore": "!*.log\n",
  });
  const { root } = fixture;
  const home = root.replace(/work$/, "outside");
  const git = async (...args: string[]) => {
    const env = { HOME: home, XDG_CONFIG_HOME: `${home}/xdg`, GIT_CONFIG_NOSYSTEM: "1" };
    const { stdout } = await new Deno.Command("git", { args, cwd: root, env }).output();
    return new TextDecoder().decode(stdout);
  };
  await git("init", "-q");
  const env = (name: string) => ({ HOME: home, XDG_CONFIG_HOME: `${home}/xdg` })[name];
  assert.equal(await globalIgnoreFile(env), `${home}/xdg/git/ignore`);
  await git("config", "--global", "core.excludesFile", "~/mine");
  const globalIgnore = await globalIgnoreFile(env);
  assert.equal(globalIgnore, `${home}/mine`);
  await Deno.writeTextFile(`${home}/dotfile`, "*.swp\n!a.log\n");
  await Deno.symlink("dotfile", `${home}/mine`);
  const names = ["a.log", "kept.log", "built", "x.swp", "y.txt", "sub/b.log", "sub/c.swp"];
  const expected = (await git("check-ignore", ...names)).split("\n").filter(Boolean);
  const options = { git: false, useGitignore: true, excludePatterns: [], globalIgnore };
  const ignoredWith = (read: ReturnType<typeof ignoreSources>) => {
    const top = IgnoreScope.root(read(""));
    const sub = top.enter("sub", read("sub"));
    return names.filter((name) =>
      name.startsWith("sub/") ? sub.ignores(name.slice(4), "other") : top.ignores(name, "other")
    );
  };
  assert.deepEqual(expected, ["a.log", "built", "x.swp", "sub/c.swp"]);
  assert.deepEqual(ignoredWith(ignoreSources(root, options)), expected);
  assert.deepEqual(ignoredWith(ignoreSources(root, { ...options, useGitignore: false })), []);
});

Deno.test("of a repository nothing is synced, or what makes git run no program, whatever the rules say", async () => {
  const parts = [
    ...["HEAD", "index", "packed-refs", "refs/heads/hooks", "refs/heads/config", "objects/ab/cd"],
    "logs/HEAD",
  ];
  const programs = [
    ...["hooks/pre-commit", "config", "config.worktree", "info/attributes", "info/exclude"],
    ...["commondir", "gitdir", "modules/x/config", "modules/x/hooks/h", "worktrees/x/gitdir"],
    ...["rebase-merge/git-rebase-todo", "sequencer/todo", "lfs/x", "new"],
  ];
  const repositories = ["", "sub/deep/"];
  const paths = repositories.flatMap((folder) =>
    [...parts, ...programs].map((path) => `${folder}.git/${path}`)
  );
  await using fixture = await Fixture.with({
    ...Object.fromEntries(paths.map((path) => [path, "x"])),
    "gitlink/.git": "gitdir: ../evil",
    "git~1": "x",
    ".kodamaignore": "!.git\n!hooks\n!config\n",
    "a": "x",
  });
  const options = { useGitignore: true, excludePatterns: ["!.git", "!**/.git/config", "!.git/**"] };
  const synced = async (git: boolean) => {
    const ignoring = ignoringOf(ignoreSources(fixture.root, { ...options, git }), {});
    const { entries } = await fixture.folder.scan(ignoring, signal);
    const files = [...entries].filter(([, entry]) => entry.kind === "file").map(([path]) => path);
    for (const path of paths) {
      assert.equal(ignoring.ignores(path, "other"), !files.includes(path), path);
    }
    return files.toSorted();
  };
  assert.deepEqual(await synced(false), [".kodamaignore", "a"]);
  assert.deepEqual(
    await synced(true),
    [".kodamaignore", "a"]
      .concat(repositories.flatMap((folder) => parts.map((path) => `${folder}.git/${path}`)))
      .toSorted(),
  );
});

Deno.test("saves that follow each other at once, and keep size and time, are each seen", async () => {
  await using here = await Fixture.with({ "a": "0" });
  for (let count = 1; count < 10; count++) {
    for (const text of [`${count}x`, `${count}y`]) {
      await here.save("a", text);
      await Deno.utime(`${here.root}/a`, 1_577_836_800, 1_577_836_800);
      const { entries } = await here.folder.inspect(["a"], ignoresNothing, signal);
      const entry = entries.get("a");
      assert.ok(entry?.kind === "file");
      assert.equal(entry.digest, (await fileOf(text)).digest);
    }
  }
});
