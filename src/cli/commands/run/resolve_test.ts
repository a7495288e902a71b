/** Args -> options. */
import { runningFlags } from "../exec/flags.ts";
import { selectionFlags } from "../../parser/selection.ts";
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "run kwekash",
    options: {
      workflow: "kwekash",
      overrides: { selection: {} },
      options: {},
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
      pick: false,
      steps: {
        params: new Map<string, string | string[]>([]),
        plan: false,
        trust: false,
        deadlineMs: undefined,
        yes: false,
        given: new Set([]),
      },
    },
    changes: [
      ["--param a=1", {
        steps: {
          params: new Map<string, string | string[]>([["a", "1"]]),
          given: new Set(["param"]),
        },
      }],
      ["--plan", { steps: { plan: true, given: new Set(["plan"]) } }],
      ["--in-cluster --shards 3 --retain 1h", {
        cluster: { shards: 3, retainMs: 3_600_000, detach: false },
        steps: { given: new Set(["in-cluster", "shards", "retain"]) },
      }],
      ["--in-cluster --detach --image i --service-account s", {
        cluster: {
          shards: 1,
          retainMs: 20 * 86_400_000,
          detach: true,
          image: "i",
          serviceAccount: "s",
        },
        steps: { given: new Set(["in-cluster", "detach", "image", "service-account"]) },
      }],
      ["--deadline 90m", { steps: { deadlineMs: 5_400_000, given: new Set(["deadline"]) } }],
      ["--only a --only b", {
        steps: { choice: { only: ["a", "b"], skip: [] }, given: new Set(["only"]) },
      }],
      ["--skip a --start-at b", {
        steps: {
          choice: { only: [], skip: ["a"], startAt: "b" },
          given: new Set(["skip", "start-at"]),
        },
      }],
      ["--trust", { steps: { trust: true, given: new Set(["trust"]) } }],
      ["--locked", { steps: { trust: "locked", given: new Set(["locked"]) } }],
      ["--param a=1 --param a=2 --param b=x=y", {
        steps: {
          params: new Map<string, string | string[]>([["a", ["1", "2"]], ["b", "x=y"]]),
          given: new Set(["param"]),
        },
      }],
      ["--all", { steps: { given: new Set(["all"]) } }],
      ["-l app=web", {
        overrides: { selection: { labelSelector: "app=web" } },
        steps: { given: new Set(["selector"]) },
      }],
      ["--pick", { pick: true, choosing: { kind: "many" }, steps: { given: new Set(["pick"]) } }],
      ["--list", { list: true, steps: { given: new Set(["list"]) } }],
      ["-n lab --context east", {
        overrides: {
          selection: { namespaces: { kind: "named", names: ["lab"] } },
          contexts: ["east"],
        },
        steps: { given: new Set(["namespace", "context"]) },
      }],
    ],
    errors: [
      ["--only a --start-at b", /--only and --start-at can't be used together/],
      ["--all -l app=web", /--all and a choice of pods can't be used together/],
    ],
  },
  {
    line: "run kwekash -- uptime",
    options: {
      workflow: "kwekash",
      overrides: { command: ["uptime"], selection: {} },
      options: {},
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
      pick: false,
      choosing: { kind: "required" },
      steps: {
        params: new Map<string, string | string[]>([]),
        plan: false,
        trust: false,
        deadlineMs: undefined,
        yes: false,
        given: new Set([]),
      },
    },
    changes: [
      ["--all", { choosing: undefined, steps: { given: new Set(["all"]) } }],
      ["--list", { list: true, choosing: undefined, steps: { given: new Set(["list"]) } }],
    ],
  },
], { ...selectionFlags, ...runningFlags });
