/** Args -> options. */
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "agent list my-work",
    options: {
      of: { kind: "one", name: "my-work", ref: { kind: "session", name: "my-work" } },
      newest: 20,
      format: "table",
    },
    changes: [
      ["--namespace x", { of: { ref: { namespace: "x" } } }],
      ["--context x", { of: { ref: { context: "x" } } }],
      ["--limit 3", { newest: 3 }],
      ["--output yaml", { format: "yaml" }],
    ],
  },
  {
    line: "agent list pod/web-0",
    options: {
      of: { kind: "one", name: "pod/web-0", ref: { kind: "pod", name: "web-0" } },
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
  {
    line: "agent approve my-work 3f1c",
    options: {
      name: "my-work",
      ref: { kind: "session", name: "my-work" },
      request: "3f1c",
      all: false,
      decision: { kind: "allow" },
      theirs: false,
    },
    changes: [
      ["--namespace x", { ref: { namespace: "x" } }],
      ["--context x", { ref: { context: "x" } }],
      ["--theirs", { theirs: true }],
    ],
    errors: [["--all", /--all and REQUEST can't be used together/]],
  },
  {
    line: "agent deny my-work --all",
    options: {
      name: "my-work",
      ref: { kind: "session", name: "my-work" },
      all: true,
      decision: { kind: "deny" },
      theirs: false,
    },
    changes: [
      ["--namespace x", { ref: { namespace: "x" } }],
      ["--context x", { ref: { context: "x" } }],
      ["--theirs", { theirs: true }],
      ["--message no", { decision: { message: "no" } }],
    ],
  },
  {
    line: "agent list",
    options: { of: { kind: "all", scope: { allNamespaces: false } }, newest: 20, format: "table" },
    changes: [
      ["--namespace x", { of: { scope: { namespace: "x" } } }],
      ["--all-namespaces", { of: { scope: { allNamespaces: true } } }],
    ],
    errors: [["-A -n x", /--namespace and --all-namespaces can't be used together/]],
  },
  { line: "agent list my-work -A", error: /SESSION and --all-namespaces/ },
  {
    line: "agent watch",
    options: {
      scope: { allNamespaces: false },
      intervalMs: 10_000,
      notify: "desktop",
      format: "text",
    },
    changes: [
      ["--namespace x", { scope: { namespace: "x" } }],
      ["--context x", { scope: { context: "x" } }],
      ["-A", { scope: { allNamespaces: true } }],
      ["--interval 1m", { intervalMs: 60_000 }],
      ["--notify bell", { notify: "bell" }],
      ["-o jsonl", { format: "jsonl" }],
    ],
    errors: [["-A -n x", /--namespace and --all-namespaces can't be used together/]],
  },
]);
