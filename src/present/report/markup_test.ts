import assert from "node:assert/strict";
import fc from "fast-check";
import { Markup, markup, textNode } from "./markup.ts";

Deno.test("`textNode()` has no character with a meaning in markup, whatever it is given", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (value) => {
    const { source } = textNode(value);
    assert.ok(!/[<>"']|&(?!amp;|lt;|gt;|quot;|#39;)/.test(source));
    // deno-lint-ignore no-control-regex -- no control character but a tab and a line feed
    assert.ok(!/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/.test(source));
    assert.ok(source.isWellFormed());
  }));
});

Deno.test("`markup` escapes its values, and nests itself", () => {
  const inner = [1, 2].map((number) => markup`<i>${number / 3}</i>`);
  assert.equal(
    markup`<b title="${'"><'}">${inner}${undefined}${new Markup("<hr>")}</b>`.source,
    '<b title="&quot;&gt;&lt;"><i>0.33</i><i>0.67</i><hr></b>',
  );
});

Deno.test("`textNode()` leaves out colours of programs, and shows other control characters", () => {
  assert.equal(textNode("\x1b[1;32mok\x1b[0m\x1b]0;t\x07\r\n").source, "ok\\x1b]0;t\\x07\n");
});
