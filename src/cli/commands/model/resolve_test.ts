/** Args -> options. */
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  { line: "model list", options: {}, changes: [["--output json", { format: "json" }]] },
  {
    line: "model show",
    options: { models: [] },
    changes: [["ollama/phi", { models: ["ollama/phi"] }], ["-o yaml", { format: "yaml" }]],
  },
  {
    line: "model test",
    options: { models: [], rounds: 1 },
    changes: [
      ["sonnet gpt", { models: ["sonnet", "gpt"] }],
      ["--rounds 3", { rounds: 3 }],
      ["-o jsonl", { format: "jsonl" }],
    ],
    errors: [["--rounds 0", /whole number/]],
  },
  { line: "model stats", options: {}, changes: [["-o json", { format: "json" }]] },
]);
