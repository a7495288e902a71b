/** Pulls a branch into a folder whose sync has already copied its files, with this machine's git. */
import { action, hint } from "../../base/hint.ts";
import assert from "node:assert/strict";
import { checkOutSynced, type RunGit } from "./pull.ts";

/** Makes a clone on `main` with the objects of `work`, whose files are in it uncommitted, as a sync copies them. */
async function syncedClone(): Promise<
  { git: RunGit; folder: string; commitHash: string } & AsyncDisposable
> {
  const folder = await Deno.makeTempDir({ prefix: "kodama-synced-" });
  const identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
  const git: RunGit = async (...args) => {
    const { code, stdout } = await new Deno.Command("git", {
      args: ["-C", folder, ...identity, ...args],
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
        HOME: folder,
        GIT_CONFIG_NOSYSTEM: "1",
      },
      stderr: "null",
    }).output();
    return { code, stdout: new TextDecoder().decode(stdout) };
  };
  await git("init", "-q", "-b", "main");
  await Deno.writeTextFile(`${folder}/README.md`, "one\n");
  await git("add", ".");
  await git("commit", "-qm", "one");
  await git("checkout", "-q", "--detach");
  await Deno.writeTextFile(`${folder}/README.md`, "two\n");
  await Deno.writeTextFile(`${folder}/new.txt`, "new\n");
  await git("add", ".");
  await git("commit", "-qm", "two");
  const commitHash = (await git("rev-parse", "HEAD")).stdout.trim();
  await git("symbolic-ref", "HEAD", "refs/heads/main");
  await git("reset", "-q");
  return {
    git,
    folder,
    commitHash,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

const command = "git symbolic-ref HEAD refs/heads/work && git reset -q";

Deno.test("`checkOutSynced()` moves HEAD to a branch whose files are all here, and else leaves it", async () => {
  const cases: {
    before?: (clone: { git: RunGit; folder: string }) => Promise<unknown>;
    unsynced?: string;
    result: unknown;
    head: string;
    status: string;
  }[] = [
    { result: { kind: "switched" }, head: "work", status: "" },
    {
      before: ({ folder }) => Deno.writeTextFile(`${folder}/README.md`, "three\n"),
      result: { kind: "stays", reason: "files here differ from those of the branch", command },
      head: "main",
      status: " M README.md\n?? new.txt\n",
    },
    {
      before: ({ git }) => git("add", "new.txt"),
      result: { kind: "stays", reason: "there are staged changes here", command },
      head: "main",
      status: " M README.md\nA  new.txt\n",
    },
    {
      unsynced: "the sync dev.work is paused",
      result: { kind: "stays", reason: "the sync dev.work is paused", command },
      head: "main",
      status: " M README.md\n?? new.txt\n",
    },
    {
      before: async ({ git }) => {
        await git("branch", "work");
        await git("symbolic-ref", "HEAD", "refs/heads/work");
      },
      result: { kind: "advanced" },
      head: "work",
      status: "",
    },
  ];
  for (const { before, unsynced, result, head, status } of cases) {
    await using clone = await syncedClone();
    const { git, commitHash } = clone;
    await before?.(clone);
    const pulled = { branch: "work", commitHash, name: "web", unsynced };
    assert.deepEqual(await checkOutSynced(git, pulled), result);
    assert.equal((await git("rev-parse", "work")).stdout.trim(), commitHash);
    assert.equal((await git("symbolic-ref", "--short", "HEAD")).stdout.trim(), head);
    assert.equal((await git("status", "--porcelain")).stdout, status);
    if (head === "work") continue;
    // The command in the message does it, and changes no file.
    await git("symbolic-ref", "HEAD", "refs/heads/work");
    assert.equal((await git("reset", "-q")).code, 0);
    assert.equal(await Deno.readTextFile(`${clone.folder}/new.txt`), "new\n");
  }
});

Deno.test("`checkOutSynced()` loses neither commits of a branch here nor what is staged on it", async () => {
  await using clone = await syncedClone();
  const { git, commitHash } = clone;
  const pulled = { branch: "main", commitHash, name: "web", unsynced: undefined };
  await git("add", ".");
  await assert.rejects(checkOutSynced(git, pulled), {
    kind: "conflict",
    hint: hint`git reset unstages them and leaves the files; then ${
      action("pull", { name: "web" })
    }`,
  });
  await git("commit", "-qm", "another way");
  await assert.rejects(checkOutSynced(git, pulled), {
    kind: "conflict",
    hint: hint`${action("pull", { name: "web", as: "OTHER-NAME" })} fetches it under another name`,
  });
});
