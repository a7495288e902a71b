/** Args -> options. */
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "start my-work",
    options: {
      options: {
        name: "my-work",
        envFiles: [],
        envExclude: [],
        join: false,
        readyTimeoutMs: 300000,
        sync: { kind: "unsaid" },
        devContainer: { kind: "unsaid" },
      },
      ports: [],
    },
    changes: [
      ["--namespace x", { options: { namespace: "x" } }],
      ["--context x", { options: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--repo x", { options: { repo: "x" } }],
      ["--branch x", { options: { branch: "x" } }],
      ["--image x", { options: { image: "x" } }],
      ["--cpu x", { options: { cpu: "x" } }],
      ["--memory x", { options: { memory: "x" } }],
      ["--ttl 2h", { options: { ttl: 7200 } }],
      ["--idle-timeout 30m", { options: { idleTimeout: 1800 } }],
      ["--env-file f", { options: { envFiles: ["f"] } }],
      ["--env-exclude x", { options: { envExclude: ["x"] } }],
      ["--template x", { options: { template: "x" } }],
      ["--sync x", { options: { sync: { kind: "folder", path: "x" } } }],
      ["--no-sync", { options: { sync: { kind: "none" } } }],
      ["--devcontainer f", { options: { devContainer: { kind: "file", path: "f" } } }],
      ["--no-devcontainer", { options: { devContainer: { kind: "none" } } }],
      ["--forward 3000 --forward 8080:80", { ports: ["3000", "8080:80"] }],
      ["--prompt x", {
        task: {
          adapter: "claude",
          source: { kind: "text", text: "x" },
          args: [],
          permissions: "bypass",
        },
      }],
      ["--prompt-file f", {
        task: {
          adapter: "claude",
          source: { kind: "file", path: "f" },
          args: [],
          permissions: "bypass",
        },
      }],
      ["--adapter command", {}],
      ["--prompt x --permissions ask --budget 2.50", {
        task: {
          source: { kind: "text", text: "x" },
          adapter: "claude",
          args: [],
          permissions: "ask",
          budgetUsd: 2.5,
        },
      }],
      ["--join", { options: { join: true } }],
      ["--timeout 30s", { options: { readyTimeoutMs: 30000 } }],
      ["--dry-run", { dryRun: "yaml" }],
      ["--dry-run -o json", { dryRun: "json" }],
      ["--adapter command --prompt x", {
        task: {
          adapter: "command",
          source: { kind: "text", text: "x" },
          args: [],
          permissions: "bypass",
        },
      }],
    ],
    errors: [
      ["--devcontainer f --no-devcontainer", /can't be used together/],
      ["--forward 70000", /ports are 1 to 65535/],
      ["--forward 3000 --dry-run", /--dry-run and --forward can't be used together/],
      ["--sync . --no-sync", /--sync and --no-sync can't be used together/],
      ["--prompt x --prompt-file f", /--prompt and --prompt-file can't be used together/],
    ],
  },
  {
    line: "start my-work --prompt do -- --model",
    options: {
      options: {
        name: "my-work",
        envFiles: [],
        envExclude: [],
        join: false,
        readyTimeoutMs: 300000,
        sync: { kind: "unsaid" },
        devContainer: { kind: "unsaid" },
      },
      ports: [],
      task: {
        adapter: "claude",
        source: { kind: "text", text: "do" },
        args: ["--model"],
        permissions: "bypass",
      },
    },
  },
  {
    line: "list",
    options: { options: { allNamespaces: false, tasks: false }, format: "table" },
    changes: [
      ["--namespace x", { options: { namespace: "x" } }],
      ["--context x", { options: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--all-namespaces", { options: { allNamespaces: true } }],
      ["--output yaml", { options: { tasks: true }, format: "yaml" }],
    ],
    errors: [
      ["-n dev -A", /--namespace and --all-namespaces can't be used together/],
    ],
  },
  {
    line: "get my-work",
    options: { ref: { name: "my-work" } },
    changes: [
      ["--namespace x", { ref: { namespace: "x" } }],
      ["--context x", { ref: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--output yaml", { format: "yaml" }],
    ],
  },
  {
    line: "attach my-work",
    options: {
      ref: { name: "my-work" },
      options: { command: [], keepMs: 900000 },
      ports: [],
    },
    changes: [
      ["--namespace x", { ref: { namespace: "x" } }],
      ["--context x", { ref: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--command x", { options: { command: ["sh", "-c", "[ -t 0 ] && set -m\nx"], keepMs: 0 } }],
      ["--shared", { options: { keepMs: 0 }, shared: { readOnly: false } }],
      ["--read-only", { options: { keepMs: 0 }, shared: { readOnly: true } }],
      ["--env A=b", { options: { environment: { A: "b" } } }],
      ["--keep-for 1h", { options: { keepMs: 3600000 } }],
      ["--new", { options: { fresh: true } }],
      ["--forward all", { ports: ["all"] }],
      ["--connect-timeout 30s", { options: { connectTimeoutMs: 30000 } }],
      ["--log d", { options: { log: "d" } }],
      ["--shared --read-only", { options: { keepMs: 0 }, shared: { readOnly: true } }],
    ],
    errors: [
      [
        "--command x --shared",
        /--shared and --read-only open a shell, and can't be combined with a command/,
      ],
    ],
  },
  {
    line: "attach my-work -- top",
    options: {
      ref: { name: "my-work" },
      options: { command: ["top"], keepMs: 0 },
      ports: [],
    },
    errors: [
      ["--shared", /--shared and --read-only open a shell, and can't be combined with a command/],
      ["--command x", /--command and arguments after -- can't be combined/],
    ],
  },
  {
    line: "open my-work",
    options: { options: { name: "my-work", editor: "code" } },
    changes: [
      ["--namespace x", { options: { namespace: "x" } }],
      ["--context x", { options: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--editor zed", { options: { editor: "zed" } }],
    ],
  },
  {
    line: "ssh-config my-work",
    options: { ref: { name: "my-work" } },
    changes: [
      ["--namespace x", { ref: { namespace: "x" } }],
      ["--context x", { ref: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--connect node", { user: "node" }],
      ["--output json", { format: "json" }],
    ],
    errors: [["--connect node -o json", /--connect and --output can't be used together/]],
  },
  {
    line: "set my-work --cpu 4",
    options: { options: { name: "my-work", cpu: "4", readyTimeoutMs: 300000 }, yes: false },
    changes: [
      ["--namespace x", { options: { namespace: "x" } }],
      ["--context x", { options: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--image x", { options: { image: "x" } }],
      ["--cpu 8", { options: { cpu: "8" } }],
      ["--memory 8Gi", { options: { memory: "8Gi" } }],
      ["--ttl never", { options: { ttl: "never" } }],
      ["--idle-timeout 30m", { options: { idleTimeout: 1800 } }],
      ["--timeout 30s", { options: { readyTimeoutMs: 30000 } }],
      ["--yes", { yes: true }],
    ],
  },
  {
    line: "share my-work",
    options: { options: { name: "my-work" }, format: "text" },
    changes: [
      ["--namespace x", { options: { namespace: "x" } }],
      ["--context x", { options: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--to x", { options: { user: "x" } }],
      ["--output yaml", { format: "yaml" }],
    ],
  },
  {
    line: "stop my-work",
    options: { options: { name: "my-work", endTimeoutMs: 120000 }, yes: false },
    changes: [
      ["--namespace x", { options: { namespace: "x" } }],
      ["--context x", { options: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--timeout 30s", { options: { endTimeoutMs: 30000 } }],
      ["--yes", { yes: true }],
      ["--force", { yes: true }],
    ],
  },
  {
    line: "resume my-work",
    options: { options: { name: "my-work", readyTimeoutMs: 300000 } },
    changes: [
      ["--namespace x", { options: { namespace: "x" } }],
      ["--context x", { options: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--timeout 30s", { options: { readyTimeoutMs: 30000 } }],
    ],
  },
  {
    line: "pull my-work",
    options: { options: { name: "my-work" } },
    changes: [
      ["--namespace x", { options: { namespace: "x" } }],
      ["--context x", { options: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--as x", { options: { as: "x" } }],
    ],
  },
  {
    line: "pr my-work",
    options: { options: { name: "my-work", push: false }, json: false },
    changes: [
      ["--namespace x", { options: { namespace: "x" } }],
      ["--context x", { options: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--push", { options: { push: true } }],
      ["--output json", { json: true }],
    ],
  },
  {
    line: "clone my-work copy",
    options: {
      options: { name: "my-work", newName: "copy", withSecrets: false, readyTimeoutMs: 300000 },
    },
    changes: [
      ["--namespace x", { options: { namespace: "x" } }],
      ["--context x", { options: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--with-secrets", { options: { withSecrets: true } }],
      ["--timeout 30s", { options: { readyTimeoutMs: 30000 } }],
    ],
  },
  {
    line: "snapshot my-work",
    options: {
      kind: "cluster",
      options: { name: "my-work", readyTimeoutMs: 300000 },
      format: "text",
    },
    changes: [
      ["--namespace x", { options: { namespace: "x" } }],
      ["--context x", { options: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--as x", { options: { as: "x" } }],
      ["--class x", { options: { className: "x" } }],
      ["--timeout 30s", { options: { readyTimeoutMs: 30000 } }],
      ["--output f", { kind: "file", options: { readyTimeoutMs: undefined, output: "f" } }],
      ["--format json", { format: "json" }],
      ["--output f --format json", {
        kind: "file",
        options: { readyTimeoutMs: undefined, output: "f" },
        format: "json",
      }],
    ],
    errors: [
      ["--output f --class x", /--class is for a snapshot in the cluster, and --output for a file/],
    ],
  },
  {
    line: "restore my-work-2 snap",
    options: {
      options: {
        name: "my-work-2",
        from: { kind: "snapshot", name: "snap" },
        withSecrets: false,
        readyTimeoutMs: 300000,
      },
      yes: false,
    },
    changes: [
      ["--namespace x", { options: { namespace: "x" } }],
      ["--context x", { options: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--yes", { yes: true }],
      ["--with-secrets", { options: { withSecrets: true } }],
      ["--timeout 30s", { options: { readyTimeoutMs: 30000 } }],
    ],
  },
  {
    line: "restore my-work-2 ./backup.tar.gz",
    options: {
      options: {
        name: "my-work-2",
        from: { kind: "file", path: "./backup.tar.gz" },
        withSecrets: false,
        readyTimeoutMs: 300000,
      },
      yes: false,
    },
    errors: [
      ["--with-secrets", /--with-secrets is for a snapshot of the cluster: a file has no secrets/],
    ],
  },
  {
    line: "delete my-work",
    options: {
      options: { name: "my-work", purge: false, snapshots: false, keepConfig: false },
      force: false,
    },
    changes: [
      ["--namespace x", { options: { namespace: "x" } }],
      ["--context x", { options: { context: "x" } }],
      ["--kubeconfig f", { kubeconfig: "f" }],
      ["--purge", { options: { purge: true } }],
      ["--keep-config", { options: { keepConfig: true } }],
      ["--yes", { force: true }],
      ["--force", { force: true }],
      ["--purge --snapshots", { options: { purge: true, snapshots: true } }],
    ],
    errors: [
      ["--snapshots", /--snapshots needs --purge/],
    ],
  },
  {
    line: "start my-work -- --model",
    error: /arguments after -- are for the agent, and need a prompt/,
  },
  { line: "clone my-work", error: /missing NEW/ },
  { line: "start My_Work", error: /"My_Work" can't be the name of a session/ },
]);
