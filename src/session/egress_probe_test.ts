import assert from "node:assert/strict";
import { egressLook } from "./egress_probe.ts";
import { egressRule } from "./egress_rule.ts";

const rules = [egressRule("192.0.2.0/24")];

Deno.test("a list binds where what it doesn't have doesn't answer", () => {
  assert.deepEqual(egressLook("10.96.0.1 443 shut\n", rules), { kind: "bound" });
  assert.deepEqual(egressLook("10.96.0.1 443 open\n", rules), {
    kind: "ignored",
    reached: "the API server, 10.96.0.1:443",
  });
  assert.equal(egressLook("fd00::1 443 open\n", rules).kind, "ignored");
});

Deno.test("nothing is told of a list that allows what was tried, or of no answer", () => {
  const wide = [egressRule("10.0.0.0/8:443")];
  for (const answer of ["open", "shut"]) {
    assert.equal(egressLook(`10.96.0.1 443 ${answer}\n`, wide).kind, "untold");
  }
  for (
    const stdout of [
      "",
      "  shut\n",
      "10.96.0.1 443 untold\n",
      "x.example 443 open\n",
      "10.0.0.1 443 open\nx",
    ]
  ) {
    assert.equal(egressLook(stdout, rules).kind, "untold", stdout);
  }
});
