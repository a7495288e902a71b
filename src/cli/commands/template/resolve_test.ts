/** Args -> options. */
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "template list",
    options: {},
    changes: [
      ["--output yaml", { format: "yaml" }],
    ],
  },
  {
    line: "template show x",
    options: { name: "x" },
  },
  { line: "template show", error: /missing/ },
]);
