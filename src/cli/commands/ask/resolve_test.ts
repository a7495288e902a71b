/** Args -> options. */
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "ask why is web not ready?",
    options: {
      question: "why is web not ready?",
      options: {},
      view: { format: "text", quiet: false, metrics: false },
    },
    changes: [
      ["--model opus", { options: { model: "opus" } }],
      ["--freeze-memory", { options: { freezeMemory: true } }],
      ["--context lab", { context: "lab" }],
      ["--show-metrics", { view: { metrics: true } }],
      ["-q", { view: { quiet: true } }],
      ["-o json", { view: { format: "json" } }],
    ],
  },
  { line: "ask", error: /there is no question/ },
  {
    line: "memory show",
    options: {},
    changes: [
      ["--context lab", { context: "lab" }],
      ["-o json", { format: "json" }],
    ],
  },
  {
    line: "memory set text",
    options: { text: "text" },
    changes: [["--context lab", { context: "lab" }]],
  },
  {
    line: "memory clear",
    options: {},
    changes: [["--context lab", { context: "lab" }]],
  },
  { line: "memory enable", options: {} },
  { line: "memory disable", options: {} },
  { line: "instructions show", options: {} },
  { line: "instructions set text", options: { text: "text" } },
  { line: "instructions clear", options: {} },
  { line: "memory set", error: /missing TEXT/ },
  // The command itself doesn't see that its output is explained.
  {
    line: "runs list",
    options: { limit: 20 },
    changes: [
      ["--explain --model opus", {}],
      ["--explain --limit 3 -o json", { limit: 3, format: "json" }],
      ["--explain --in-cluster --all-namespaces --context x --kubeconfig f", {
        scope: { allNamespaces: true, context: "x" },
      }],
      ["--in-cluster --namespace n", { scope: { namespace: "n" } }],
    ],
  },
]);
