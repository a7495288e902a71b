import assert from "node:assert/strict";
import { percentage, summary } from "./coverage_summary.ts";

const lcov = `SF:/repo/src/kube/a.ts
DA:1,1
LF:10
LH:5
BRF:2
BRH:1
end_of_record
SF:/repo/src/kube/http/b.ts
LF:10
LH:10
end_of_record
SF:/repo/src/kube/http/b_test.ts
LF:100
LH:100
end_of_record
SF:/repo/src/wiring.ts
LF:4
LH:1
end_of_record
SF:/repo/tests/harness/command.ts
LF:100
LH:0
end_of_record
`;

Deno.test("`summary()` adds lines and branches by module of src, without tests", () => {
  const rows = summary(lcov, "/repo/").map(({ module, lines, branches }) =>
    [module, lines, branches].map((one) => typeof one === "string" ? one : percentage(one))
  );
  assert.deepEqual(rows, [
    ["kube", "75.0%", "50.0%"],
    ["wiring.ts", "25.0%", "-"],
    ["all", "66.7%", "50.0%"],
  ]);
});
