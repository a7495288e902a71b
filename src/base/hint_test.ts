import assert from "node:assert/strict";
import { action, hint, joinHints, option, plainHint } from "./hint.ts";

Deno.test("`hint` joins texts and flattens the advice in it", () => {
  const inner = hint`or ${option("all")}`;
  assert.deepEqual(hint`use ${"this"}, ${inner}`, {
    kind: "hint",
    parts: ["use this, or ", { kind: "option", name: "all" }],
  });
});

Deno.test("`joinHints()` puts the separator between", () => {
  const joined = joinHints([option("a"), "b"], " or ");
  assert.deepEqual(joined.parts, [{ kind: "option", name: "a" }, " or b"]);
  assert.deepEqual(joinHints([], ", ").parts, []);
});

Deno.test("`plainHint()` names options and actions without any command line", () => {
  assert.equal(plainHint("as it is"), "as it is");
  const advice = hint`${action("delete", { name: "web", purge: true })}; ${option("env", "A=…")}`;
  assert.equal(plainHint(advice), 'delete (name: web, purge); "env: A=…"');
  assert.equal(plainHint(hint`${action("pods")} lists them`), "pods lists them");
});
