/** `docs/ui.md` has the panes and the keys of the program. */
import assert from "node:assert/strict";
import { uiPageFile, withGenerated } from "../tools/ui_page.ts";

Deno.test("docs/ui.md lists every pane and every key: deno task schema:update writes them", async () => {
  const page = await Deno.readTextFile(uiPageFile);
  assert.match(page, /<!-- keys -->/);
  assert.equal(withGenerated(page), page);
});
