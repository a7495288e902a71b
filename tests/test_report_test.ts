/** What `deno task test` makes of the output of `deno test`. */
import assert from "node:assert/strict";
import { TestReport } from "./suites/run.ts";
import { failedTests } from "./test_twice.ts";

const output = `running 6 tests from ./tests/suites/work_test.ts
./tests/suites/work_test.ts => a plain one ... ok (3ms)
./tests/suites/work_test.ts => one with ... in its name ... ok (3ms)
./tests/suites/work_test.ts => steps ... the first ... ok (1ms)
./tests/suites/work_test.ts => steps ... the second (skipped: this machine has no tmux) ... ignored (0ms)
./tests/suites/work_test.ts => steps ... ok (1s)
./tests/suites/work_test.ts => cp (skipped: kubectl isn't installed) ... ignored (0ms)
./tests/suites/work_test.ts => silent ... ignored (0ms)
./tests/suites/work_test.ts => bad ... FAILED (14ms)

 ERRORS 

bad => ./tests/suites/deadline.ts:31:5
error: Error: x

 FAILURES 

bad => ./tests/suites/deadline.ts:31:5

FAILED | 3 passed (1 step) | 1 failed | 2 ignored (1 step) (33ms)

error: Test failed`;

Deno.test("`TestReport` has the counts, the failures whole, and the reason of each skip", () => {
  const report = new TestReport();
  for (const line of output.split("\n")) report.add(line);
  assert.deepEqual([report.passed, report.failed, report.skipped], [3, 1, 2]);
  assert.deepEqual(report.failures.filter((line) => line !== ""), [
    " ERRORS ",
    "bad",
    "error: Error: x",
    " FAILURES ",
    "bad",
  ]);
  assert.equal(
    report.skippedText(),
    "skipped: this machine has no tmux\n  steps ... the second\n" +
      "skipped: kubectl isn't installed\n  cp\nskipped: no reason is given\n  silent\n",
  );
});

Deno.test("`failedTests()` has the tests that are run once more, without their steps", () => {
  const junit = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="4" failures="3" errors="0" time="0.013">
    <testsuite name="./a_test.ts" tests="4" disabled="0" errors="0" failures="3">
        <testcase name="fine &gt; here" classname="./a_test.ts" time="0.000" line="1" col="6">
        </testcase>
        <testcase name="a &amp; &quot;b&quot;" classname="./a_test.ts" time="0.003" line="2" col="6">
            <failure message="1 test step failed">1 test step failed.</failure>
        </testcase>
        <testcase name="a &amp; &quot;b&quot; &gt; inner" classname="./a_test.ts" time="0.001" line="2" col="53">
            <failure message="Uncaught Error: x">Error: &lt;testcase name=&quot;no&quot;&gt;</failure>
        </testcase>
        <testcase name="x &gt; y" classname="./a_test.ts" time="0.001" line="2" col="53">
            <failure message="Uncaught Error: x">Error: x</failure>
        </testcase>
    </testsuite>
</testsuites>
`;
  assert.deepEqual(failedTests(junit), ['a & "b"', "x > y"]);
});
