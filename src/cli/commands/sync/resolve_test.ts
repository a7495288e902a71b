/** Args -> options. */
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "sync start . web-0:/w",
    options: {
      local: ".",
      pod: "web-0",
      remotePath: "/w",
      mode: "two-way-safe",
      exclude: [],
      git: false,
      gitignore: true,
      wait: true,
    },
    changes: [
      ["--mode pull", { mode: "pull" }],
      ["--name x", { name: "x" }],
      ["--exclude *.log", { exclude: ["*.log"] }],
      ["--no-gitignore", { gitignore: false }],
      ["--git", { git: true }],
      ["--no-wait", { wait: false }],
      ["--namespace x", { namespace: "x" }],
      ["--container x", { container: "x" }],
      ["--context x", { context: "x" }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--output json", { format: "json" }],
    ],
  },
  {
    line: "sync list",
    options: {},
    changes: [
      ["--output yaml", { format: "yaml" }],
    ],
  },
  {
    line: "sync status",
    options: {},
    changes: [
      ["--output json", { format: "json" }],
      ["web", { name: "web" }],
    ],
  },
  {
    line: "sync stop",
    options: { forget: false },
    changes: [
      ["--forget", { forget: true }],
      ["--output json", { format: "json" }],
    ],
  },
  {
    line: "sync pause",
    options: {},
    changes: [
      ["--output json", { format: "json" }],
    ],
  },
  {
    line: "sync resume",
    options: { acceptRemovals: false },
    changes: [
      ["--accept-removals", { acceptRemovals: true }],
      ["--output json", { format: "json" }],
    ],
  },
  {
    line: "sync flush",
    options: {},
    changes: [
      ["--output json", { format: "json" }],
    ],
  },
  {
    line: "sync undo",
    options: {},
    changes: [
      ["--output json", { format: "json" }],
    ],
  },
  {
    line: "sync conflicts",
    options: {},
    changes: [
      ["--output json", { format: "json" }],
    ],
  },
  {
    line: "sync up",
    options: { printUnit: false },
    changes: [["--print-unit", { printUnit: true }]],
  },
  {
    line: "sync start . team/web-0:a:b",
    options: {
      local: ".",
      namespace: "team",
      pod: "web-0",
      remotePath: "a:b",
      mode: "two-way-safe",
      exclude: [],
      git: false,
      gitignore: true,
      wait: true,
    },
    errors: [["-n dev", /two namespaces are named/]],
  },
  {
    line: "sync start . web.example:rel",
    options: {
      local: ".",
      pod: "web.example",
      remotePath: "rel",
      mode: "two-way-safe",
      exclude: [],
      git: false,
      gitignore: true,
      wait: true,
    },
    changes: [["--exclude *.log --exclude=a/", { exclude: ["*.log", "a/"] }]],
  },
  { line: "sync start . /w", error: /is not a POD:PATH/ },
  { line: "sync start . web-0", error: /is not a POD:PATH/ },
  { line: "sync start . web-0:", error: /is not a POD:PATH/ },
  { line: "sync start . :/w", error: /is not a POD:PATH/ },
  { line: "sync start . Web:/w", error: /is not a POD:PATH/ },
  { line: "sync start . a/b/c:/w", error: /is not a POD:PATH/ },
]);
