/** kodama's shell scripts, in pods and here: each is checked by shellcheck, whole, as it runs. */
import { noneOf, unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import buildScript from "../src/actions/plugin/build.sh" with { type: "text" };
import { agentScripts } from "../src/agent/pod_script.ts";
import { copyScripts } from "../src/copy/pod_script.ts";
import { watchParts } from "../src/exec/command_stream.ts";
import { parentParts, shellParts } from "../src/exec/persistent_shell.ts";
import { leaderParts } from "../src/exec/preamble.ts";
import folder from "../src/exec/scripts/folder.sh" with { type: "text" };
import variables from "../src/exec/scripts/variables.sh" with { type: "text" };
import { signalParts } from "../src/exec/session_signal.ts";
import { sessionScripts } from "../src/session/pod_script.ts";
import { findProgram } from "../src/kube/testing/image_shells.ts";
import { type ScriptParts, scriptText } from "../src/base/shell_script.ts";
import { loopScript } from "../src/sync/remote/loop.ts";
import { runCommand } from "./harness/command.ts";
import { TestFolder } from "./harness/test_folder.ts";

const root = new URL("../", import.meta.url);

/** Every script, by its module and name. */
const scripts: Record<string, ScriptParts> = {
  ...named("agent", agentScripts),
  ...named("copy", copyScripts),
  ...named("exec", {
    folder: [folder],
    leader: leaderParts({ nonce: "n", watch: { graceMs: 2000 } }),
    signal: signalParts,
    variables: [variables],
    watch: watchParts,
    shell: shellParts(undefined),
    persistentShell: shellParts("n"),
    persistentParent: parentParts,
  }),
  ...named("session", sessionScripts),
  ...named("sync", { loop: loopScript }),
  ...named("plugin", { build: [buildScript] }),
};

function named(
  module: string,
  parts: Readonly<Record<string, ScriptParts>>,
): Record<string, ScriptParts> {
  return Object.fromEntries(
    Object.entries(parts).map(([name, one]) => [`${module} ${name}`, one]),
  );
}

/** Returns what it finds in the files of a folder. */
async function shellcheck(folder: string, files: readonly string[]): Promise<string> {
  await Deno.copyFile(new URL(".shellcheckrc", root), `${folder}/.shellcheckrc`);
  const { stdout, stderr } = await runCommand(["shellcheck", "--format=gcc", ...files], {
    cwd: folder,
    env: Deno.env.toObject(),
  });
  return stdout + stderr;
}

Deno.test({
  ...unless(
    noneOf({ shellcheck: await findProgram("shellcheck") }),
    "shellcheck finds nothing in the scripts",
  ),
  async fn() {
    await using folder = await TestFolder.open("kodama-scripts-");
    const files = await Promise.all(
      Object.entries(scripts).map(async ([name, parts]) => {
        const file = `${name.replace(" ", "-")}.sh`;
        await Deno.writeTextFile(`${folder.path}/${file}`, parts.join("\n"));
        return file;
      }),
    );
    assert.equal(await shellcheck(folder.path, files), "");
  },
});

Deno.test("every .sh file of src/ is part of a script", async () => {
  const parts = new Set(Object.values(scripts).flat());
  const unused: string[] = [];
  for await (const path of shellFiles(new URL("src/", root))) {
    if (!parts.has(await Deno.readTextFile(path))) unused.push(path.href.slice(root.href.length));
  }
  assert.deepEqual(unused, []);
});

Deno.test("scriptText() removes only comments and indentation", () => {
  const text = 'if a; then\n  # why\n\n\tb "${c#d}" # e\nfi\n';
  assert.equal(scriptText([text, "f\n"]), 'if a; then\nb "${c#d}" # e\nfi\nf');
});

async function* shellFiles(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    // The programs of the embedded cluster's images aren't ours to run in pods.
    if (isDirectory && name !== "images") yield* shellFiles(new URL(`${name}/`, folder));
    else if (name.endsWith(".sh")) yield new URL(name, folder);
  }
}
