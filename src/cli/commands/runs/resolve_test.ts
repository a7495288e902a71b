/** Args -> options. */
import { runningFlags } from "../exec/flags.ts";
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "runs list",
    options: { limit: 20 },
    changes: [
      ["--limit 3", { limit: 3 }],
      ["--output yaml", { format: "yaml" }],
      ["--in-cluster -A", { scope: { allNamespaces: true } }],
      ["--in-cluster -n shop --context x", { scope: { namespace: "shop", context: "x" } }],
    ],
    errors: [["-A", /--all-namespaces needs --in-cluster/]],
  },
  {
    line: "runs show",
    options: {},
    changes: [
      ["--output yaml", { format: "yaml" }],
      ["last", {}],
      ["20261121", { run: "20261121" }],
      ["--in-cluster", { scope: {} }],
      ["--in-cluster -n shop --context x", { scope: { namespace: "shop", context: "x" } }],
    ],
  },
  {
    line: "runs diff",
    options: { exitCode: false },
    changes: [
      ["last", {}],
      ["20261121", { later: "20261121" }],
      ["20261121 last", { earlier: "20261121" }],
      ["20261121 20261122", { earlier: "20261121", later: "20261122" }],
      ["--exit-code", { exitCode: true }],
      ["--output json", { format: "json" }],
      ["--in-cluster", { scope: {} }],
      ["--in-cluster -n shop --context x", { scope: { namespace: "shop", context: "x" } }],
    ],
    errors: [["a b c", /two runs can be compared/], ["-n shop", /--namespace needs --in-cluster/]],
  },
  {
    line: "runs report",
    options: { svg: false, force: false },
    changes: [
      ["last", {}],
      ["20261121", { run: "20261121" }],
      ["--output a.html", { output: "a.html" }],
      ["--svg", { svg: true }],
      ["--force", { force: true }],
      ["--in-cluster", { scope: {} }],
      ["--in-cluster -n shop --context x", { scope: { namespace: "shop", context: "x" } }],
    ],
    errors: [["--context x", /--context needs --in-cluster/]],
  },
  {
    line: "runs rerun",
    options: {
      options: { failed: false, recreated: false },
      view: {
        format: "text",
        progress: "auto",
        color: "auto",
        quiet: false,
        raw: false,
        stdin: false,
        confirm: { yes: false },
        single: false,
        tty: false,
      },
      list: false,
      steps: {
        isNamed: false,
        resume: { kind: "all" },
        plan: false,
        params: new Map([]),
        trustNow: false,
        yes: false,
      },
    },
    changes: [
      ["--failed", { options: { failed: true }, steps: { resume: { kind: "failed" } } }],
      ["--from restart", { steps: { resume: { kind: "from", step: "restart" } } }],
      ["--rest", { steps: { resume: { kind: "rest" } } }],
      ["--plan", { steps: { plan: true } }],
      ["--only a --only b", {
        steps: { resume: { kind: "rest" }, choice: { only: ["a", "b"], skip: [] } },
      }],
      ["--skip a --failed", {
        options: { failed: true },
        steps: { resume: { kind: "failed" }, choice: { only: [], skip: ["a"] } },
      }],
      ["--start-at a", {
        steps: { resume: { kind: "rest" }, choice: { only: [], skip: [], startAt: "a" } },
      }],
      ["--param a=1", { steps: { params: new Map([["a", "1"]]) } }],
      ["--trust", { steps: { trustNow: true } }],
      ["--locked", { steps: { trustNow: "locked" } }],
      ["--recreated", { options: { recreated: true } }],
      ["last", {}],
      ["20261121-0946", { options: { run: "20261121-0946" }, steps: { isNamed: true } }],
      ["--list", { list: true }],
      ["--in-cluster --rest --context x", {
        steps: { resume: { kind: "rest" } },
        cluster: { scope: { context: "x" }, detach: false },
      }],
      ["--in-cluster --detach -n shop", {
        cluster: { scope: { namespace: "shop" }, detach: true },
      }],
    ],
    errors: [
      ["--failed --rest", /--failed, --from and --rest can't be used together/],
      ["--from a --failed", /--failed, --from and --rest can't be used together/],
      ["--namespace x", /--namespace needs --in-cluster/],
      ["--in-cluster --param a=1", /--param can't be used with --in-cluster/],
    ],
  },
  {
    line: "runs follow",
    options: { scope: {}, quiet: false },
    changes: [
      ["20261121-0946 --in-cluster", { run: "20261121-0946" }],
      ["-o jsonl", { format: "jsonl" }],
      ["--quiet", { quiet: true }],
      ["-n shop", { scope: { namespace: "shop" } }],
      ["--context x", { scope: { context: "x" } }],
    ],
  },
  {
    line: "runs stop 20261121-0946",
    options: { run: "20261121-0946", scope: {} },
    changes: [
      ["--in-cluster", {}],
      ["-n shop", { scope: { namespace: "shop" } }],
      ["--context x", { scope: { context: "x" } }],
    ],
  },
  {
    line: "runs shard --job j --job-uid u --namespace n --holder h --index 3",
    options: { job: "j", jobUid: "u", namespace: "n", holder: "h", index: 3 },
    changes: [
      ["--request /r", { folders: { request: "/r", secret: "/r-secret" } }],
      ["--request /r --secret /s", { folders: { request: "/r", secret: "/s" } }],
    ],
    errors: [["--index x", /must be a whole number/]],
  },
  {
    line: "schedule add nightly kwekash --cron @daily",
    options: {
      schedule: { name: "nightly", cron: "@daily" },
      workflow: "kwekash",
      params: new Map([]),
      overrides: {},
      trust: false,
      yes: false,
      cluster: { shards: 1, retainMs: 20 * 86_400_000, limitMs: 86_400_000 },
    },
    changes: [
      ["--time-zone Europe/Berlin", { schedule: { timeZone: "Europe/Berlin" } }],
      ["--param a=1", { params: new Map([["a", "1"]]) }],
      ["--trust", { trust: true }],
      ["--locked", { trust: "locked" }],
      ["--yes", { yes: true }],
      ["-n shop", {
        overrides: { selection: { namespaces: { kind: "named", names: ["shop"] } } },
      }],
      ["--context x", { overrides: { contexts: ["x"] } }],
      ["--image i", { cluster: { image: "i" } }],
      ["--service-account s", { cluster: { serviceAccount: "s" } }],
      ["--shards 3", { cluster: { shards: 3 } }],
      ["--retain 1h", { cluster: { retainMs: 3_600_000 } }],
      ["--limit 2h", { cluster: { limitMs: 7_200_000 } }],
    ],
    errors: [["--cron never", /must have five fields/]],
  },
  {
    line: "schedule list",
    options: { scope: {} },
    changes: [
      ["-A", { scope: { allNamespaces: true } }],
      ["-n shop", { scope: { namespace: "shop" } }],
      ["--context x", { scope: { context: "x" } }],
      ["-o json", { format: "json" }],
    ],
  },
  {
    line: "schedule remove nightly",
    options: { name: "nightly", scope: {} },
    changes: [
      ["-n shop", { scope: { namespace: "shop" } }],
      ["--context x", { scope: { context: "x" } }],
    ],
  },
], runningFlags);
