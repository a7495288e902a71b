/** Args -> options. */
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "workflow list",
    options: {},
    changes: [
      ["--output yaml", { format: "yaml" }],
    ],
  },
  {
    line: "workflow show kwekash",
    options: { workflow: "kwekash" },
    changes: [
      ["--output json", { format: "json" }],
    ],
  },
  {
    line: "workflow check",
    options: { operands: [], strict: false },
    changes: [
      ["--output sarif", { format: "sarif" }],
      ["--strict", { strict: true }],
      ["a b.yaml", { operands: ["a", "b.yaml"] }],
    ],
  },
  {
    line: "workflow rights drift",
    options: { workflow: "drift", params: new Map([]), namespaces: [] },
    changes: [
      ["--param a=1", { params: new Map([["a", "1"]]) }],
      ["--namespace x", { namespaces: ["x"] }],
      ["--output json", { format: "json" }],
    ],
  },
  {
    line: "workflow test",
    options: { files: [], trustNow: false },
    changes: [
      ["--output json", { format: "json" }],
      ["--trust", { trustNow: true }],
      ["--locked", { trustNow: "locked" }],
      ["a.yaml", { files: ["a.yaml"] }],
    ],
  },
  {
    line: "workflow new x",
    options: { kind: "workflow", name: "x", source: { kind: "template", template: "command" } },
    changes: [
      ["--template rolling", { source: { template: "rolling" } }],
      ["--from-run x", { source: { kind: "run", template: undefined, run: "x" } }],
    ],
    errors: [
      ["--template rolling --from-run r", /--template and --from-run can't be used together/],
      ["--github-actions --template steps", /is for an existing workflow/],
      ["--schedule @daily", /--schedule needs --github-actions/],
      ["--schedule daily --github-actions", /must have five fields/],
    ],
  },
  {
    line: "workflow new x --github-actions",
    options: { kind: "actions", workflow: "x" },
    changes: [["--schedule @daily", { schedule: "@daily" }]],
  },
  {
    line: "workflow schema",
    options: {},
  },
  {
    line: "workflow trust add kwekash",
    options: { workflow: "kwekash", yes: false },
    changes: [
      ["--yes", { yes: true }],
    ],
  },
  {
    line: "workflow trust list",
    options: {},
    changes: [
      ["--output yaml", { format: "yaml" }],
    ],
  },
  {
    line: "workflow trust revoke kwekash",
    options: { all: false, names: ["kwekash"] },
    errors: [
      ["--all", /revoke takes names or paths of workflows, or --all/],
    ],
  },
  {
    line: "workflow trust revoke --all",
    options: { all: true, names: [] },
  },
  {
    line: "workflow trust lock kwekash",
    options: { workflows: ["kwekash"] },
  },
  { line: "workflow trust revoke", error: /revoke takes names or paths of workflows, or --all/ },
  { line: "workflow show", error: /missing WORKFLOW/ },
]);
