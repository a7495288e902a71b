/** Draws the pictures of the picker's states. What is no longer drawn goes. */
import { picture, picturesFolder, screens } from "./pick_screens.ts";

await Deno.remove(picturesFolder, { recursive: true }).catch(() => {});
await Deno.mkdir(picturesFolder, { recursive: true });
for (const name of Object.keys(screens)) {
  await Deno.writeTextFile(new URL(`${name}.txt`, picturesFolder), picture(name));
}
