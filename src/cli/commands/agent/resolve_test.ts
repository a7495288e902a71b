/** Args -> options. */
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "agent list my-work",
    options: {
      name: "my-work",
      ref: { kind: "session", name: "my-work" },
      newest: 20,
      format: "table",
    },
    changes: [
      ["--namespace x", { ref: { namespace: "x" } }],
      ["--context x", { ref: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--limit 3", { newest: 3 }],
      ["--output yaml", { format: "yaml" }],
    ],
  },
  {
    line: "agent list pod/web-0",
    options: {
      name: "pod/web-0",
      ref: { kind: "pod", name: "web-0" },
      newest: 20,
      format: "table",
    },
  },
  {
    line: "agent logs my-work",
    options: {
      name: "my-work",
      ref: { kind: "session", name: "my-work" },
      follow: false,
      format: "text",
    },
    changes: [
      ["--namespace x", { ref: { namespace: "x" } }],
      ["--context x", { ref: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--task 3", { task: 3 }],
      ["--follow", { follow: true }],
      ["--offset 3", { offset: 3 }],
      ["--output jsonl", { format: "jsonl" }],
    ],
  },
  {
    line: "agent logs pod/web-0",
    options: {
      name: "pod/web-0",
      ref: { kind: "pod", name: "web-0" },
      follow: false,
      format: "text",
    },
  },
  { line: "agent list", error: /missing SESSION/ },
]);
