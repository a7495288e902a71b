import assert from "node:assert/strict";
import {
  carriedFolders,
  fillFolder,
  isCarried,
  placeFillCommand,
  removeSurplusCommand,
  startFillCommand,
} from "./carried.ts";

function carried(root: string, path: string, withSecrets = false): boolean {
  const folder = carriedFolders.find((one) => one.root === root);
  assert.ok(folder);
  return isCarried(folder, path, { withSecrets });
}

Deno.test("the agent's login is copied only if requested", () => {
  for (
    const path of [
      ".credentials.json",
      ".claude.json",
      ".claude.json.backup.1",
      "backups/.claude.json",
    ]
  ) {
    assert.equal(carried("claude", path), false, path);
    assert.equal(carried("claude", path, true), true, path);
  }
  assert.ok(carried("claude", "projects/-workspace/talk.jsonl"));
});

Deno.test("variables of a task that hasn't begun never go along", () => {
  assert.equal(carried("kodama", "tasks/3/environment"), false);
  assert.equal(carried("kodama", "tasks/3/environment", true), false);
  assert.ok(carried("kodama", "tasks/3/events.jsonl"));
  // A queued task runs in the session where it was submitted, and not in a copy too.
  assert.equal(carried("kodama", "tasks/3/runner", true), false);
  assert.ok(carried("kodama", "repository"));
  assert.equal(carried("kodama", "anything-else"), false);
});

Deno.test("of the workspace all goes along but what is on its way", () => {
  assert.ok(carried("workspace", ".env"));
  assert.ok(carried("workspace", ".kodama/configs/helix-config.toml"));
  assert.ok(carried("workspace", ".kodama.yaml"));
  for (const path of [".kodama-fill/a", ".kodama-0123.new", ".kodama-sync-x", "lost+found"]) {
    assert.equal(carried("workspace", path), false, path);
  }
});

/** Returns the entries, including hidden entries. */
async function listed(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names.sort();
}

async function written(folder: string, names: readonly string[]): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const name of names) await Deno.writeTextFile(`${folder}/${name}`, name);
}

/** Runs a script on a folder; `mv` and the other commands that change something fail from the `limit`-th call on. */
async function ran(argv: readonly string[], folder: string, limit?: number): Promise<boolean> {
  const script = argv[2] ?? "";
  const failing = `calls=0
count() { calls=$((calls + 1)); [ "$calls" -le ${limit ?? 10_000} ] || exit 1; }
for one in mv rm mkdir; do eval "$one() { count; command $one \\"\\$@\\"; }"; done
${script}`;
  const command = new Deno.Command("sh", { args: ["-c", failing, "kodama", folder] });
  return (await command.output()).success;
}

const before = [".credentials.json", ".hidden", "a", "only-old"];
const after = [".credentials.json", ".new", "a", "only-new"];

async function prepared(folder: string): Promise<void> {
  await written(folder, before);
  await Deno.mkdir(`${folder}/lost+found`);
  await written(`${folder}/${fillFolder}`, [".new", "a", "only-new"]);
}

Deno.test("what has come takes the place of what was there, but for whom the agent is signed in as", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-fill-" });
  try {
    await prepared(folder);
    assert.ok(await ran(placeFillCommand(), folder));
    assert.deepEqual(await listed(folder), [...after, "lost+found"].sort());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("where it was interrupted, at any step, the next attempt finds what was there before or all of the new", async () => {
  const seen = new Set<string>();
  for (let limit = 0;; limit++) {
    const folder = await Deno.makeTempDir({ prefix: "kodama-fill-" });
    try {
      await prepared(folder);
      const whole = await ran(placeFillCommand(), folder, limit);
      assert.ok(await ran(startFillCommand(), folder));
      const names = (await listed(folder)).filter((name) => name !== "lost+found");
      seen.add(names.join());
      assert.ok([before.join(), after.join()].includes(names.join()), `step ${limit}: ${names}`);
      if (whole) break;
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
  assert.equal(seen.size, 2);
});

Deno.test("what an earlier version left when it was interrupted is taken back", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-fill-" });
  try {
    await written(folder, [".credentials.json", "only-new"]);
    await written(`${folder}/.kodama-replaced`, ["a"]);
    await written(`${folder}/.kodama-fill`, ["b"]);
    assert.ok(await ran(startFillCommand(), folder));
    assert.deepEqual(await listed(folder), [".credentials.json", "a"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function left(withSecrets: boolean): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "kodama-forget-" });
  try {
    const files = [
      "workspace/.credentials.json",
      "workspace/.kodama-fill/a",
      "workspace/a",
      "claude/.claude.json",
      "claude/.credentials.json",
      "claude/.kodama-old/a",
      "claude/backups/deep er/.claude.json.backup.1",
      "claude/projects/talk.jsonl",
      "kodama/.hidden",
      "kodama/bin/tool",
      "kodama/repository",
      "kodama/tasks/1/environment",
      "kodama/tasks/1/prompt",
      "kodama/tasks/1/runner",
      "kodama/tasks/queue",
      "outside/.credentials.json",
    ];
    for (const file of files) {
      const path = `${folder}/${file}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(path, "");
    }
    await Deno.symlink("../outside", `${folder}/claude/link`);
    const folders = ["workspace", "claude", "kodama"].map((name) => `${folder}/${name}`);
    const [program = "", ...args] = removeSurplusCommand({ withSecrets }, folders);
    const { success, stderr } = await new Deno.Command(program, { args }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const there = await Promise.all(
      files.map((file) => Deno.stat(`${folder}/${file}`).then(() => [file], () => [])),
    );
    return there.flat();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const kept = [
  "claude/projects/talk.jsonl",
  "kodama/repository",
  "kodama/tasks/1/prompt",
  "outside/.credentials.json",
  "workspace/.credentials.json",
  "workspace/a",
];

Deno.test("volumes of a snapshot lose whom the agent was signed in as, and what isn't for a copy", async () => {
  assert.deepEqual((await left(false)).sort(), kept);
});

Deno.test("with secrets all that says whom the agent is signed in as stays", async () => {
  const secrets = [
    "claude/.claude.json",
    "claude/.credentials.json",
    "claude/backups/deep er/.claude.json.backup.1",
  ];
  assert.deepEqual((await left(true)).sort(), [...kept, ...secrets].sort());
});
