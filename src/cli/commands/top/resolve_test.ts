/** Args -> options. */
import { wholeSelection } from "../../../actions/exec/events.ts";
import { selectionFlags } from "../../parser/selection.ts";
import { testResolve } from "../../testing/resolve.ts";

const nodes = { kind: "nodes", selection: { names: [], match: [], exclude: [] } };

testResolve([
  {
    line: "top",
    options: {
      contexts: [],
      pick: false,
      subject: { kind: "pods", selection: wholeSelection, byContainer: false },
      sort: "name",
      watch: false,
    },
    changes: [
      ["--sort cpu", { sort: "cpu" }],
      ["--containers", { subject: { byContainer: true } }],
      ["--watch", { watch: true }],
      ["--output yaml", { format: "yaml" }],
      ["-w -o jsonl", { watch: true, format: "jsonl" }],
      ["-A", { subject: { selection: { namespaces: { kind: "all" } } } }],
      // As kubectl top pods.
      ["pods", {}],
      ["po web-0", { subject: { selection: { operands: [{ kind: "pod", name: "web-0" }] } } }],
    ],
    errors: [
      ["-w -o json", /--watch and --output json can't be used together/],
      ["-w --pick", /--watch contradicts --pick/],
    ],
  },
  {
    line: "top nodes",
    options: { contexts: [], pick: false, subject: nodes, sort: "name", watch: false },
    changes: [
      ["rig --sort memory", {
        sort: "memory",
        subject: { selection: { names: ["rig"] } },
      }],
      ["-l pool=a", { subject: { selection: { labelSelector: "pool=a" } } }],
      ["--context lab", { contexts: ["lab"] }],
    ],
    errors: [
      ["-n web", /--namespace chooses pods, not nodes/],
      ["--containers", /--containers chooses pods, not nodes/],
    ],
  },
], selectionFlags);
