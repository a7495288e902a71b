/** Args -> options. */
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "config view",
    options: {},
    changes: [
      ["--output yaml", { format: "yaml" }],
    ],
  },
  {
    line: "config get exec.fanout",
    options: { key: "exec.fanout" },
  },
  {
    line: "config set exec.fanout 3",
    options: { key: "exec.fanout", value: "3" },
  },
  {
    line: "config unset exec.fanout",
    options: { key: "exec.fanout" },
  },
  {
    line: "config path",
    options: {},
  },
  {
    line: "config schema",
    options: {},
  },
  { line: "config get", error: /missing KEY/ },
  { line: "config set exec.fanout", error: /missing VALUE/ },
]);
