/** Args -> options. */
import assert from "node:assert/strict";
import { paneFlags } from "./tmux.ts";
import { wholeSelection } from "../../../actions/exec/events.ts";
import { selectionFlags } from "../../parser/selection.ts";
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "tmux sts/db",
    options: {
      options: {
        contexts: [],
        selection: {
          ...wholeSelection,
          operands: [{ kind: "workload", plural: "statefulsets", name: "db" }],
        },
        command: [],
        layout: "tiled",
        sync: true,
        detach: false,
        remain: "failed",
      },
      panes: { keepMs: 900000 },
      confirm: { yes: false },
    },
    changes: [
      ["--session x", { options: { session: "x" } }],
      ["--layout main-vertical", { options: { layout: "main-vertical" } }],
      ["--sync", {}],
      ["--no-sync", { options: { sync: false } }],
      ["--detach", { options: { detach: true } }],
      ["--remain-on-exit", { options: { remain: "on" } }],
      ["--workdir d", { panes: { workdir: "d" } }],
      ["--keep-for 1h", { panes: { keepMs: 3600000 } }],
      ["--new", { panes: { fresh: true } }],
      ["--connect-timeout 30s", { panes: { connectTimeoutMs: 30000 } }],
      ["--log d", { panes: { log: "d" } }],
      ["--yes", { confirm: { yes: true } }],
      ["--confirm-above 3", { confirm: { above: 3 } }],
      ["--remain-on-exit=false", { options: { remain: "off" } }],
    ],
    errors: [
      ["--sync --no-sync", /--sync and --no-sync can't be used together/],
      ["--all", /--all and a choice of pods can't be used together/],
      ["--session a.b", /"a\.b" can't be a session's name/],
    ],
  },
  {
    line: "tmux sts/db -- top",
    options: {
      options: {
        contexts: [],
        selection: {
          ...wholeSelection,
          operands: [{ kind: "workload", plural: "statefulsets", name: "db" }],
        },
        command: ["top"],
        layout: "tiled",
        sync: false,
        detach: false,
        remain: "on",
      },
      panes: { keepMs: 0 },
      confirm: { yes: false },
    },
    changes: [
      ["--sync", { options: { sync: true } }],
    ],
  },
], selectionFlags);

Deno.test("`paneFlags()` repeats the flags for each pane, with absolute paths", () => {
  const panes = { keepMs: 0, fresh: true, connectTimeoutMs: 5000, workdir: "/srv", log: "casts" };
  assert.deepEqual(paneFlags(panes, { kubeconfig: "lab.yaml", workingDir: "/here" }), {
    shellFlags: [
      ...["--kubeconfig=/here/lab.yaml", "--keep-for=0", "--connect-timeout=5000ms"],
      ...["--workdir=/srv", "--log=/here/casts", "--new"],
    ],
    writes: ["/here/casts"],
  });
});
