/** Args -> options. */
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "prompt my-work do",
    options: {
      name: "my-work",
      ref: { kind: "session", name: "my-work" },
      source: { kind: "text", text: "do" },
      options: {
        adapter: "claude",
        args: [],
        environment: {},
        conversation: "latest",
        permissions: "bypass",
        anyway: false,
      },
      follow: false,
      json: false,
      theirs: false,
    },
    changes: [
      ["--namespace x", { ref: { namespace: "x" } }],
      ["--context x", { ref: { context: "x" } }],
      ["--theirs", { theirs: true }],
      ["--follow", { follow: true }],
      ["--anyway", { options: { anyway: true } }],
      ["--new", { options: { conversation: "new" } }],
      ["--continue 3", { options: { conversation: 3 } }],
      ["--adapter command", { options: { adapter: "command" } }],
      ["--env A=b", { options: { environment: { A: "b" } } }],
      ["--permissions ask", { options: { permissions: "ask" } }],
      ["--budget $0.5", { options: { budgetUsd: 0.5 } }],
      ["--workdir d", { options: { workdir: "d" } }],
      ["--output json", { json: true }],
    ],
    errors: [
      ["--budget lots", /must be an amount of US dollars/],
      ["--budget 0", /must be an amount of US dollars/],
      ["--follow -o json", /--follow and --output json can't be used together/],
      ["--new --continue 3", /--new and --continue can't be used together/],
    ],
  },
  {
    line: "prompt pod/web-0 -",
    options: {
      name: "pod/web-0",
      ref: { kind: "pod", name: "web-0" },
      source: { kind: "stdin" },
      options: {
        adapter: "claude",
        args: [],
        environment: {},
        conversation: "latest",
        permissions: "bypass",
        anyway: false,
      },
      follow: false,
      json: false,
      theirs: false,
    },
  },
  {
    line: "prompt my-work --file task.md -- --model",
    options: {
      name: "my-work",
      ref: { kind: "session", name: "my-work" },
      source: { kind: "file", path: "task.md" },
      options: {
        adapter: "claude",
        args: ["--model"],
        environment: {},
        conversation: "latest",
        permissions: "bypass",
        anyway: false,
      },
      follow: false,
      json: false,
      theirs: false,
    },
    changes: [
      ["--file -", { source: { kind: "stdin", path: undefined } }],
    ],
  },
  { line: "prompt my-work -- --model", error: /there is no prompt/ },
]);
