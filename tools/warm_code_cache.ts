/**
 * Fills the code cache of an installed version, so that the first start is as fast as every later one,
 * and so that it is fast for people who may not write to the folder.
 */
import { installed, runFlags } from "./launcher.ts";

/** Loads each module at its final place, under which Deno keeps its compiled form. */
export async function warmCodeCache(version: string): Promise<void> {
  const chunks: string[] = [];
  for await (const { name } of Deno.readDir(version)) {
    if (name.endsWith(".js") && name !== installed.entry) chunks.push(`${version}/${name}`);
  }
  const program = await Deno.makeTempFile({ dir: version, suffix: ".mjs" });
  try {
    const imports = chunks.toSorted().map((path) => `await import(${JSON.stringify(path)});\n`);
    await Deno.writeTextFile(program, imports.join(""));
    // The first load analyses a module, the second keeps its compiled form.
    for (let load = 0; load < 2; load++) {
      await start(version, [program]);
      await start(version, [`${version}/${installed.entry}`, "version"]);
    }
  } finally {
    await Deno.remove(program);
  }
}

async function start(version: string, words: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(`${version}/${installed.deno}`, {
    args: [...runFlags, "--allow-read", "--allow-env", "--allow-sys", ...words],
    env: { DENO_DIR: `${version}/${installed.cache}`, DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(`the bundle can't be loaded: ${new TextDecoder().decode(stderr)}`);
}
