/** The checkout with this machine's git, in folders that replace those of a pod. */
import assert from "node:assert/strict";
import {
  branchAnswer,
  branchCommand,
  type BranchState,
  checkoutAnswer,
  checkoutCommand,
  type CheckoutState,
  ownWorkAnswer,
  ownWorkCommand,
  pulledCommand,
} from "./git_commands.ts";

/** An origin with a commit on `main`, and the two volumes of a session. */
class Checkouts implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async open(files: Readonly<Record<string, string>> = {}): Promise<Checkouts> {
    const checkouts = new Checkouts(await Deno.makeTempDir({ prefix: "kodama-checkout-" }));
    await checkouts.sh("git init -q --bare -b main origin && git clone -q origin seed 2>/dev/null");
    for (const [name, text] of Object.entries({ "README.md": "one\n", ...files })) {
      await Deno.writeTextFile(`${checkouts.folder}/seed/${name}`, text);
    }
    await checkouts.sh(
      "cd seed && git add . && git commit -qm one && git push -q origin HEAD:main",
    );
    await checkouts.sh("mkdir workspace kodama");
    return checkouts;
  }

  /** Runs the script of a checkout. */
  async run(filesBySync = false): Promise<CheckoutState> {
    const folders = { workspace: `${this.folder}/workspace`, state: `${this.folder}/kodama` };
    const [, ...args] = checkoutCommand({
      url: `${this.folder}/origin`,
      baseBranch: undefined,
      ownBranch: "kodama/work",
      author: { name: "A", email: "a@example.com" },
      filesBySync,
    }, folders);
    const state = checkoutAnswer(await this.#output(args));
    assert.ok(state);
    return state;
  }

  /** Runs the script that describes the branch, and pushes it; returns why it refused. */
  async branch(
    { isRequested, secrets }: { isRequested: boolean; secrets: Record<string, string> },
  ): Promise<BranchState | string> {
    const [, ...args] = branchCommand({ push: isRequested, variables: Object.keys(secrets) }, {
      workspace: `${this.folder}/workspace`,
      token: `${this.folder}/none`,
    });
    const { success, stdout, stderr } = await this.#run(args, secrets);
    return success ? branchAnswer(stdout) ?? stdout : stderr.trim();
  }

  /** Runs the script that finds work which nothing else has; returns its answer without the hashes of commits. */
  async ownWork() {
    const [, ...args] = ownWorkCommand(`${this.folder}/workspace`);
    const work = ownWorkAnswer(await this.#output(args));
    assert.ok(work);
    return { ...work, latest: work.latest.map((line) => line.replace(/^\S+ /, "")) };
  }

  /** Runs the script that records a pull. */
  async pulled(branch: string, commitHash: string): Promise<void> {
    const [, ...args] = pulledCommand({ branch, commitHash }, `${this.folder}/workspace`);
    await this.#output(args);
  }

  async sh(line: string): Promise<string> {
    return (await this.#output(["-c", `set -e; ${line}`])).trim();
  }

  async #output(args: string[]): Promise<string> {
    const { success, stdout, stderr } = await this.#run(args);
    assert.ok(success, stderr);
    return stdout;
  }

  async #run(args: string[], more: Record<string, string> = {}) {
    const { success, stdout, stderr } = await new Deno.Command("sh", {
      args,
      cwd: this.folder,
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
        HOME: this.folder,
        GIT_CONFIG_NOSYSTEM: "1",
        ...Object.fromEntries(["AUTHOR", "COMMITTER"].flatMap((who) => [
          [`GIT_${who}_NAME`, "A"],
          [`GIT_${who}_EMAIL`, "a@example.com"],
        ])),
        ...more,
      },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { success, stdout: text(stdout), stderr: text(stderr) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("a checkout is made once; of a lost workspace it is made again, at what was pushed", async () => {
  await using checkouts = await Checkouts.open();
  const first = await checkouts.run();
  assert.deepEqual([first.made, first.branch, first.baseBranch], [true, "kodama/work", "main"]);
  assert.deepEqual(await checkouts.run(), { ...first, made: false });

  const commit = "cd workspace && echo more >>README.md && git commit -qam more";
  await checkouts.sh(`${commit} && git push -q`);
  const pushed = await checkouts.sh("git -C workspace rev-parse HEAD");
  await checkouts.sh(
    `${commit} && rm -rf ../workspace && mkdir ../workspace ../workspace/lost+found`,
  );
  assert.deepEqual(await checkouts.run(), { ...first, commitHash: pushed, made: true });
  assert.equal(await checkouts.sh("cat workspace/README.md"), "one\nmore");
});

Deno.test("a checkout whose marker was lost keeps what is in the workspace", async () => {
  await using checkouts = await Checkouts.open();
  const first = await checkouts.run();
  await checkouts.sh(
    "cd workspace && echo more >>README.md && git commit -qam more && echo x >>README.md",
  );
  const own = await checkouts.sh("git -C workspace rev-parse HEAD");
  await checkouts.sh("rm -rf kodama && mkdir kodama");
  assert.deepEqual(await checkouts.run(), { ...first, commitHash: own, made: false });
  assert.equal(await checkouts.sh("cat workspace/README.md"), "one\nmore\nx");
  // Without its repository, a workspace with files stays unchanged.
  await checkouts.sh("rm -rf workspace/.git && git -C workspace init -q 2>/dev/null");
  assert.equal((await checkouts.run()).made, false);
});

Deno.test("a sync's own files and copies of conflicts aren't committed by `git add -A`", async () => {
  await using checkouts = await Checkouts.open();
  await checkouts.run();
  await checkouts.sh("cd workspace && mkdir -p d .kodama-sync-x && touch .kodama-sync-x/id");
  const names = ["remote-20260115T143000Z", "local-20260115T143000Z", "remote-20260115T143000Z-2"];
  for (const name of names) await checkouts.sh(`touch workspace/d/a.conflict-${name}`);
  await checkouts.sh("touch workspace/d/a.conflict-notes");
  // From a checkout by an earlier version.
  await checkouts.sh("echo '/.kodama-sync-*' >workspace/.git/info/exclude");
  for (let run = 0; run < 2; run++) await checkouts.run();
  const staged = await checkouts.sh("cd workspace && git add -A && git diff --cached --name-only");
  assert.equal(staged, "d/a.conflict-notes");
  assert.equal(await checkouts.sh("wc -l <workspace/.git/info/exclude"), "4");
});

Deno.test("a checkout reports submodules, and files of Git LFS without git-lfs", async () => {
  await using checkouts = await Checkouts.open({
    ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ../x\n',
    ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
  });
  // A sync brings their files, without their repositories.
  assert.deepEqual((await checkouts.run(true)).lacks, ["submodules", "lfs"]);
  assert.deepEqual((await checkouts.run()).lacks, []);
  await using plain = await Checkouts.open();
  assert.deepEqual((await plain.run()).lacks, []);
});

Deno.test("submodules are checked out too; one that can't be reached is reported, and the checkout stays", async () => {
  await using checkouts = await Checkouts.open();
  await checkouts.sh("git config --global protocol.file.allow always");
  const add = "git init -q --bare -b main part && git clone -q part parts 2>/dev/null && cd parts" +
    " && echo in >file && git add . && git commit -qm in && git push -q origin HEAD:main" +
    " && cd ../seed && git submodule --quiet add ../part lib && git commit -qam lib && git push -q origin HEAD:main";
  await checkouts.sh(add);
  assert.deepEqual((await checkouts.run()).lacks, []);
  assert.equal(await checkouts.sh("cat workspace/lib/file; git -C workspace status --short"), "in");
  await checkouts.sh("rm -rf workspace kodama part && mkdir workspace kodama");
  const { made, lacks } = await checkouts.run();
  assert.deepEqual([made, lacks], [true, ["submodules"]]);
});

Deno.test("a branch is pushed once its commits hold no value of the session's variables and no copy of a conflict", async () => {
  await using checkouts = await Checkouts.open();
  await checkouts.run();
  const secrets = { API_KEY: "s3cret-value-1", SHORT: "abc" };
  const push = (isRequested: boolean) => checkouts.branch({ isRequested, secrets });
  const commit = (line: string) =>
    checkouts.sh(`cd workspace && ${line} && git add -fA && git commit -qm x`);
  await commit("echo abc >fine");
  const found = { branch: "kodama/work", base: "main", ahead: 1, unpushed: 1, uncommitted: 0 };
  assert.deepEqual(await push(false), { ...found, pushed: false });
  assert.deepEqual(await push(true), { ...found, unpushed: 0, pushed: true });
  assert.equal(await checkouts.sh("git -C origin log -1 --format=%s kodama/work"), "x");
  await commit("echo key=s3cret-value-1 >config");
  assert.equal(await push(true), "the commits contain the value of API_KEY");
  // In the history it is still there.
  await commit("rm config");
  assert.equal(await push(true), "the commits contain the value of API_KEY");
  await checkouts.sh("cd workspace && git reset -q --hard HEAD~2");
  await commit("touch a.conflict-remote-20260115T143000Z");
  assert.match(String(await push(true)), /copy of a sync's conflict: a\.conflict-remote/);
  assert.equal(await checkouts.sh("git -C origin rev-list --count main..kodama/work"), "1");
});

Deno.test("of checkouts that start at once exactly one is made, and the others find it", async () => {
  await using checkouts = await Checkouts.open();
  const states = await Promise.all(Array.from({ length: 5 }, () => checkouts.run()));
  assert.equal(states.filter(({ made }) => made).length, 1);
  assert.equal(new Set(states.map(({ commitHash }) => commitHash)).size, 1);
});

Deno.test("work that nothing else has: commits of any branch, stashes, files; not what was pushed, pulled or ignored", async () => {
  await using checkouts = await Checkouts.open({ ".gitignore": "out\n" });
  await checkouts.run();
  const none = { commits: 0, latest: [], stashes: 0, files: [] };
  const inside = (line: string) => checkouts.sh(`cd workspace && ${line}`);
  await inside("echo built >out");
  assert.deepEqual(await checkouts.ownWork(), none);
  const odd = "a b\ttab";
  await inside(`echo 1 >new && printf 1 >'${odd}' && echo two >>README.md && git add README.md`);
  const changed = ["README.md", "a b tab", "new"];
  assert.deepEqual(await checkouts.ownWork(), { ...none, files: changed });
  await inside("git stash -q -u");
  assert.deepEqual(await checkouts.ownWork(), { ...none, stashes: 1 });
  await inside("git stash drop -q && git commit -q --allow-empty -m here");
  await inside(
    "git checkout -q -b other/side origin/main && git commit -q --allow-empty -m beside",
  );
  const commits = { ...none, commits: 2, latest: ["beside", "here"] };
  const found = await checkouts.ownWork();
  assert.deepEqual({ ...found, latest: found.latest.toSorted() }, commits);
  await checkouts.pulled("other/side", await inside("git rev-parse HEAD"));
  assert.deepEqual(await checkouts.ownWork(), { ...none, commits: 1, latest: ["here"] });
  await inside("git push -q origin kodama/work");
  assert.deepEqual(await checkouts.ownWork(), none);
  await checkouts.sh("rm -rf workspace && git init -q workspace");
  assert.deepEqual(await checkouts.ownWork(), none, "a repository without a commit");
});
