import assert from "node:assert/strict";
import { removeSurplusCommand } from "./carried.ts";

/** Runs the args on folders of this machine; returns the remaining paths. */
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
