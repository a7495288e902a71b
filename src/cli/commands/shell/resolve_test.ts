/** Args -> options. */
import { wholeSelection } from "../../../actions/exec/events.ts";
import { selectionFlags } from "../../parser/selection.ts";
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "shell web-0",
    options: {
      options: {
        contexts: [],
        selection: { ...wholeSelection, operands: [{ kind: "pod", name: "web-0" }] },
        command: [],
        keepMs: 900000,
      },
    },
    changes: [
      ["--env A=b", { options: { environment: { A: "b" } } }],
      ["--workdir d", { options: { workdir: "d" } }],
      ["--keep-for 1h", { options: { keepMs: 3600000 } }],
      ["--new", { options: { fresh: true } }],
      ["--connect-timeout 30s", { options: { connectTimeoutMs: 30000 } }],
      ["--log d", { options: { log: "d" } }],
      ["--keep-for 0", { options: { keepMs: 0 } }],
      ["--pick", { choosing: { kind: "one" } }],
      ["deploy/web", {
        options: {
          selection: {
            operands: [{ kind: "pod", name: "web-0" }, {
              kind: "workload",
              plural: "deployments",
              name: "web",
            }],
          },
        },
        choosing: { kind: "oneIfUnclear" },
      }],
    ],
    errors: [
      ["--keep-for 25h", /invalid value "25h" for --keep-for: must be 24h or less/],
      ["--new --keep-for 0", /--new and --keep-for 0 can't be used together/],
      ["--from -", /standard input can't name the pod and be the shell's/],
    ],
  },
  {
    line: "shell web-0 -- top",
    options: {
      options: {
        contexts: [],
        selection: { ...wholeSelection, operands: [{ kind: "pod", name: "web-0" }] },
        command: ["top"],
        keepMs: 0,
      },
    },
    changes: [
      ["--keep-for 1h", { options: { keepMs: 3600000 } }],
    ],
  },
], selectionFlags);
