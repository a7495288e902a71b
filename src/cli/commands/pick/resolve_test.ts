/** Args -> options. */
import { wholeSelection } from "../../../actions/exec/events.ts";
import { selectionFlags } from "../../parser/selection.ts";
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "pick",
    options: {
      format: "plain",
      print0: false,
      picker: {
        asksContainer: false,
        query: "",
        selectOne: false,
        exitZero: false,
        height: { kind: "percent", percent: 40 },
        layout: "default",
        preview: true,
        mouse: true,
        prompt: "> ",
        purpose: "",
        contexts: [],
        selection: wholeSelection,
        multi: true,
      },
    },
    changes: [
      ["--query x", { picker: { query: "x" } }],
      ["--select-1", { picker: { selectOne: true } }],
      ["--exit-0", { picker: { exitZero: true } }],
      ["--single", { picker: { multi: false } }],
      ["--containers", { picker: { asksContainer: true } }],
      ["--height 12", { picker: { height: { kind: "rows", percent: undefined, rows: 12 } } }],
      ["--layout reverse", { picker: { layout: "reverse" } }],
      ["--no-preview", { picker: { preview: false } }],
      ["--no-mouse", { picker: { mouse: false } }],
      ["--output yaml", { format: "yaml" }],
      ["--print0", { print0: true }],
      ["--height 50%", { picker: { height: { percent: 50 } } }],
      ["--print0 -o name", { format: "name", print0: true }],
      ["web-0", { picker: { selection: { operands: [{ kind: "pod", name: "web-0" }] } } }],
    ],
    errors: [
      [
        "--height 0",
        /invalid value "0" for --height: must be a number of rows, or a share as in 40%/,
      ],
      ["--print0 -o json", /--print0 and --output can't be used together/],
    ],
  },
], selectionFlags);
