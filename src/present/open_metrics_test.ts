import assert from "node:assert/strict";
import { openMetricsText } from "./open_metrics.ts";

Deno.test("`openMetricsText()` writes each kind of metric, and escapes what has a meaning", () => {
  const text = openMetricsText([
    { name: "a", type: "gauge", help: "Of\na \\ pod.", samples: [{ labels: {}, value: 1.5 }] },
    {
      name: "b",
      type: "counter",
      help: "B.",
      samples: [{ labels: { x: 'q"\\\n', y: "\ud800" }, value: 2 }],
    },
    {
      name: "c_seconds",
      type: "histogram",
      help: "C.",
      samples: [{ labels: { z: "1" }, buckets: [{ le: 0.5, count: 1 }], count: 3, sum: 7 }],
    },
    { name: "d", type: "gauge", help: "D.", samples: [] },
  ]);
  assert.equal(
    text,
    `# TYPE a gauge
# HELP a Of\\na \\\\ pod.
a 1.5
# TYPE b counter
# HELP b B.
b_total{x="q\\"\\\\\\n",y="\ufffd"} 2.0
# TYPE c_seconds histogram
# HELP c_seconds C.
c_seconds_bucket{z="1",le="0.5"} 1.0
c_seconds_bucket{z="1",le="+Inf"} 3.0
c_seconds_count{z="1"} 3.0
c_seconds_sum{z="1"} 7.0
# TYPE d gauge
# HELP d D.
# EOF
`,
  );
});
