/** Args -> options. */
import { testResolve } from "../testing/resolve.ts";

testResolve([
  {
    line: "completion bash",
    options: { shell: "bash" },
  },
  {
    line: "doctor",
    options: { sessions: false, looked: { contexts: [] } },
    changes: [
      ["--context x", { looked: { contexts: ["x"] } }],
      ["--namespace x", { looked: { namespace: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--sessions", { sessions: true }],
      ["--output yaml", { format: "yaml" }],
    ],
  },
  {
    line: "help",
    options: { path: [] },
    changes: [
      ["exec", { path: ["exec"] }],
      ["sync start", { path: ["sync", "start"] }],
    ],
  },
  {
    line: "k get pods",
    options: { args: ["get", "pods"], isConfirmed: false, readOnly: false },
    changes: [
      ["--yes", { isConfirmed: true }],
      ["--read-only", { readOnly: true }],
      ["-n web -o wide", { args: ["get", "pods", "-n", "web", "-o", "wide"] }],
    ],
  },
  {
    line: "k exec web-0 -- ls --yes",
    options: { args: ["exec", "web-0", "--", "ls", "--yes"], isConfirmed: false, readOnly: false },
  },
  {
    line: "interrupt my-work",
    options: { ref: { kind: "session", name: "my-work" } },
    changes: [
      ["--namespace x", { ref: { namespace: "x" } }],
      ["--context x", { ref: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--task 3", { task: 3 }],
    ],
  },
  {
    line: "interrupt pod/web-0",
    options: { ref: { kind: "pod", name: "web-0" } },
  },
  {
    line: "lsp",
    options: {},
  },
  {
    line: "version",
    options: { json: false },
    changes: [
      ["--output json", { json: true }],
    ],
  },
  { line: "completion", error: /missing SHELL/ },
  { line: "interrupt", error: /missing/ },
]);
