/** Help on narrow terminals. Its content is in the golden files. */
import assert from "node:assert/strict";
import { plainStyle } from "../../terminal/style.ts";
import { commandHelp } from "./help.ts";
import { programOf } from "../program.ts";
import { leaves } from "./node.ts";
import { tree } from "../tree.ts";

for await (const [path, leaf] of leaves(tree)) {
  Deno.test(`help of ${path.join(" ")} fits a terminal of 40 columns`, async () => {
    const { command } = await leaf.load();
    const program = programOf("kodama");
    const page = commandHelp(command, path, { program, columns: 40, style: plainStyle });
    // Text to be copied stays on one line, and a term is such a text.
    const text = page.split("\n").filter((line) => !/^ {2}\$ |^ {2,6}(?:-\w, )?--/.test(line));
    const wide = text.filter((line) => line.length > 40 && /\S\s+\S/.test(line.trim()));
    assert.deepEqual(wide, []);
  });
}
