/** Args -> options. */
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "workflow upgrade disk",
    options: { operands: ["disk"], dryRun: false },
    changes: [["--dry-run", { dryRun: true }]],
    errors: [],
  },
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
    line: "workflow graph kwekash",
    options: { workflow: "kwekash" },
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
    options: { files: [] },
    changes: [
      ["--output json", { format: "json" }],
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
      ["--github-actions --cronjob", /--github-actions and --cronjob can't be used together/],
      ["--github-actions --template steps", /are for an existing workflow/],
      ["--schedule @daily", /--schedule needs --github-actions or --cronjob/],
      ["--schedule daily --cronjob", /must have five fields/],
      ["--image i", /--image, --namespace and --param need --cronjob/],
      ["--cronjob", /--cronjob needs --schedule and --image/],
    ],
  },
  {
    line: "workflow new x --github-actions",
    options: { kind: "actions", workflow: "x" },
    changes: [["--schedule @daily", { schedule: "@daily" }]],
  },
  {
    line: "workflow new x --cronjob --schedule @daily --image i",
    options: {
      kind: "cronJob",
      job: { workflow: "x", schedule: "@daily", image: "i", params: new Map([]) },
    },
    changes: [
      ["--namespace n", { job: { namespace: "n" } }],
      ["--param a=1", { job: { params: new Map([["a", "1"]]) } }],
    ],
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
