import { Changes } from "../base/testing/changes.ts";
import { noneOf, unless } from "../base/testing/unless.ts";
import assert from "node:assert/strict";
import { sharedShellCommand, sharedStateCommand, sharedStateOf } from "./shared_shell.ts";

async function isThere(program: string): Promise<boolean> {
  const { success } = await new Deno.Command("sh", { args: ["-c", `command -v ${program}`] })
    .output();
  return success;
}

const missing = noneOf({
  script: await isThere("script") ? "script" : undefined,
  tmux: await isThere("tmux") ? "tmux" : undefined,
});

/** A home folder with the shared shell. */
async function stage() {
  const home = await Deno.makeTempDir({ prefix: "k" });
  const env = {
    PATH: Deno.env.get("PATH") ?? "",
    HOME: home,
    TERM: "xterm",
    KODAMA_SESSION: "one",
  };
  const run = async (words: readonly string[]) => {
    const [program = "", ...args] = words;
    const { stdout } = await new Deno.Command(program, { args, clearEnv: true, env }).output();
    return new TextDecoder().decode(stdout);
  };
  const tmux = (...words: string[]) =>
    run(["tmux", "-S", `${home}/.kodama-shared-shell`, ...words]);
  const changes = new Changes();
  const attach = (readOnly: boolean) => {
    const line = sharedShellCommand({ readOnly })
      .map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    const args = ["--quiet", "--return", "--command", line, "/dev/null"];
    const streams = { stdin: "piped", stdout: "piped", stderr: "null" } as const;
    const child = new Deno.Command("script", { args, clearEnv: true, env, ...streams }).spawn();
    const keys = child.stdin.getWriter();
    // What a client draws follows each change of the shell and its clients.
    const drawing = child.stdout.pipeTo(new WritableStream({ write: () => changes.changed() }));
    return {
      type: (text: string) => keys.write(new TextEncoder().encode(text)),
      status: child.status,
      [Symbol.asyncDispose]: async () => {
        await keys.close().catch(() => {});
        await drawing;
        await child.status;
      },
    };
  };
  return {
    attach,
    tmux,
    holds: (what: string, condition: () => Promise<boolean>) => changes.holds(what, condition),
    state: async () => sharedStateOf(await run(sharedStateCommand())),
    [Symbol.asyncDispose]: () => Deno.remove(home, { recursive: true }),
  };
}

Deno.test({
  ...unless(
    missing,
    "two type in one shell, a third looks on and can't, and it is there until it ends",
  ),
  fn: async () => {
    await using shell = await stage();
    assert.equal(await shell.state(), "none");
    const first = shell.attach(false);
    await shell.holds("a shell", async () => await shell.state() === "shared");
    const second = shell.attach(false);
    const watcher = shell.attach(true);
    const clients = () => shell.tmux("list-clients", "-F", "#{client_readonly}");
    await shell.holds(
      "three clients",
      async () => (await clients()).split("\n").sort().join("") === "001",
    );
    const screen = () => shell.tmux("capture-pane", "-p", "-t", "shared");
    await watcher.type("echo never-typed\r");
    await first.type("echo $((40 + 1))\r");
    await shell.holds("41", async () => /^41$/m.test(await screen()));
    await second.type("echo $((40 + 2))\r");
    await shell.holds("42", async () => /^42$/m.test(await screen()));
    assert.ok(!(await screen()).includes("never-typed"));
    // A client that detaches leaves the shell to the others.
    await first.type("\x02d");
    await first.status;
    assert.equal(await shell.state(), "shared");
    await second.type("exit\r");
    for (const one of [first, second, watcher]) await one[Symbol.asyncDispose]();
    assert.equal(await shell.state(), "none");
  },
});

Deno.test("what a pod may answer is one of three words", () => {
  assert.equal(sharedStateOf("noTmux\n"), "noTmux");
  assert.equal(sharedStateOf("shared\nand more"), undefined);
});
