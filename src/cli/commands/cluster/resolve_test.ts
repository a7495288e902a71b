/** Args -> options. */
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "cluster up",
    options: { start: {}, foreground: false },
    changes: [
      ["--world x", { start: { world: "x" } }],
      ["--port 6443", { start: { port: 6443 } }],
      ["--foreground", { foreground: true }],
      ["--data d", { start: { data: "d" } }],
      ["--output json", { format: "json" }],
      ["--port 0", {}],
      ["--port 65535", { start: { port: 65535 } }],
    ],
    errors: [
      ["--port 65536", /invalid value "65536" for --port: a port is a number up to 65535/],
      ["--port http", /invalid value "http" for --port: must be a whole number, 1 or more/],
      ["--port 1.5", /invalid value "1\.5" for --port: must be a whole number, 1 or more/],
    ],
  },
  {
    line: "cluster down",
    options: { folder: {} },
    changes: [
      ["--data d", { folder: { data: "d" } }],
      ["--output json", { format: "json" }],
    ],
  },
  {
    line: "cluster status",
    options: { folder: {} },
    changes: [
      ["--data d", { folder: { data: "d" } }],
      ["--output json", { format: "json" }],
    ],
  },
]);
