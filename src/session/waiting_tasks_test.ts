import assert from "node:assert/strict";
import { waitingTasksScript } from "./waiting_tasks.ts";

/** Prints its number a little after it was started, and continues, like a runner. */
const runner = `sleep 0.1
echo "\${1##*/}" | tee -a "$HOME/begun"
exec >/dev/null
read -r end <"$HOME/end"`;

Deno.test("tasks that waited are begun in the order of their numbers, and no others", async () => {
  const home = await Deno.makeTempDir({ prefix: "kodama-waiting-" });
  const files: Record<string, string[]> = {
    "1": ["runner", "began", "exit"],
    "2": ["runner", "began"],
    "3": ["runner", "exit"],
    "9": ["runner"],
    "10": ["runner"],
    "11": [],
    "100": ["runner"],
    ".new-a": ["runner"],
  };
  for (const [task, names] of Object.entries(files)) {
    await Deno.mkdir(`${home}/.kodama/tasks/${task}`, { recursive: true });
    for (const name of names) {
      await Deno.writeTextFile(`${home}/.kodama/tasks/${task}/${name}`, runner);
    }
  }
  const run = async (home: string) => {
    const { stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", `${waitingTasksScript}\necho ready`],
      clearEnv: true,
      env: { HOME: home, PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin" },
    }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  };
  await new Deno.Command("mkfifo", { args: [`${home}/end`] }).output();
  assert.equal(await run(home), "ready\n");
  assert.equal(await Deno.readTextFile(`${home}/begun`), "9\n10\n100\n");
  assert.equal(await run(`${home}/nobody`), "ready\n");
  // The runners continue until this: their starter didn't wait for their end.
  await Deno.writeTextFile(`${home}/end`, "\n\n\n");
  await Deno.remove(home, { recursive: true });
});
