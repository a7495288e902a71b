/** The scripts on folders of this machine; killed after any of their steps. */
import assert from "node:assert/strict";
import { fillFolder, placeFillCommand, startFillCommand } from "./carried.ts";

/** Returns the entries, including hidden ones. */
async function listed(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names.sort();
}

async function written(folder: string, names: readonly string[]): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const name of names) await Deno.writeTextFile(`${folder}/${name}`, name);
}

/** Runs a script on one folder; `mv` and the other commands that change something fail from the `limit`-th call on. */
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
