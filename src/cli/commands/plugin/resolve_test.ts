/** Args -> options. */
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "plugin new my-view",
    options: { name: "my-view", language: "assemblyscript" },
    changes: [["--language rust", { language: "rust" }], ["-l c", { language: "c" }]],
  },
  { line: "plugin build", options: { folder: "." }, changes: [["my-view", { folder: "my-view" }]] },
  { line: "plugin list", options: {}, changes: [["--output json", { format: "json" }]] },
  {
    line: "plugin check a.wasm",
    options: { path: "a.wasm", permissions: [] },
    changes: [
      ["--permission k8s:list:pods --permission x", { permissions: ["k8s:list:pods", "x"] }],
      ["-o yaml", { format: "yaml" }],
    ],
  },
  {
    line: "plugin test a.wasm",
    options: { plugin: "a.wasm", size: { width: 80, height: 24 }, permissions: [] },
    changes: [
      ["--commands -", { commands: "web-0\n" }],
      ["--size 40x10", { size: { width: 40, height: 10 } }],
      ["--permission clipboard:write", { permissions: ["clipboard:write"] }],
      ["--context prod", { context: "prod" }],
      ["-o jsonl", { format: "jsonl" }],
    ],
    errors: [["--size 80", /"80" is not a size/], ["--size 0x10", /not a size/]],
  },
]);
