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
    ],
  },
  {
    line: "runs show",
    options: {},
    changes: [
      ["--output yaml", { format: "yaml" }],
      ["last", {}],
      ["20261121", { run: "20261121" }],
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
    ],
    errors: [["a b c", /two runs can be compared/]],
  },
  {
    line: "runs report",
    options: { svg: false },
    changes: [
      ["last", {}],
      ["20261121", { run: "20261121" }],
      ["--output a.html", { output: "a.html" }],
      ["--svg", { svg: true }],
    ],
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
      ["--recreated", { options: { recreated: true } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["last", {}],
      ["20261121-0946", { options: { run: "20261121-0946" }, steps: { isNamed: true } }],
      ["--list", { list: true }],
    ],
    errors: [
      ["--failed --rest", /--failed, --from and --rest can't be used together/],
      ["--from a --failed", /--failed, --from and --rest can't be used together/],
    ],
  },
], runningFlags);
