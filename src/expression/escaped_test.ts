import assert from "node:assert/strict";
import fc from "fast-check";
import { escaped, evaluateTemplate, parseTemplate } from "./template.ts";

Deno.test("`escaped()` makes a template that evaluates to the text", () => {
  const piece = fc.constantFrom("${{", "$", "$$", "{", "}}", "a", " 1 ");
  fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
    const text = pieces.join("");
    const { template, problems } = parseTemplate(escaped(text));
    assert.deepEqual(problems, []);
    assert.equal(evaluateTemplate(template, {}), text);
  }));
});
