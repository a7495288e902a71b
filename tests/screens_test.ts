/** Every state looks as its picture in `tests/screens/` does. */
import assert from "node:assert/strict";
import { gridText, picturesFolder, screens } from "./screens.ts";

for (const [folder, states] of Object.entries(screens)) {
  for (const [name, draw] of Object.entries(states)) {
    Deno.test(`${folder}: ${name}`, async () => {
      const expected = await Deno.readTextFile(new URL(`${folder}/${name}.txt`, picturesFolder));
      assert.equal(gridText(draw()), expected);
    });
  }

  Deno.test(`${folder}: every picture has its state`, async () => {
    const files = await Array.fromAsync(Deno.readDir(new URL(`${folder}/`, picturesFolder)));
    assert.deepEqual(
      files.map(({ name }) => name).toSorted(),
      Object.keys(states).map((name) => `${name}.txt`).toSorted(),
    );
  });
}
