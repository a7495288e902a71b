/** Draws the pictures of all states. What is no longer drawn is removed. */
import { gridText, picturesFolder, screens } from "./screens.ts";

await Deno.remove(picturesFolder, { recursive: true }).catch(() => {});
for (const [folder, states] of Object.entries(screens)) {
  const pictures = new URL(`${folder}/`, picturesFolder);
  await Deno.mkdir(pictures, { recursive: true });
  for (const [name, draw] of Object.entries(states)) {
    await Deno.writeTextFile(new URL(`${name}.txt`, pictures), gridText(draw()));
  }
}
