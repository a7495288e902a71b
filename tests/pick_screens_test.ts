/** Every state of the picker looks as its picture in `tests/screens/pick/` does. */
import assert from "node:assert/strict";
import { picture, picturesFolder, screens } from "./pick_screens.ts";

for (const name of Object.keys(screens)) {
  Deno.test(`picker: ${name}`, async () => {
    const expected = await Deno.readTextFile(new URL(`${name}.txt`, picturesFolder));
    assert.equal(picture(name), expected);
  });
}

Deno.test("picker: no picture is left of a state that is gone", async () => {
  const files = await Array.fromAsync(Deno.readDir(picturesFolder));
  assert.deepEqual(
    files.map(({ name }) => name).toSorted(),
    Object.keys(screens).map((name) => `${name}.txt`).toSorted(),
  );
});
