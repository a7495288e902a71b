/** Args -> options. */
import { wholeSelection } from "../../../actions/exec/events.ts";
import { selectionFlags } from "../../parser/selection.ts";
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "pods",
    options: {
      contexts: [],
      pick: false,
      selection: wholeSelection,
      format: "status",
      quiet: false,
      hasHeader: true,
    },
    changes: [
      ["--output name", { format: "name" }],
      ["--watch", { watch: "status" }],
      ["--quiet", { quiet: true }],
      ["--no-headers", { hasHeader: false }],
      ["--watch -o name", { format: "name", watch: "name" }],
      ["--watch -o wide", { format: "wide", watch: "wide" }],
    ],
    errors: [
      [
        "--watch --pick",
        /--watch contradicts --pick and --sample: pods that start later match too/,
      ],
      [
        "--watch --sample 2",
        /--watch contradicts --pick and --sample: pods that start later match too/,
      ],
      ["--watch -o json", /--watch and --output json can't be used together/],
    ],
  },
], selectionFlags);
