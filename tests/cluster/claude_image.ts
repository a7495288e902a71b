/** An image of the rig with Debian and Claude Code, for sessions: their pods mount nothing of this machine. */
import { debianImage, ensureImage, type ImageRecipe } from "./images.ts";
import { bringImage } from "./container_runtime.ts";
import { run } from "./host_commands.ts";
import { findLayout } from "./layout.ts";
import { readState } from "./state.ts";

/**
 * Builds it unless the cache has it, and imports it into the rig unless that has it.
 *
 * @param version of Claude Code.
 * @returns the name by which pods use it.
 */
export async function claudeImage(executable: string, version: string): Promise<string> {
  const layout = await findLayout();
  const state = await readState(layout);
  if (state === undefined) throw new Error("the rig isn't up: deno task cluster:real up");
  const quiet = () => {};
  const name = `kodama.test/claude-code:${version}-${debianImage.version}`;
  const recipe: ImageRecipe = {
    names: [name],
    command: ["bash"],
    version: debianImage.version,
    async fill(folder) {
      const debian = await ensureImage(layout.cache, debianImage, quiet);
      const layer = `${folder}/../debian.tar`;
      await run(["sh", "-c", 'tar -xOf "$1" layer.tar >"$0"', layer, debian]);
      await run(["tar", "--numeric-owner", "-C", folder, "-xf", layer]);
      await run(["install", "-m", "755", executable, `${folder}/usr/local/bin/claude`]);
    },
  };
  await bringImage(state.holder, name, () => ensureImage(layout.cache, recipe, quiet));
  return name;
}
