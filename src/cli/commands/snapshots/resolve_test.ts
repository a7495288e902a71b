/** Args -> options. */
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "snapshots list",
    options: { options: { allNamespaces: false }, format: "table" },
    changes: [
      ["--namespace x", { options: { namespace: "x" } }],
      ["--context x", { options: { context: "x" } }],
      ["--all-namespaces", { options: { allNamespaces: true } }],
      ["--output yaml", { format: "yaml" }],
      ["my-work", { options: { session: "my-work" } }],
    ],
    errors: [
      ["-n dev -A", /--namespace and --all-namespaces can't be used together/],
    ],
  },
  {
    line: "snapshots delete a",
    options: { scope: {}, names: ["a"], force: false, theirs: false },
    changes: [
      ["--namespace x", { scope: { namespace: "x" } }],
      ["--context x", { scope: { context: "x" } }],
      ["--theirs", { theirs: true }],
      ["--yes", { force: true }],
      ["--force", { force: true }],
      ["a b", { names: ["a", "b"] }],
    ],
  },
  { line: "snapshots delete", error: /no snapshot is named/ },
]);
